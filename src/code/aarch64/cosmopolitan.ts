/** What Cosmopolitan's A64 code can be told by: its entry point and `IsQemuUser`, the same in every release that matters. */

import type { CodeSpace } from "../code-space.js";
import { type Deciding, forEachBefore, testedBy, testedCall, testedVariable } from "./branches.js";
import type { ArmCode } from "./code.js";
import { endsLine } from "./instruction.js";
import { valueBefore } from "./values.js";

/** `mov x0,sp` and `mov x28,#0`: _start (libc/crt/crt.S) hands its stack over and clears the thread pointer. */
const START = [0x910003e0, 0xd280001c];
const MOST_TO_START = 4;

/** madvise(__executable_start, 16384, 127): an advice that Linux and gVisor refuse and qemu does not look at. */
const QEMU_SIZE = 16384;
const QEMU_ADVICE = 127;
const MOST_TO_MADVISE = 48;

/** Whether the code at an entry point is Cosmopolitan's. */
export function hasCosmopolitanEntry(space: CodeSpace, entry: number): boolean {
  const position = entry === 0 ? -1 : space.positionOf(entry);
  if (position < 0) return false;
  const view = new DataView(space.bytes.buffer, space.bytes.byteOffset, space.bytes.byteLength);
  const end = Math.min(space.endOf(position), position + 4 * MOST_TO_START + 4);
  for (let at = position; at + 8 <= end; at += 4) {
    if (view.getUint32(at, true) === START[0] && view.getUint32(at + 4, true) === START[1]) return true;
  }
  return false;
}

/** Whether the function at an address is `IsQemuUser`: early in it something is called with (_, 16384, 127). */
export function isQemuCheck(code: ArmCode, start: number): boolean {
  for (let at = start; at < start + 4 * MOST_TO_MADVISE; at += 4) {
    const instruction = code.at(at);
    if (instruction === undefined || (at > start && code.callsTo(at).length > 0)) return false;
    const isTailCall = instruction.operation === "jump" && code.functionStart(at + instruction.value) !== start;
    if (instruction.operation !== "call" && !isTailCall) continue;
    if (valueBefore(code, at, 1) === QEMU_SIZE && valueBefore(code, at, 2) === QEMU_ADVICE) return true;
  }
  return false;
}

/** For a branch that goes the way of a place only where IsQemuUser() gave 0: the address of that call. */
export function qemuCheckBefore(code: ArmCode, deciding: Deciding): number | undefined {
  const tested = testedBy(code, deciding.address);
  if (tested === undefined || tested.takenIfZero !== deciding.takenToPlace) return undefined;
  const call = testedCall(code, tested);
  const instruction = call === undefined ? undefined : code.at(call);
  if (call === undefined || instruction === undefined) return undefined;
  return isQemuCheck(code, call + instruction.value) ? call : undefined;
}

/** `__hostos`, from `IsLinux() && IsQemuUser()`: the variable whose bit 0 is tested right before the call; undefined if none. */
export function hostVariableBefore(code: ArmCode, call: number): number | undefined {
  let host: number | undefined;
  let steps = 0;
  forEachBefore(code, call, (source) => {
    steps++;
    const tested = testedBy(code, source);
    if (tested !== undefined) host = tested.bit === 0 ? testedVariable(code, tested) : undefined;
    const instruction = code.at(source);
    return tested === undefined && steps < 8 && instruction !== undefined && !endsLine(instruction);
  });
  return host;
}
