/** Calls of imported functions: directly through their slot, or through a PLT stub. Needs no walk. */

import type { ImportedFunction } from "../image/image.js";
import { decode } from "../x86/decode.js";
import { Flow, Instruction, NONE, OpcodeMap, RIP } from "../x86/instruction.js";
import type { CodeSpace } from "./code-space.js";

/** Where calls are looked up: the code, and the slots of its imports; without them, each call through a slot is one of SOME_IMPORT. */
export interface Linkage {
  readonly space: CodeSpace;
  readonly imports?: readonly ImportedFunction[];
}

/** What an imported function is called before the names of the imports are known. */
const SOME_IMPORT = "(an import)";

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

const namesBySlot = new WeakMap<readonly ImportedFunction[], ReadonlyMap<number, string>>();

function importOfSlot({ imports }: Linkage, slot: number): string | undefined {
  if (imports === undefined) return SOME_IMPORT;
  const names = namesBySlot.get(imports) ?? indexed(imports);
  namesBySlot.set(imports, names);
  return names.get(slot);
}

/** The first import of a slot, should there be several. */
function indexed(imports: readonly ImportedFunction[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { name, slots } of imports) for (const slot of slots) if (!names.has(slot)) names.set(slot, name);
  return names;
}

/** How many instructions may stand between a constant and the call that it is for, and between that and the system call. */
const NEAR = 16;

/** The name of the `syscall` instruction, directly or as the first thing in a function that is called. */
export const KERNEL = "(kernel)";

/**
 * Whether the straight line of instructions behind one of some positions first calls what is wanted: an import, by its name, or
 * KERNEL. A look at a few bytes, to tell whether a walk is worth while; imports are read only where it comes to one.
 */
export async function leadsToCall(
  space: CodeSpace,
  positions: readonly number[],
  imports: (names: readonly string[]) => Promise<readonly ImportedFunction[]>,
  wanted: readonly string[],
): Promise<boolean> {
  const callees = positions.map((position) => ({ position, callee: callBehind({ space }, position) }));
  if (callees.some(({ callee }) => callee === KERNEL) && wanted.includes(KERNEL)) return true;
  const ofImports = callees.filter(({ callee }) => callee === SOME_IMPORT);
  if (ofImports.length === 0) return false;
  const linkage = { space, imports: await imports(wanted) };
  return ofImports.some(({ position }) => wanted.includes(callBehind(linkage, position) ?? ""));
}

/** What mmap is called in the libraries of C. */
export function namesOfMmap(): readonly string[] {
  return ["mmap", "mmap64"];
}

/** For a first look: whether the straight line behind one of the positions calls mmap, or the kernel. */
export function leadToMapping(
  space: CodeSpace,
  imports: (names: readonly string[]) => Promise<readonly ImportedFunction[]>,
  positions: readonly number[],
): Promise<boolean> {
  return leadsToCall(space, positions, imports, [...namesOfMmap(), KERNEL]);
}

/** What the two calls are as instructions (arch/x86/entry/syscalls/syscall_64.tbl). */
const NUMBERS = new Map([
  [9, "mmap"],
  [131, "sigaltstack"],
]);

/**
 * Whether the straight line from a position on calls mmap, and behind that `sigaltstack` before anything else: the kernel is told how large
 * the stack for signals is, so nobody expects it to grow. So does kj, Cap'n Proto's library, in every program that prints a trace when
 * it crashes.
 */
export function becomesSignalStack(space: CodeSpace, imports: readonly ImportedFunction[], position: number): boolean {
  const linkage = { space, imports };
  const instruction = new Instruction();
  const end = space.endOf(position);
  let isMapped = false;
  let number = NONE;
  let at = position;
  for (let count = 0; count < 3 * NEAR; count++) {
    const length = decode(space.bytes, at, end, instruction);
    const { flow, map, opcode, rex, imm } = instruction;
    if (length === 0) return false;
    // mov $number,%eax
    if (map === OpcodeMap.Primary && opcode === 0xb8 && (rex & 9) === 0) number = imm;
    if (flow === Flow.Call || flow === Flow.IndirectCall || flow === Flow.SystemCall) {
      const name = flow === Flow.SystemCall ? NUMBERS.get(number) : importCalledAt(linkage, at, instruction);
      if (isMapped || name === undefined) return name === "sigaltstack";
      if (!namesOfMmap().includes(name)) return false;
      isMapped = true;
    } else if (flow !== Flow.Next && !(isMapped && flow === Flow.Branch)) return false;
    at += length;
  }
  return false;
}

/** What the straight line from a position on calls first: an import's name, KERNEL, or undefined for anything else. */
function callBehind(linkage: Linkage, position: number, inCallee = false): string | undefined {
  const { space } = linkage;
  const instruction = new Instruction();
  const { start, size } = space.regionOf(position);
  let at = position;
  for (let count = 0; count < NEAR; count++) {
    const length = decode(space.bytes, at, start + size, instruction);
    if (length === 0) return undefined;
    const { flow, target } = instruction;
    if (flow === Flow.SystemCall) return KERNEL;
    const isInside = target >= start && target < start + size;
    if (flow === Flow.Jump || flow === Flow.Call) {
      const name = importCalledAt(linkage, at, instruction);
      if (name !== undefined) return name;
      if (!isInside || (flow === Flow.Call && inCallee)) return undefined;
      if (flow === Flow.Call) return callBehind(linkage, target, true);
      at = target;
    } else if (flow === Flow.Next || flow === Flow.Branch) at += length;
    else return importCalledAt(linkage, at, instruction);
  }
  return undefined;
}
