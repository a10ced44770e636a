/** Decodes what the tracer wrote (tracer/FORMAT.md). */

import { utf8Of } from "../../bytes/text.js";
import { InputError } from "../../errors.js";
import { callNumbered } from "./calls.js";
import type { CallEvent, Part, PartKind, Trace, TracedProcess, TraceEnd, TraceEvent } from "./events.js";

const MAGIC = "SFTR";
const VERSION = 1;
const EM_X86_64 = 62;
const HEADER = 16;
const kinds = { call: 1, fork: 2, exec: 3, exit: 4, signal: 5, origin: 6, end: 7 } as const;
const flags = { unfinished: 1, foreign: 2, clamped: 8, skipped: 16 } as const;
const partKinds: readonly (PartKind | "origin" | undefined)[] = [
  undefined,
  "path",
  "text",
  "in",
  "out",
  "name",
  "control",
  "origin",
  "arguments",
];

/** The events of a record, in the order in which they ended. What was cut off in the middle of a record is left out. */
export function decodeTrace(record: Uint8Array): Trace {
  // 64-bit registers are looked at in place, which needs them at multiples of eight.
  const bytes = record.byteOffset % 8 === 0 ? record : new Uint8Array(record);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER || utf8Of(bytes.subarray(0, 4)) !== MAGIC) throw new InputError("this is no record of a trace");
  if (view.getUint16(4, true) !== VERSION)
    throw new InputError(`the trace is of version ${view.getUint16(4, true)}, not ${VERSION}`);
  if (view.getUint16(6, true) !== EM_X86_64) throw new InputError("the trace is of another architecture than x86-64");
  const events: TraceEvent[] = [];
  const processes: TracedProcess[] = [{ path: "0", parent: undefined }];
  const children = [0];
  const origins: string[] = [""];
  let end: TraceEnd | undefined;
  for (let at = HEADER; at + HEADER <= bytes.length; ) {
    const size = view.getUint32(at, true);
    if (size < HEADER || size % 8 !== 0) throw new InputError("the trace is damaged", at);
    if (at + size > bytes.length) break;
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + HEADER, size - HEADER);
    const base = { process: view.getUint32(at + 8, true), thread: view.getUint32(at + 12, true) };
    switch (bytes[at + 4]) {
      case kinds.call:
        events.push(decodeCall(bytes.subarray(at, at + size), base, origins));
        break;
      case kinds.origin:
        origins[body.getUint32(0, true)] = utf8Of(new Uint8Array(body.buffer, body.byteOffset + 8, body.getUint32(4, true)));
        break;
      case kinds.fork: {
        const child = body.getUint32(0, true);
        if (child !== base.process) {
          processes[child] = { path: `${processes[base.process]?.path}.${children[base.process]++}`, parent: base.process };
          children[child] = 0;
        }
        events.push({ kind: "fork", ...base, child, childThread: body.getUint32(4, true), flags: body.getBigUint64(8, true) });
        break;
      }
      case kinds.exec:
        events.push({ kind: "exec", ...base, before: body.getUint32(0, true) });
        break;
      case kinds.exit:
        events.push({ kind: "exit", ...base, ...ending(body.getInt32(0, true)), isLast: body.getUint32(4, true) === 1 });
        break;
      case kinds.signal: {
        const [signal, code] = [body.getInt32(0, true), body.getInt32(4, true)];
        const [address, instruction] = [body.getBigUint64(8, true), body.getBigUint64(16, true)];
        events.push({ kind: "signal", ...base, signal, code, address, instruction });
        break;
      }
      case kinds.end:
        end = decodeEnd(body);
        break;
    }
    at += size;
  }
  return { events, processes, end };
}

function decodeCall(record: Uint8Array, base: { process: number; thread: number }, origins: readonly string[]): CallEvent {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const bits = record[5];
  const count = view.getUint16(6, true);
  const rule = view.getUint32(20, true);
  const result = Number(view.getBigInt64(72, true));
  const parts: Part[] = [];
  const named = new Map<number, string>();
  let at = 80;
  for (let i = 0; i < count; i++) {
    const argument = record[at];
    const kind = partKinds[record[at + 1]];
    const offset = view.getUint32(at + 4, true);
    const length = view.getUint32(at + 8, true);
    if (kind === undefined || at + 16 + length > record.length) throw new InputError("a call in the trace is damaged");
    if (kind === "origin") named.set(argument, origins[offset] ?? "");
    else {
      const bytes = record.subarray(at + 16, at + 16 + length);
      const isCut = (view.getUint16(at + 2, true) & 1) === 1;
      parts.push({ argument, kind, offset, bytes, isCut, wanted: view.getUint32(at + 12, true) });
    }
    at += 16 + ((length + 7) & ~7);
  }
  const isUnfinished = (bits & flags.unfinished) !== 0;
  const willRestart = result <= -512 && result >= -516;
  return {
    kind: "call",
    ...base,
    call: callNumbered(view.getUint32(16, true)),
    args: new BigUint64Array(record.buffer, record.byteOffset + 24, 6),
    result,
    errno: !isUnfinished && !willRestart && result < 0 && result >= -4095 ? -result : undefined,
    parts,
    origins: named,
    isUnfinished,
    isForeign: (bits & flags.foreign) !== 0,
    willRestart: !isUnfinished && willRestart,
    rule: rule === 0 ? undefined : rule - 1,
    wasSkipped: (bits & flags.skipped) !== 0,
    isClamped: (bits & flags.clamped) !== 0,
  };
}

function decodeEnd(body: DataView): TraceEnd {
  const count = body.getUint32(12, true);
  const startError = body.getUint32(8, true);
  return {
    why: body.getUint32(0, true) === 0 ? "ended" : "timed-out",
    ...ending(body.getInt32(4, true)),
    startError: startError === 0 ? undefined : startError,
    lost: Number(body.getBigUint64(16, true)),
    hits: Array.from({ length: count }, (_, i) => body.getUint32(24 + 4 * i, true)),
  };
}

/** A status as wait(2) gives it. */
function ending(status: number): { exitCode: number | undefined; signal: number | undefined } {
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: undefined } : { exitCode: undefined, signal };
}
