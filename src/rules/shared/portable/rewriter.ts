/**
 * `__morph_tls` (jart/cosmopolitan libc/runtime/morph_tls.c, the same from v3.3 to v4.0.2): the run-time rewriter by which a
 * %gs program moves its thread state to %fs on NetBSD and OpenBSD. It goes through the code between two fixed addresses and
 * changes the first byte of every
 *
 *     65 {48,4c} 8b /r 25 30 00 00 00   mov %gs:0x30,%r64
 *     65 {48,4c} 03 /r 25 30 00 00 00   add %gs:0x30,%r64
 */

import { type Code, forEachInstructionWith } from "../../../code/code.js";
import { valuesBefore } from "../../../code/flow.js";
import { instructionAt, successors } from "../../../code/paths.js";
import { Flow, type Instruction, OpcodeMap } from "../../../x86/instruction.js";

/** Positions in the code space. */
export interface Rewriter {
  readonly start: number;
  /** It looks at the bytes from `low` up to, not including, `high`. */
  readonly low: number;
  readonly high: number;
}

/** Everything but REX.R and ModRM.reg of the first eight bytes, as an immediate: ff fb ff c7 ff ff ff ff, or four bytes of it. */
const MASK = [0xff, 0xfb, 0xff, 0xc7];
/** More than the rewriter has in any build. */
const MOST_INSTRUCTIONS = 400;

/** The rewriter of the program; undefined where it has none, or where it is not told beyond doubt. */
export function findRewriter(code: Code): Rewriter | undefined {
  const starts = new Set<number>();
  forEachInstructionWith(code, [MASK], (position, { immSize }) => {
    if (immSize >= 4) starts.add(calledStart(code, position));
  });
  // The tool that makes such programs (fixupobj) has the mask too, where it goes from %fs to %gs.
  const found = [...starts].map((start) => rewriterAt(code, start)).filter((one) => one !== undefined);
  return found.length === 1 ? found[0] : undefined;
}

/** Whether the bytes at a position are what the rewriter changes. */
export function isRewritten(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x65 &&
    (bytes[at + 1] & 0xfb) === 0x48 &&
    (bytes[at + 2] === 0x8b || bytes[at + 2] === 0x03) &&
    (bytes[at + 3] & 0xc7) === 0x04 &&
    bytes[at + 4] === 0x25 &&
    bytes[at + 5] === 0x30 &&
    bytes[at + 6] === 0 &&
    bytes[at + 7] === 0 &&
    bytes[at + 8] === 0
  );
}

/** The nearest place at or before a position that something calls; pointers into the middle of the function do not count. */
function calledStart({ walk }: Code, position: number): number {
  for (let at = position; at >= 0; at--) if (walk.isStart(at) && isCalled({ walk }, at)) return at;
  return -1;
}

function isCalled({ walk }: Pick<Code, "walk">, at: number): boolean {
  return walk.isFunction(at) && walk.sourcesOf(at).some((source) => instructionAt(walk, source).flow === Flow.Call);
}

/** Looks at the function's instructions: it has to know the pattern, to write 0x64 through a pointer, and to have both bounds. */
function rewriterAt(code: Code, start: number): Rewriter | undefined {
  if (start < 0) return undefined;
  const { space } = code;
  let knowsPattern = false;
  const stores: { position: number; pointer: number }[] = [];
  const ends: number[] = [];
  for (const position of instructionsOf(code, start)) {
    const instruction = instructionAt(code.walk, position);
    if (holdsPattern(space.bytes, position, instruction)) knowsPattern = true;
    if (storesFs(instruction)) stores.push({ position, pointer: instruction.base });
    const end = comparedWith(instruction);
    if (end !== undefined && space.positionOf(end) >= 0) ends.push(space.positionOf(end));
  }
  if (!knowsPattern || stores.length !== 1 || ends.length === 0) return undefined;
  const { constants } = valuesBefore(code.walk, stores[0].position, stores[0].pointer);
  const lows = new Set(constants.map((constant) => space.positionOf(constant.value)));
  const [low] = lows;
  // A compiler may compare with an address a few bytes before the end; the nearest is the safe one.
  const high = Math.min(...ends);
  return lows.size === 1 && low >= 0 && low < high ? { start, low, high } : undefined;
}

/** The function's instructions, without what it jumps to at its end: `__morph_end` has addresses of its own. */
function instructionsOf(code: Code, start: number): number[] {
  const seen = new Set<number>([start]);
  const pending = [start];
  for (let at = pending.pop(); at !== undefined && seen.size < MOST_INSTRUCTIONS; at = pending.pop()) {
    for (const next of successors(code.walk, at)) {
      if (seen.has(next) || !code.walk.isStart(next) || isCalled(code, next)) continue;
      seen.add(next);
      pending.push(next);
    }
  }
  return [...seen];
}

/** `movabs $0x3025048b4865,%r64`: 65 48 8b 04 25 30. */
function holdsPattern(bytes: Uint8Array, position: number, { immSize, immAt }: Instruction): boolean {
  const at = position + immAt;
  return immSize === 8 && [0x65, 0x48, 0x8b, 0x04, 0x25, 0x30, 0, 0].every((byte, i) => bytes[at + i] === byte);
}

/** `c6 00 64`: movb $0x64,(%rax), and other pointers. */
function storesFs({ map, opcode, hasMemory, imm, dispSize }: Instruction): boolean {
  return map === OpcodeMap.Primary && opcode === 0xc6 && hasMemory && dispSize === 0 && imm === 0x64;
}

/** The immediate of `cmp $imm32,%r64`: 48 81 /7, 48 3d. */
function comparedWith({ map, opcode, extension, mod, imm, immSize }: Instruction): number | undefined {
  const isCompare = opcode === 0x3d || (opcode === 0x81 && extension === 7 && mod === 3);
  return map === OpcodeMap.Primary && isCompare && immSize === 4 ? imm : undefined;
}
