/**
 * v3.2.2 to v3.2.4 with cosmo_dlopen (jart/cosmopolitan libc/dlopen/dlopen.c): a constructor, dlopen_init(), that moves thread state from
 * %fs to %gs at start, on Linux and FreeBSD. `if (IsLinux() || IsFreebsd()) { tib = __get_tls(); __morph_tls(); __set_tls(tib); }`
 */

import { positionsOf } from "../../bytes/find.js";
import { ArchCode } from "../../code/abi.js";
import type { Code } from "../../code/code.js";
import { hostTestAt } from "../../code/host-tests.js";
import { instructionAt } from "../../code/paths.js";
import { Flow, OpcodeMap } from "../../x86/instruction.js";
import { constantInto, memoryOperand } from "../../x86/operands.js";
import { addressesStored } from "./dlopen-site.js";

/** Bits of `__hostos` (libc/dce.h). */
const LINUX = 1;
const FREEBSD = 0x20;
/** Real programs ask about just these two systems in a few places. */
const MOST_TESTS = 64;
/** The constructor's body has nine instructions. */
const MOST_INSTRUCTIONS = 12;
/** `__morph_tls` stores its flag behind its loop, `__set_tls` asks for it on Linux's way, within so many bytes. */
const FUNCTION_WITHIN = 0x200;

/** Positions in the code space. */
export interface MoveAtStart {
  /** Of the test of `__hostos`, and of its mask. */
  readonly position: number;
  readonly maskAt: number;
  /** Whether Linux is left out already. */
  readonly isOff: boolean;
}

/**
 * The constructor, told by all of it:
 *
 *     66 90                      (not in every build)
 *     f6 05 rel32 21             testb $0x21,__hostos(%rip); listed as a constructor
 *     75 rel8 | 74 rel8
 *     64 48 8b /r 25 0 0 0 0     mov %fs:0,%r64
 *     e8 rel32                   call __morph_tls, which sets the flag __tls_morphed
 *     e8 rel32                   call __set_tls, which asks for that flag and knows ARCH_SET_GS
 *
 * Undefined where there is none, or more than one.
 */
export function findMoveAtStart(code: Code): MoveAtStart | undefined {
  const { space, walk } = code;
  const { bytes } = space;
  const isAsked = (at: number) => (bytes[at + 6]! & ~LINUX) === FREEBSD && walk.isStart(at);
  const tests = positionsOf([0xf6, 0x05], bytes).filter(isAsked);
  if (tests.length > MOST_TESTS) return undefined;
  const found = tests.filter((at) => {
    const test = hostTestAt(code, at + 7);
    return test?.maskAt === at + 6 && isListed(code, at) && movesTo(code, test.ifSet);
  });
  const [at] = found;
  return at === undefined || found.length > 1 ? undefined : { position: at, maskAt: at + 6, isOff: bytes[at + 6] === FREEBSD };
}

/**
 * Whether the thread pointer is set by `mov $0x1001,%edi; adc $0,%edi` (ARCH_SET_GS, or ARCH_SET_FS as long as nothing moved): only these
 * three releases have that, so cosmo_dlopen moves them at start even where the constructor has another form.
 */
export function isMadeToMove(code: Code): boolean {
  const constant = [0xbf, ArchCode.SET_GS & 0xff, ArchCode.SET_GS >> 8, 0, 0];
  const adc = [0x83, 0xd7, 0x00];
  return positionsOf([...constant, ...adc], code.space.bytes).some((at) => code.walk.isStart(at));
}

/** Whether exactly one word of the data points to the function that begins here, at its nop of two bytes or behind it. */
function isListed({ space, data }: Code, at: number): boolean {
  const { bytes } = space;
  const isNop = (bytes[at - 2] === 0x66 || bytes[at - 2] === 0x90) && bytes[at - 1] === 0x90;
  const address = space.addressOf(at);
  let pointers = 0;
  data.forEachPointer(isNop ? address - 2 : address, address + 1, (value) => {
    if (value !== address - 1) pointers++;
  });
  return pointers === 1;
}

/** Whether the code from a position on reads the thread pointer, rewrites the program and sets the pointer anew. */
function movesTo(code: Code, from: number): boolean {
  const { walk, space } = code;
  const callees: number[] = [];
  let readsPointer = false;
  let at = from;
  for (let count = 0; count < MOST_INSTRUCTIONS && callees.length < 2; count++) {
    const instruction = instructionAt(walk, at);
    if (instruction.length === 0 || !walk.isStart(at)) return false;
    const operand = instruction.isFs ? memoryOperand(instruction, space.addressOf(at)) : undefined;
    if (operand?.address === 0) readsPointer = true;
    if (instruction.flow === Flow.Call || instruction.flow === Flow.Jump) {
      if (!readsPointer) return false;
      callees.push(instruction.target);
    } else if (instruction.flow !== Flow.Next) return false;
    at += instruction.length;
    if (instruction.flow === Flow.Jump) break;
  }
  const [rewriter, setter] = callees;
  return rewriter !== undefined && setter !== undefined && areRewriterAndSetter(code, rewriter, setter);
}

/** Whether the one function stores 1 where the other, which knows ARCH_SET_GS, asks for it. */
function areRewriterAndSetter(code: Code, rewriter: number, setter: number): boolean {
  const stored = addressesStored(code, rewriter, FUNCTION_WITHIN);
  const { walk, space } = code;
  let knowsGs = false;
  let asks = false;
  for (let at = setter; at < Math.min(setter + FUNCTION_WITHIN, space.endOf(setter)); at++) {
    if (!walk.isStart(at)) continue;
    const instruction = instructionAt(walk, at);
    if (constantInto(instruction)?.value === ArchCode.SET_GS) knowsGs = true;
    // 80 3d rel32 01: cmpb $1,flag(%rip)
    const isCompare = instruction.map === OpcodeMap.Primary && instruction.opcode === 0x80 && instruction.extension === 7;
    const asked = isCompare ? memoryOperand(instruction, space.addressOf(at))?.address : undefined;
    if (asked !== undefined && stored.includes(asked)) asks = true;
  }
  return knowsGs && asks;
}
