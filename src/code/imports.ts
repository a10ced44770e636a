/** Calls of imported functions: directly through their slot, or through a PLT stub. Needs no walk. */

import type { ImportedFunction } from "../image/image.js";
import { decode } from "../x86/decode.js";
import { Flow, Instruction, NONE, RIP } from "../x86/instruction.js";
import type { CodeSpace } from "./code-space.js";

/** Where calls are looked up: the code, and the slots of its imports. */
export interface Linkage {
  readonly space: CodeSpace;
  readonly imports: readonly ImportedFunction[];
}

/** The name of the imported function that the call or jump at a position goes to, if it does. */
export function importCalledAt(linkage: Linkage, position: number, instruction: Instruction): string | undefined {
  const { space } = linkage;
  const slot = slotOf(space.addressOf(position), instruction);
  if (slot !== undefined) return importOfSlot(linkage, slot);
  if (instruction.flow !== Flow.Call && instruction.flow !== Flow.Jump) return undefined;
  const target = space.positionOf(space.addressOf(position) + (instruction.target - position));
  if (target < 0) return undefined;
  const stub = new Instruction();
  let at = target;
  // A PLT stub is `jmp *slot(%rip)`, with endbr64 in front under CET.
  for (let i = 0; i < 2; i++) {
    const length = decode(space.bytes, at, space.endOf(at), stub);
    if (length === 0) return undefined;
    const stubSlot = slotOf(space.addressOf(at), stub);
    if (stubSlot !== undefined) return importOfSlot(linkage, stubSlot);
    at += length;
  }
  return undefined;
}

function slotOf(address: number, instruction: Instruction): number | undefined {
  if (instruction.flow !== Flow.IndirectCall && instruction.flow !== Flow.IndirectJump) return undefined;
  if (!instruction.hasMemory || instruction.index !== NONE) return undefined;
  if (instruction.base === RIP) return address + instruction.length + instruction.disp;
  return instruction.base === NONE ? instruction.disp : undefined;
}

function importOfSlot({ imports }: Linkage, slot: number): string | undefined {
  return imports.find((imported) => imported.slots.includes(slot))?.name;
}

/** How many instructions may stand between a constant and the call that it is for. */
const NEAR = 16;

/**
 * What the straight line of instructions from a position on calls first: an import's name, "syscall instruction", or
 * undefined for anything else. A look at a few bytes, to tell whether a walk is worth while.
 */
export function callBehind(linkage: Linkage, position: number): string | undefined {
  const { space } = linkage;
  const instruction = new Instruction();
  const end = space.endOf(position);
  let at = position;
  for (let count = 0; count < NEAR; count++) {
    const length = decode(space.bytes, at, end, instruction);
    if (length === 0) return undefined;
    const { flow } = instruction;
    if (flow === Flow.SystemCall) return "syscall instruction";
    if (flow === Flow.Jump && space.endOf(at) === end && instruction.target > 0 && instruction.target < end) {
      const name = importCalledAt(linkage, at, instruction);
      if (name !== undefined) return name;
      at = instruction.target;
      continue;
    }
    if (flow !== Flow.Next && flow !== Flow.Branch) return importCalledAt(linkage, at, instruction);
    at += length;
  }
  return undefined;
}
