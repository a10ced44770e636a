/** The `dd` line of an APE's shell script that copies the Mach-O header over the start of the file. */
import { positionsOf } from "../bytes/find.js";
import type { ByteSource } from "../bytes/source.js";
import { isMacho64, type Overlay } from "./macho.js";

/** The script follows the DOS header and ends with the first page or two; apelink's longest ends below 8 KiB. */
const mostScriptBytes = 16 * 1024;

/**
 * Finds the part of the file that the script copies to its start on macOS, as the shell would understand the line: operands
 * in any order, bare, quoted or as `$(( ))` (the three ways that APE specification, "Embedded Mach-O Header", names).
 * `start` is the start of the file. Undefined where no such line leads to a Mach-O header.
 */
export async function findMachoOverlay(source: ByteSource, start: Uint8Array): Promise<Overlay | undefined> {
  for (const line of ddLines(start.subarray(0, mostScriptBytes))) {
    const overlay = overlayOf(ddOperands(line), source.size);
    if (overlay !== undefined && isMacho64(await source.read(overlay.offset, 4))) return overlay;
  }
  return undefined;
}

/** What follows each command `dd ` up to the end of its line. */
function* ddLines(script: Uint8Array): Generator<string> {
  let lineEnd = 0;
  for (const at of positionsOf(command, script)) {
    const isCommand = at === 0 || /[\s;&|{/]/.test(String.fromCharCode(script[at - 1]!));
    if (!isCommand || at < lineEnd) continue;
    const newLine = script.indexOf(NEW_LINE, at);
    lineEnd = newLine < 0 ? script.length : newLine;
    yield latin1(script.subarray(at + command.length, lineEnd));
  }
}

const command = [0x64, 0x64, 0x20];
const NEW_LINE = 0x0a;

/** The operands of a dd command line up to the first word that is none (a redirection, `||`), quotes removed. */
export function ddOperands(line: string): Map<string, string> {
  const operands = new Map<string, string>();
  const word = /\s*([a-z]+)=("[^"]*"|'[^']*'|\$\(\([^)]*\)\)|[^\s"'<>|&;]*)/y;
  for (let match = word.exec(line); match !== null; match = word.exec(line)) {
    operands.set(match[1]!, match[2]!.replace(/^(["'])(.*)\1$/, "$2"));
  }
  return operands;
}

function overlayOf(operands: ReadonlyMap<string, string>, fileSize: number): Overlay | undefined {
  const isOntoItself = operands.get("if") === "$o" && operands.get("of") === "$o" && operands.get("conv") === "notrunc";
  if (!isOntoItself) return undefined;
  // POSIX dd: blocks of 512 bytes by default.
  const blockSize = operands.has("bs") ? ddNumber(operands.get("bs")!) : 512;
  const offset = ddNumber(operands.get("skip") ?? "") * blockSize;
  const size = ddNumber(operands.get("count") ?? "") * blockSize;
  // The limits of assimilate.c (GetMachoPayload); NaN fails them too.
  return offset >= 64 && size >= 32 && offset + size <= fileSize ? { offset, size } : undefined;
}

/** A number as it reaches dd: "  66", "66" or "$((  66))". NaN for anything else. */
function ddNumber(value: string): number {
  const digits = /^\s*(?:\$\(\(\s*(\d+)\s*\)\)|(\d+))\s*$/.exec(value);
  return digits === null ? Number.NaN : Number(digits[1] ?? digits[2]);
}

function latin1(bytes: Uint8Array): string {
  // At most as many arguments as any engine takes.
  return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
}
