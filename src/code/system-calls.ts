/** The system calls that the code makes: their numbers and arguments, as far as constants can be followed. */

import { decode } from "../x86/decode.js";
import { Flow, Instruction } from "../x86/instruction.js";
import { constantInto, isSyscall } from "../x86/operands.js";
import { ARCH_PRCTL, ArchCode, functionArguments, Register, systemCallArguments } from "./abi.js";
import type { Code } from "./code.js";
import { forEachInstruction, forEachInstructionWith } from "./code.js";
import { type ConstantSite, type Values, valuesBefore } from "./flow.js";
import { followForward, type Place } from "./forward.js";
import { importCalledAt } from "./imports.js";
import { Most, refuseMore } from "./limits.js";

/** A place where the kernel is called: a `syscall` instruction, or a call of an imported wrapper. */
export interface SystemCallSite {
  /** Position of the `syscall` or call instruction. */
  readonly position: number;
  /** The wrapper's name for a call of an import ("arch_prctl", "mmap", "syscall"), undefined for the instruction itself. */
  readonly wrapper: string | undefined;
  /** Possible system call numbers; `loads` names the word that a Cosmopolitan stub takes its number from. */
  readonly number: Values;
}

/**
 * The `syscall` instructions in known code that Linux reaches, or those at `wanted` places, with what their numbers can be. Throws
 * InputError where there are too many.
 */
export function systemCallSites(code: Code, wanted?: ReadonlySet<number>): SystemCallSite[] {
  const { walk } = code;
  const all = walk.systemCalls().filter((at) => walk.isReachedOnLinux(at));
  refuseMore(all.length, Most.systemCalls, "`syscall` instructions");
  const positions = wanted === undefined ? all : all.filter((at) => wanted.has(at));
  return positions.map((position) => ({
    position,
    wrapper: undefined,
    number: valuesBefore(walk, position, Register.rax, { linuxOnly: true }),
  }));
}

const nothing: Values = { constants: [], loads: [], other: false, whole: true };

/** Every call of one of the named imports in known code. */
export function importedCalls(code: Code, names: readonly string[]): SystemCallSite[] {
  const wanted = code.imports.filter((imported) => names.includes(imported.name));
  if (wanted.length === 0) return [];
  const sites: SystemCallSite[] = [];
  forEachInstruction(code, (position, instruction) => {
    const { flow } = instruction;
    if (flow !== Flow.Call && flow !== Flow.IndirectCall && flow !== Flow.Jump && flow !== Flow.IndirectJump) return;
    const name = importCalledAt(code, position, instruction);
    if (name === undefined || !names.includes(name)) return;
    sites.push({ position, wrapper: name, number: nothing });
  });
  return sites;
}

/** The constants that can be the `index`th argument (from 0) at a site, on Linux. */
export function argumentValues(code: Code, site: SystemCallSite, index: number): Values {
  const registers = site.wrapper === undefined ? systemCallArguments : functionArguments;
  const shift = site.wrapper === "syscall" ? 1 : 0;
  return valuesBefore(code.walk, site.position, registers[index + shift], { linuxOnly: site.wrapper === undefined });
}

/** An `arch_prctl` with a known code. */
export interface ArchPrctl {
  readonly site: SystemCallSite;
  readonly code: number;
  /** The instruction that holds the code as its immediate. */
  readonly constant: ConstantSite;
  /** True where the system call number is only known at run time and the call is told by its arguments (a Cosmopolitan stub). */
  readonly throughStub: boolean;
}

/**
 * Every `arch_prctl` that Linux can reach with one of the four segment codes.
 *
 * Cosmopolitan calls it through a stub whose number is a variable that is filled in at start:
 *
 *     sys_set_tls:  8b 05 rel32   mov __NR_set_tls(%rip),%eax
 *                   0f 05         syscall
 *                   c3            ret
 *
 * There the number is one fixed memory word and nothing else, and the code arrives from the callers.
 */
export function archPrctls(code: Code): ArchPrctl[] {
  const found: ArchPrctl[] = [];
  const { places, setsGs } = placesOfSegmentCodes(code);
  const noteIf = (isOpen: boolean) => {
    if (isOpen && setsGs) code.doubts.note("arch-prctl");
  };
  for (const site of systemCallSites(code, places)) {
    const byNumber = site.number.constants.some((constant) => constant.value === ARCH_PRCTL);
    const throughStub = site.number.constants.length === 0 && site.number.loads.length === 1 && !site.number.other;
    if (byNumber || throughStub) noteIf(!collect(code, site, throughStub && !byNumber, found));
    // The call is not told by its number then; it is one all the same if a code may arrive.
    else if (!site.number.whole) noteIf(!collect(code, site, false, []) || places !== undefined);
  }
  for (const site of importedCalls(code, ["arch_prctl"])) noteIf(!collect(code, site, false, found));
  for (const site of importedCalls(code, ["syscall"])) {
    const numbers = valuesBefore(code.walk, site.position, Register.rdi);
    if (numbers.constants.some((constant) => constant.value === ARCH_PRCTL)) noteIf(!collect(code, site, false, found));
    else if (!numbers.whole) noteIf(true);
  }
  return found;
}

const segmentCodes: readonly number[] = Object.values(ArchCode);

interface SegmentCodes {
  /** The `syscall` instructions at which one of the four may be the first argument; undefined where too many places would have to be seen. */
  readonly places: ReadonlySet<number> | undefined;
  /** Whether ARCH_SET_GS is among the constants that Linux gets to. */
  readonly setsGs: boolean;
}

function placesOfSegmentCodes(code: Code): SegmentCodes {
  const { walk, space } = code;
  const starts: Place[] = [];
  let setsGs = false;
  const visit = (position: number, instruction: Instruction) => {
    const constant = constantInto(instruction);
    if (constant === undefined || !segmentCodes.includes(constant.value) || !walk.isReachedOnLinux(position)) return;
    starts.push({ position: position + instruction.length, register: constant.register });
    setsGs ||= constant.value === ArchCode.SET_GS;
  };
  // The codes differ in their lowest byte alone.
  forEachInstructionWith(code, [[0x10, 0, 0]], visit, (at) => segmentCodes.includes(0x1000 | space.bytes[at - 1]!));
  const places = new Set<number>();
  const isWhole = followForward(walk, starts, (instruction, { position, register }) => {
    if (register === Register.rdi && isSyscall(instruction)) places.add(position);
  });
  return { places: isWhole ? places : undefined, setsGs };
}

/** Adds the calls of a site with a segment code. Returns false where others may be missing. */
function collect(code: Code, site: SystemCallSite, throughStub: boolean, found: ArchPrctl[]): boolean {
  const { constants, whole } = argumentValues(code, site, 0);
  for (const constant of constants) {
    if (segmentCodes.includes(constant.value)) found.push({ site, code: constant.value, constant, throughStub });
  }
  return whole;
}

/** File offset and width of the immediate of the instruction at a position. */
export function immediateAt(code: Code, position: number): { fileOffset: number; size: number } {
  const instruction = new Instruction();
  decode(code.space.bytes, position, code.space.endOf(position), instruction);
  return { fileOffset: code.space.fileOffsetOf(position) + instruction.immAt, size: instruction.immSize };
}
