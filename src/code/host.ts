/**
 * Cosmopolitan programs ask one byte, `__hostos`, which system they run on, and branch on its bits. Knowing that byte
 * tells which side of such a branch Linux takes, so Windows, macOS, BSD and bare-metal code can be told apart. The walk follows it
 * (engine/host.ts).
 *
 * Bits (jart/cosmopolitan libc/dce.h, the same from v3.2 to today): LINUX 1, METAL 2, WINDOWS 4, XNU 8, OPENBSD 16,
 * FREEBSD 32, NETBSD 64.
 */

import { decode } from "../x86/decode.js";
import { Flow, Instruction, OpcodeMap, RIP } from "../x86/instruction.js";
import type { CodeSpace } from "./code-space.js";

const RDTSC = 0x31;
const MOST_INSTRUCTIONS_TO_LOOK_AT = 48;

/**
 * Finds the address of `__hostos` from the entry point's code, which is the same in every era (libc/crt/crt.S):
 *
 *     mov  $0x20,%cl            b1 20              FreeBSD passes its argument block in %rdi
 *     mov  %cl,__hostos(%rip)   88 0d rel32
 *
 * Builds that leave FreeBSD out (MODE=optlinux, MODE=tinylinux) store %cl all the same, and read the clock behind it.
 *
 * Returns undefined where the entry point does not look like that: then no branch is decided.
 */
export function findHostVariable(space: CodeSpace, entry: number): number | undefined {
  return findHostEntry(space, entry)?.variable;
}

/** The start of a Cosmopolitan program: the address of `__hostos`, and whether the build is for Linux alone. */
export interface HostEntry {
  readonly variable: number;
  readonly onlyLinux: boolean;
}

/** The same with what kind of build it is. */
export function findHostEntry(space: CodeSpace, entry: number): HostEntry | undefined {
  const instruction = new Instruction();
  const end = space.endOf(entry);
  let sawFreebsd = false;
  let stored: number | undefined;
  let at = entry;
  for (let count = 0; count < MOST_INSTRUCTIONS_TO_LOOK_AT; count++) {
    const length = decode(space.bytes, at, end, instruction);
    if (length === 0) return undefined;
    if (instruction.map === OpcodeMap.Primary && instruction.opcode === 0xb1 && instruction.imm === 0x20) sawFreebsd = true;
    const storesCl = instruction.map === OpcodeMap.Primary && instruction.opcode === 0x88 && instruction.reg === 1;
    if (storesCl && instruction.base === RIP) {
      stored = space.addressOf(at) + length + instruction.disp;
      if (sawFreebsd) return { variable: stored, onlyLinux: false };
    }
    if (stored !== undefined && instruction.map === OpcodeMap.Secondary && instruction.opcode === RDTSC)
      return { variable: stored, onlyLinux: true };
    if (instruction.flow === Flow.Jump || instruction.flow === Flow.Return) return undefined;
    at += length;
  }
  return undefined;
}

/** Moves, lea, push, pop, nop and not leave the flags alone; everything else is taken to change them. */
export function keepsFlags(instruction: Instruction): boolean {
  const { map, opcode } = instruction;
  if (map === OpcodeMap.Primary) {
    return (
      (opcode >= 0x88 && opcode <= 0x8d) ||
      (opcode >= 0x50 && opcode <= 0x5f) ||
      (opcode >= 0xb0 && opcode <= 0xbf) ||
      opcode === 0x90 ||
      opcode === 0x63 ||
      opcode === 0xc6 ||
      opcode === 0xc7 ||
      (opcode >= 0x70 && opcode <= 0x7f)
    );
  }
  if (map !== OpcodeMap.Secondary) return false;
  return (
    opcode === 0xb6 ||
    opcode === 0xb7 ||
    opcode === 0xbe ||
    opcode === 0xbf ||
    opcode === 0x1f ||
    (opcode >= 0x80 && opcode <= 0x8f)
  );
}
