/**
 * Whether the bytes that an edit changes are code and nothing else. Of a program whose runtime is not known anything may be true: it may
 * read its own code, and lay data where code ends.
 */

import { forEachInstruction } from "../../code/code.js";
import { Evidence, type EvidenceName, evidenceName } from "../../code/evidence.js";
import { fallsFrom } from "../../code/flow.js";
import { objectAt } from "../../code/objects.js";
import { functionStart, instructionAt } from "../../code/paths.js";
import { Reached } from "../../code/reached.js";
import { memoryOperand } from "../../x86/operands.js";
import type { Analysis, Change } from "../define.js";

const hex = (value: number) => `0x${value.toString(16)}`;

/** What the symbol table says against an edit of the instruction at a position: nothing, or one sentence. */
export function refusalByObject({ code }: Analysis, position: number): string[] {
  const object = objectAt(code, position, Math.max(1, instructionAt(code.walk, position).length));
  if (object === undefined) return [];
  return [`${hex(code.space.addressOf(position))} lies in ${object.name}, which the symbol table calls data`];
}

/** What speaks against edits of code by any rule: the symbol table, or that only what ends the program leads there (unless `byObjectsAlone`). */
export function refusalsByPlace(analysis: Analysis, edits: readonly Change[], byObjectsAlone: boolean): string[] {
  const { walk, space } = analysis.code;
  const refusals: string[] = [];
  for (const { address, evidence } of edits) {
    const at = address === undefined || evidence === "header" || evidence === "text" ? -1 : space.positionOf(address);
    const start = at >= 0 && walk.isKnown(at) ? walk.startOf(at) : -1;
    if (at < 0) continue;
    refusals.push(...refusalByObject(analysis, start < 0 ? at : start));
    if (!byObjectsAlone && start >= 0 && Reached.of(analysis.code).rankAt(start) <= Evidence.Swept)
      refusals.push(
        `nothing is seen to run the instruction at ${hex(space.addressOf(start))}: what stands in front of it ends the program`,
      );
  }
  return refusals;
}

/** How an instruction is reached when nothing is taken to run behind what ends the program or never returns. */
export function strictEvidence({ code }: Analysis, position: number): EvidenceName {
  return evidenceName(Reached.of(code).rankAt(position));
}

/** What speaks against edits of the instructions at some positions in a program whose runtime is not known. */
export function refusalsByUse(analysis: Analysis, positions: readonly number[]): string[] {
  const { code } = analysis;
  const { walk, space } = code;
  const refusals: string[] = [];
  const functions = new Map<number, number>();
  for (const position of positions) {
    const at = hex(space.addressOf(position));
    const rank = Reached.of(code).rankAt(position);
    if (!walk.isStart(position) || rank <= Evidence.Swept) refusals.push(`nothing is seen to run the instruction at ${at}`);
    else if (rank === Evidence.Pointer)
      refusals.push(`the instruction at ${at} is only reached by a pointer, so it may be data that is read`);
    const overlapping = overlapped(analysis, position);
    if (overlapping >= 0)
      refusals.push(`the instruction at ${at} shares bytes with another one at ${hex(space.addressOf(overlapping))}`);
    const start = functionStart(walk, position);
    functions.set(start, Math.max(functions.get(start) ?? 0, position + instructionAt(walk, position).length));
  }
  for (const [start, end] of functions) {
    for (let at = Math.max(0, start); at < end; at++) {
      if (!walk.isPointedTo(at) || walk.isCase(at)) continue;
      refusals.push(`the address ${hex(space.addressOf(at))} in front of an edit is taken, so that code may be read as data`);
      break;
    }
  }
  const middle = pointerIntoCode(analysis);
  if (middle >= 0)
    refusals.push(`a pointer leads to ${hex(space.addressOf(middle))}, where no function begins, so code may be read as data`);
  const read = readsOfCode(analysis);
  if (read >= 0) refusals.push(`${hex(space.addressOf(read))} reads or writes among the code`);
  return refusals;
}

/** Another known instruction that shares bytes with the one at a position, or -1. */
function overlapped({ code }: Analysis, position: number): number {
  const { walk } = code;
  const end = position + instructionAt(walk, position).length;
  for (let at = Math.max(0, position - 14); at < end; at++) {
    if (at === position || !walk.isStart(at)) continue;
    if (at > position || at + instructionAt(walk, at).length > position) return at;
  }
  return -1;
}

/** The first place that a pointer leads to and where no function can begin, or -1: the start of a segment, or behind other code. */
function pointerIntoCode({ code }: Analysis): number {
  const { walk, space } = code;
  for (let at = 0; at < space.bytes.length; at++) {
    if (!walk.isPointedTo(at) || walk.isCase(at)) continue;
    if (!walk.isStart(at) || fallsFrom(walk, at) >= 0 || at === space.regionOf(at).start) return at;
  }
  return -1;
}

/** ET_EXEC */
const FIXED = 2;

/** The first instruction whose memory operand has an address among executable bytes, or -1. */
function readsOfCode({ code }: Analysis): number {
  const { space, view } = code;
  let first = -1;
  forEachInstruction(code, (position, instruction) => {
    if (first >= 0 || !instruction.hasMemory || instruction.opcode === 0x8d) return;
    const operand = memoryOperand(instruction, space.addressOf(position));
    if (operand === undefined || operand.segment !== undefined) return;
    // With a register, the number is that of a table where programs have a fixed address.
    const address = operand.address ?? (view.type === FIXED ? operand.displacement : undefined);
    if (address !== undefined && space.positionOf(address) >= 0) first = position;
  });
  return first;
}
