/** A trace for people: one line per event, much as strace(1) has it. */

import { constants } from "node:os";
import { utf8Of } from "../../bytes/text.js";
import { constantText } from "./constant-names.js";
import { errorName } from "./error-names.js";
import type { CallEvent, Part, SignalEvent, TraceEvent } from "./events.js";
import { isNetlink, netlinkMessages } from "./netlink.js";

/** Characters of a string or buffer that are shown. */
const SHOWN = 48;
/** Signals whose si_addr is an address. */
const FAULTS = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP"];
const SENT: Readonly<Record<number, string>> = { 0: "SI_USER", [-1]: "SI_QUEUE", [-6]: "SI_TKILL", 128: "SI_KERNEL" };
const SEGMENT: Readonly<Record<number, string>> = { 1: "SEGV_MAPERR", 2: "SEGV_ACCERR" };
const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** "SIGSEGV" for 11; real-time signals are numbered. */
export function signalName(number: number): string {
  return signalNames.get(number) ?? `SIG${number}`;
}

/** The event as a line, without the process. */
export function eventText(event: TraceEvent): string {
  switch (event.kind) {
    case "call":
      return `${event.call.name}(${argumentsText(event)})${resultText(event)}`;
    case "fork":
      return `--- new ${event.child === event.process ? "thread" : "process"} ${event.childThread} ---`;
    case "exec":
      return "--- executes another program ---";
    case "exit":
      return event.signal === undefined
        ? `+++ exited with ${event.exitCode} +++`
        : `+++ killed by ${signalName(event.signal)} +++`;
    case "signal":
      return `${signalText(event)} at instruction 0x${event.instruction.toString(16)}`;
  }
}

/** `--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x30} ---`, as strace has it. */
export function signalText({ signal, code, address }: SignalEvent): string {
  const name = signalName(signal);
  const isFault = code > 0 && FAULTS.includes(name);
  const codeName = SENT[code] ?? (name === "SIGSEGV" ? SEGMENT[code] : undefined) ?? String(code);
  const where = isFault ? `, si_addr=${addressText(address)}` : "";
  return `--- ${name} {si_signo=${name}, si_code=${codeName}${where}} ---`;
}

/** As strace has addresses: NULL for 0. */
export function addressText(address: bigint): string {
  return address === 0n ? "NULL" : `0x${address.toString(16)}`;
}

function argumentsText(event: CallEvent): string {
  const { call, args, isForeign } = event;
  if (isForeign) return "made by 32-bit code";
  const count = call.meanings.length;
  return Array.from({ length: count }, (_, i) => argumentText(event, i, args[i], call.meanings[i])).join(", ");
}

function argumentText(event: CallEvent, i: number, value: bigint, meaning: string): string {
  const part = event.parts.find((one) => one.argument === i && (one.kind !== "out" || one.offset === 0));
  if (meaning === "fd") return descriptorText(value, event.origins.get(i));
  if (part?.kind === "arguments") return `[${utf8Of(part.bytes).split("\0").slice(0, -1).map(quoted).join(", ")}]`;
  if (part?.kind === "path" || part?.kind === "text") return quoted(utf8Of(part.bytes)) + (part.isCut ? "…" : "");
  if (part !== undefined && isNetlink(event.origins.get(0)) && /^(msg|data|buf)/.test(meaning)) return netlinkText(part);
  if (part !== undefined && /^(buf|data|vec|msg)/.test(meaning)) return bytesText(part);
  const named = constantText(event.call.name, event.args, i);
  if (named !== undefined) return named;
  const signed = BigInt.asIntN(64, value);
  if (value < 0x10000n) return String(value);
  return signed < 0n && signed > -4096n ? String(signed) : `0x${value.toString(16)}`;
}

function descriptorText(value: bigint, origin: string | undefined): string {
  const number = Number(BigInt.asIntN(32, value));
  if (number === -100) return "AT_FDCWD";
  return origin === undefined ? String(number) : `${number}<${origin}>`;
}

function netlinkText(part: Part): string {
  const messages = netlinkMessages(part.bytes).map(({ type, errno }) =>
    errno === undefined ? `type ${type}` : `-${errorName(errno)}`,
  );
  return messages.length === 0 ? bytesText(part) : `{netlink ${messages.join(", ")}}`;
}

function bytesText({ bytes, isCut }: Part): string {
  let text = "";
  for (const byte of bytes.subarray(0, SHOWN)) text += String.fromCharCode(byte);
  return quoted(text) + (isCut || bytes.length > SHOWN ? "…" : "");
}

/** In quotes, with nothing in it that a terminal would act on. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return `"${escaped.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

function resultText(event: CallEvent): string {
  const note = event.rule === undefined && !event.wasSkipped ? "" : " (changed)";
  if (event.isUnfinished) return " <unfinished>";
  if (event.willRestart) return " = ? (interrupted by a signal)";
  if (event.errno !== undefined) return ` = -1 ${errorName(event.errno)}${note}`;
  return ` = ${event.result > 0xffff ? `0x${event.result.toString(16)}` : event.result}${note}`;
}
