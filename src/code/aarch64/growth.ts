/** Where Cosmopolitan's A64 code maps stacks that should grow (MAP_GROWSDOWN), and which branch keeps a program from it. */

import { type Deciding, decidingBranches, isReached, reaches, testedBy, testedVariable } from "./branches.js";
import type { ArmCode } from "./code.js";
import { hostVariableBefore, qemuCheckBefore } from "./cosmopolitan.js";
import { type Instruction, isConditional } from "./instruction.js";
import { bitsSetBy, valueBefore, writersBefore } from "./values.js";

/** Linux flags (asm-generic/mman.h), and MAP_FIXED|MAP_PRIVATE with it as v3.3's mmap puts them together. */
const MAP_GROWSDOWN = 0x100;
const MMAP_FLAGS = 0x112;
/** MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE: what flixmap adds; its callers add MAP_GROWSDOWN or MAP_NORESERVE. */
const FLIXMAP_FLAGS = 0x08000022;
const MAP_FIXED_NOREPLACE = 0x08000000;
const MAP_NORESERVE = 0x4000;
/** Cosmopolitan's own number (libc/sysv/consts/map.h). */
const MAP_STACK = 6;

/** A growing mapping that is still reached. */
export interface Growth {
  /** The instruction that puts MAP_GROWSDOWN into the flags. */
  readonly flags: number;
  /** What must not be reached any more. */
  readonly place: number;
  /** The branch that decides; undefined where none is found that can be confirmed. */
  readonly branch: Deciding | undefined;
}

/**
 * v3.3 to v3.4.0, `__mmap_unlocked` (libc/runtime/mmap.c): `flags | 0x112` for MAP_STACK on Linux.
 *
 * v3.2.x has the same code and does not get there by itself. Its pthread_create lacks IsQemuUser(), which came in the
 * commit that also made the default guard one page (369aebfc4, January 2024), the condition for asking for MAP_STACK.
 * So this counts only where MAP_STACK is asked for on the side where IsQemuUser() gave 0.
 */
export function growthsInMmap(code: ArmCode): Growth[] {
  const hosts = hostVariablesOfRequests(code);
  if (hosts === undefined) return [];
  return orsOf(code, (value) => value === MMAP_FLAGS || value === MAP_GROWSDOWN)
    .filter((address) => bitsSetBy(code, address) === MMAP_FLAGS && isReached(code, address))
    .map((address) => {
      const branch = decidingBranches(code, address).find((deciding) => {
        const tested = testedBy(code, deciding.address);
        if (tested?.bit !== 0 || tested.takenIfZero === deciding.takenToPlace) return false;
        const host = testedVariable(code, tested);
        return host !== undefined && hosts.has(host);
      });
      return { flags: address, place: address, branch };
    });
}

/**
 * The addresses of __hostos at requests like pthread_create's: `mmap(.., MAP_ANONYMOUS | MAP_STACK, -1, 0)` where
 * IsQemuUser() gave 0. Undefined where there is no such request, empty where the variable is not certain.
 */
function hostVariablesOfRequests(code: ArmCode): Set<number> | undefined {
  const hosts = new Set<number>();
  let asks = false;
  code.forEachInstruction((instruction, address) => {
    const { operation, rd, rn, rm, value } = instruction;
    if (operation !== "or" || rm >= 0 || value !== MAP_STACK || rd !== 3 || !callFollows(code, address)) return;
    const variable = writersBefore(code, address, rn);
    if (variable?.length !== 1 || code.at(variable[0])?.operation !== "load") return;
    for (const deciding of decidingBranches(code, address)) {
      const call = qemuCheckBefore(code, deciding);
      if (call === undefined) continue;
      asks = true;
      const host = hostVariableBefore(code, call);
      if (host !== undefined) hosts.add(host);
    }
  });
  return asks ? hosts : undefined;
}

function callFollows(code: ArmCode, address: number): boolean {
  for (let at = address + 4; at < address + 48; at += 4) {
    const operation = code.at(at)?.operation;
    if (operation === "call") return true;
    if (operation === undefined || code.successors(at)[0] !== at + 4) return false;
  }
  return false;
}

/**
 * v4.0.0 and later, `cosmo_stack_alloc` (libc/intrin/stack.c): slackmap() calls flixmap() with MAP_GROWSDOWN for the top
 * page. Compilers put slackmap into cosmo_stack_alloc or leave it outside; the place is flixmap's call or slackmap's.
 */
