/** Branches on bits of Cosmopolitan's `__hostos`, one by one: which bits are asked for, where each answer leads. */

import { Flow, type Instruction, NONE, OpcodeMap, RIP } from "../x86/instruction.js";
import type { Code } from "./code.js";
import { fallsFrom, predecessors, valuesBefore } from "./flow.js";
import { keepsFlags } from "./host.js";
import { instructionAt } from "./paths.js";

/** `test $mask,host` or `and $mask,host`, and the conditional jump that reads its result. Positions in the code space. */
export interface HostTest {
  /** The bits asked for; where the mask is computed, all that it can have. */
  readonly mask: number;
  /** Position of the mask's lowest byte, which holds all of it; NONE where it is computed. */
  readonly maskAt: number;
  /** Where control goes when the host has one of the bits, and when it has none. */
  readonly ifSet: number;
  readonly ifClear: number;
}

/** Between the test and its branch compilers put at most a few moves. */
const MOST_BETWEEN = 4;

/** The test of `__hostos` that the conditional jump at a position reads; undefined where it asks about something else. */
export function hostTestAt(code: Code, branch: number): HostTest | undefined {
  const { walk } = code;
  const jump = instructionAt(walk, branch);
  if (jump.flow !== Flow.Branch) return undefined;
  const opcode = jump.map === OpcodeMap.Secondary ? jump.opcode - 0x10 : jump.opcode;
  if (opcode !== 0x74 && opcode !== 0x75) return undefined;
  const after = branch + jump.length;
  const [ifSet, ifClear] = opcode === 0x75 ? [jump.target, after] : [after, jump.target];
  let behind = branch;
  for (let count = 0; count < MOST_BETWEEN; count++) {
    // Where another way joins in between, the flags come from elsewhere too.
    if (walk.sourcesOf(behind).length > 0) return undefined;
    const at = fallsFrom(walk, behind);
    if (at < 0) return undefined;
    const instruction = instructionAt(walk, at);
    if (isMasking(instruction)) {
      if (!isHost(code, at, instruction)) return undefined;
      return { mask: instruction.imm & 0xff, maskAt: at + instruction.immAt, ifSet, ifClear };
    }
    if (isTestOfTruth(code, at, instruction)) return { mask: 1, maskAt: NONE, ifSet, ifClear };
    if (instruction.flow !== Flow.Next || !keepsFlags(instruction)) return undefined;
    behind = at;
  }
  return undefined;
}

/** `and` and `test` with an immediate, of a byte or wider. */
function isMasking({ map, opcode, extension }: Instruction): boolean {
  if (map !== OpcodeMap.Primary) return false;
  if (opcode === 0xa8 || opcode === 0xa9 || opcode === 0x24 || opcode === 0x25) return true;
  const isTest = (opcode === 0xf6 || opcode === 0xf7) && extension === 0;
  return isTest || ((opcode === 0x80 || opcode === 0x81 || opcode === 0x83) && extension === 4);
}

/**
 * `if (condition && IsLinux())` as v4.0.2 has it in front of growing stacks:
 *
 *     0f 94 c0         sete %al
 *     84 05 rel32      test %al,__hostos(%rip)
 *
 * The register holds 0 or 1, so the result has no bit but that of Linux.
 */
function isTestOfTruth(code: Code, at: number, test: Instruction): boolean {
  if (test.map !== OpcodeMap.Primary || test.opcode !== 0x84 || !test.hasMemory || !isHost(code, at, test)) return false;
  const before = code.walk.sourcesOf(at).length > 0 ? -1 : fallsFrom(code.walk, at);
  if (before < 0) return false;
  const set = instructionAt(code.walk, before);
  const isSet = set.map === OpcodeMap.Secondary && (set.opcode & 0xf0) === 0x90 && set.mod === 3;
  return isSet && set.rm === test.reg && (set.rm < 4 || (set.rex !== 0 && test.rex !== 0));
}

/** Whether the operand is `__hostos` itself, or a register into which nothing else can have been loaded. */
function isHost(code: Code, at: number, instruction: Instruction): boolean {
  const { hostVariable } = code;
  if (hostVariable === undefined) return false;
  if (instruction.hasMemory) {
    if (instruction.index !== NONE || instruction.isFs || instruction.isGs) return false;
    if (instruction.base === RIP) return code.space.addressOf(at) + instruction.length + instruction.disp === hostVariable;
    return instruction.base === NONE && instruction.disp === hostVariable;
  }
  const isShort = instruction.modrm === NONE;
  const isByte = instruction.opcode === 0xf6 || instruction.opcode === 0x80;
  // Without REX, byte registers 4 to 7 are %ah, %ch, %dh, %bh (SDM vol. 2A, 3.1.1.1).
  if (isByte && instruction.rex === 0 && instruction.rm >= 4) return false;
  const values = valuesBefore(code.walk, at, isShort ? 0 : instruction.rm);
  return !values.other && values.constants.length === 0 && values.loads.every((load) => load === hostVariable);
}

/** The tests of `__hostos` in front of a place, and whether every way to it passes one of them. */
export interface Guards {
  readonly tests: readonly HostTest[];
  readonly complete: boolean;
}

/**
 * Searches backward from a place, inside the function and at most `most` instructions, for tests of `__hostos` that
 * `accepts` (called with the side that the way takes).
 */
export function guardsOf(code: Code, place: number, accepts: (test: HostTest, side: number) => boolean, most = 600): Guards {
  const { walk } = code;
  const tests = new Map<number, HostTest>();
  const seen = new Set<number>([place]);
  const pending = [place];
  let complete = true;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const sources = predecessors(walk, at);
    // Not isFunction(): the walk also marks the sides of branches that it leaves to other systems.
    if (sources.length === 0 || walk.isPointedTo(at)) complete = false;
    for (const source of sources) {
      if (!walk.steps.take()) return { tests: [...tests.values()], complete: false };
      const instruction = instructionAt(walk, source);
      const isEntered = instruction.flow === Flow.Call && source + instruction.length !== at;
      const test = hostTestAt(code, source);
      if (test !== undefined && test.ifSet !== test.ifClear && accepts(test, at)) tests.set(source, test);
      else if (isEntered || seen.size >= most) complete = false;
      else if (!seen.has(source)) {
        seen.add(source);
        pending.push(source);
      }
    }
  }
  return { tests: [...tests.values()], complete: complete && tests.size > 0 };
}