export function growthsInStackAllocator(code: ArmCode): Growth[] {
  const growths: Growth[] = [];
  for (const call of growingCalls(code)) {
    if (!isReached(code, call.place)) continue;
    const own = confirmedByQemuCheck(code, call.place);
    if (own !== undefined) {
      growths.push({ ...call, branch: own });
      continue;
    }
    const callers = code.callsTo(code.functionStart(call.place));
    if (callers.length === 0) growths.push({ ...call, branch: undefined });
    for (const place of callers) {
      if (isReached(code, place)) growths.push({ flags: call.flags, place, branch: confirmedByQemuCheck(code, place) });
    }
  }
  return growths;
}

/** Calls of flixmap with MAP_GROWSDOWN; where flixmap is part of its caller, the constant with that flag. */
function growingCalls(code: ArmCode): { flags: number; place: number }[] {
  const found = new Map<number, { flags: number; place: number }>();
  const isPart = (value: number) =>
    (value & ~(FLIXMAP_FLAGS | MAP_GROWSDOWN | MAP_NORESERVE)) === 0 && value >= MAP_FIXED_NOREPLACE;
  for (const address of [...constantsOf(code, isPart), ...orsOf(code, isPart)]) {
    const bits = bitsSetBy(code, address);
    if ((bits & ~(MAP_GROWSDOWN | MAP_NORESERVE)) !== FLIXMAP_FLAGS) continue;
    if ((bits & MAP_GROWSDOWN) !== 0) found.set(address, { flags: address, place: address });
    for (const call of code.callsTo(code.functionStart(address))) {
      // Flags are the fourth argument; the third where the compiler has dropped one.
      const register = [3, 2].find((candidate) => valueBefore(code, call, candidate) === MAP_GROWSDOWN);
      if (register === undefined) continue;
      const [flags] = writersBefore(code, call, register) ?? [];
      found.set(call, { flags: flags ?? call, place: call });
    }
  }
  return [...found.values()];
}

/** The branch behind IsQemuUser(), if another condition before it leads to the same other side (the stack limit's). */
function confirmedByQemuCheck(code: ArmCode, place: number): Deciding | undefined {
  return decidingBranches(code, place).find((deciding) => {
    if (qemuCheckBefore(code, deciding) === undefined) return false;
    const plain = behindJumps(code, deciding.otherSide);
    return conditionsBefore(code, plain).some((source) => {
      const other = code.successors(source).filter((side) => behindJumps(code, side) !== plain);
      return source !== deciding.address && other.length === 1 && reaches(code, other[0], deciding.address);
    });
  });
}

/** Where a chain of unconditional jumps ends. */
function behindJumps(code: ArmCode, address: number): number {
  let at = address;
  for (let i = 0; i < 4; i++) {
    const instruction = code.at(at);
    if (instruction?.operation !== "jump") break;
    at += instruction.value;
  }
  return at;
}

/** Conditional branches that lead to an address, at once or over an unconditional jump. */
function conditionsBefore(code: ArmCode, address: number): number[] {
  return code.predecessors(address).flatMap((source) => {
    const instruction = code.at(source) as Instruction;
    if (isConditional(instruction)) return [source];
    return instruction.operation === "jump"
      ? code.predecessors(source).filter((at) => isConditional(code.at(at) as Instruction))
      : [];
  });
}

/** Instructions that put a constant with some property into a register: MOVZ, MOVK, and what they are or-ed into. */
function constantsOf(code: ArmCode, matches: (value: number) => boolean): number[] {
  const found: number[] = [];
  code.forEachInstruction(({ operation, value, detail }, address) => {
    if (operation === "constant" ? matches(value) : operation === "keep" && matches(value * 2 ** detail)) found.push(address);
  });
  return found;
}

/** ORR instructions with a constant that matches, as an immediate or from a register that was set shortly before. */
function orsOf(code: ArmCode, matches: (value: number) => boolean): number[] {
  const found = new Set<number>();
  code.forEachInstruction(({ operation, rm, value }, address) => {
    if (operation === "or" && rm < 0 && matches(value)) found.add(address);
  });
  for (const constant of constantsOf(code, matches)) {
    const register = code.at(constant)?.rd;
    for (let at = constant + 4; at < constant + 64; at += 4) {
      const user = code.at(at);
      if (user?.operation === "or" && (user.rm === register || (user.rm >= 0 && user.rn === register))) found.add(at);
    }
  }
  return [...found];
}
