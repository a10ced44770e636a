/** One pass over the executable bytes, at memory speed, for everything that the rules about code look for first. */

import type { SectionHeader } from "../image/image.js";
import { decode } from "../x86/decode.js";
import { Instruction, OpcodeMap, Prefix } from "../x86/instruction.js";
import type { CodeSpace } from "./code-space.js";
import { bestLooks, type JumpLook, type Looks, REACH, targetOf, WINDOW } from "./first-look.js";
import { isLikelyStart, mayBeStart } from "./in-step.js";
import { Most, refuseMore } from "./limits.js";

/** Places at which bytes stand that can be what a rule is about. */
export interface Sightings {
  /** All of them. Most are text, data or the inside of other instructions in a large program; a walk tells. */
  readonly positions: readonly number[];
  /** Whether one of them is likely to be it, by the bytes before, so that a walk is worth while. */
  readonly isLikely: boolean;
}

export interface Landmarks {
  /** `0f 05` behind `b8 NN NN 00 00`, which systrap rewrites: positions of the `syscall`. Likely: a `b8` inside another instruction. */
  readonly brokenPairs: Sightings;
  /** The same. Likely: a direct jump or call goes to a `syscall`, past the `b8`. */
  readonly enteredPairs: Sightings;
  /** `cd 80`. */
  readonly int80: Sightings;
  /** `8e /5`, `0f a9`, `0f b5`: loads of the selector of %gs. Positions of the (last) opcode byte. */
  readonly gsSelectors: Sightings;
  /** `f3 [REX] 0f ae /2` and `/3` with a register. Positions of the last opcode byte. */
  readonly fsBases: Sightings;
  readonly gsBases: Sightings;
  /** `b9 imm32` (%ecx) and `41 ba imm32` (%r10d) whose immediate can be flags of mmap that a rule is about. */
  readonly mapFlags: readonly MapFlagsConstant[];
  /** `b8+r 01 10 00 00` and `48 c7 c0+r 01 10 00 00`, which put ARCH_SET_GS into a register. */
  readonly setGs: readonly number[];
}

/** An instruction that puts what can be flags of mmap into the register for them. */
export interface MapFlagsConstant {
  readonly position: number;
  readonly value: number;
}

/** Linux mmap flags (include/uapi/asm-generic/mman.h and mman-common.h). */
export const MapFlag = {
  Shared: 0x01,
  Private: 0x02,
  SharedValidate: 0x03,
  Anonymous: 0x20,
  TypeMask: 0x0f,
  GrowsDown: 0x100,
  Sync: 0x80000,
  FixedNoReplace: 0x100000,
} as const;
/** All flags that there are, without the bits of a huge page's size. */
const KNOWN_FLAGS = 0x1ff17f;

/**
 * Looks through the executable bytes once. Where section headers tell which of them are code, only at those: linkers that make one
 * segment of code and constants put megabytes of tables and text there. `looks` is a choice for tests.
 */
export function findLandmarks(space: CodeSpace, sections: readonly SectionHeader[] = [], looks?: Looks): Landmarks {
  const { bytes } = space;
  const pairs: number[] = [];
  const int80: number[] = [];
  const gsSelectors: number[] = [];
  const fsBases: number[] = [];
  const gsBases: number[] = [];
  const mapFlags: MapFlagsConstant[] = [];
  const setGs: number[] = [];
  const stretches = stretchesOfCode(space, sections);
  const { forLandmarks, forJumps } = looks ?? bestLooks();
  const lists = [pairs, int80, gsSelectors, fsBases, gsBases, mapFlags, setGs];
  for (const [start, end] of windowsOf(stretches)) {
    for (const list of lists) refuseMore(list.length, Most.landmarks, "places of a kind");
    for (const place of forLandmarks(bytes, start, end - start)) {
      const at = start + place;
      const byte = bytes[at];
      const before = bytes[at - 1];
      switch (byte) {
        case 0x05:
          if (before === 0x0f && bytes[at - 6] === 0xb8 && bytes[at - 2] === 0 && bytes[at - 3] === 0) pairs.push(at - 1);
          break;
        case 0x10:
          if (before === 0x01 && bytes[at + 1] === 0 && bytes[at + 2] === 0) {
            if ((bytes[at - 2] & 0xf8) === 0xb8) setGs.push(at - 2);
            else if ((bytes[at - 2] & 0xf8) === 0xc0 && bytes[at - 3] === 0xc7) setGs.push(at - 4);
          }
          break;
        case 0x80:
          if (before === 0xcd) int80.push(at - 1);
          break;
        case 0x8e:
          if ((bytes[at + 1] & 0x38) === 0x28) gsSelectors.push(at);
          break;
        case 0xa9:
        case 0xb5:
          if (before === 0x0f) gsSelectors.push(at);
          break;
        case 0xae:
          if (before === 0x0f && (bytes[at + 1] & 0xf0) === 0xd0 && (bytes[at - 2] === 0xf3 || bytes[at - 3] === 0xf3)) {
            ((bytes[at + 1] & 8) === 0 ? fsBases : gsBases).push(at);
          }
          break;
        default:
          if (bytes[at + 4] === 0 && (byte === 0xb9 || before === 0x41)) {
            const value = bytes[at + 1] | (bytes[at + 2] << 8) | (bytes[at + 3] << 16);
            if (mayConcernRule(value)) mapFlags.push({ position: byte === 0xb9 ? at : at - 1, value });
          }
      }
    }
  }
  const sightings = (positions: readonly number[], isLikelyAt: (at: number) => boolean): Sightings => ({
    positions,
    isLikely: positions.some(isLikelyAt),
  });
  return {
    brokenPairs: sightings(pairs, (at) => !mayBeStart(bytes, at - 5) && isLikelyStart(bytes, at)),
    enteredPairs: { positions: pairs, isLikely: mayBeEntered(bytes, pairs, forJumps) },
    int80: sightings(int80, (at) => isLikelyStart(bytes, at)),
    gsSelectors: sightings(gsSelectors, (at) => isLikelyOpcode(bytes, at, isSelectorLoad)),
    fsBases: sightings(fsBases, (at) => isLikelyOpcode(bytes, at, isBaseWrite)),
    gsBases: sightings(gsBases, (at) => isLikelyOpcode(bytes, at, isBaseWrite)),
    mapFlags,
    setGs,
  };
}

/** SHF_EXECINSTR */
const IS_CODE = 4;

/** First and last position of each stretch of code, in ascending order: the sections with instructions, or else all there is. */
function stretchesOfCode(space: CodeSpace, sections: readonly SectionHeader[]): [number, number][] {
  const stretches: [number, number][] = [];
  for (const { flags, address, size } of sections) {
    const start = (flags & IS_CODE) !== 0 && size > 0 ? space.positionOf(address) : -1;
    if (start >= 0) stretches.push([start, Math.min(start + size, space.endOf(start))]);
  }
  return stretches.length > 0 ? merged(stretches) : [[0, space.bytes.length]];
}

/** In ascending order, those that overlap as one: thousands of sections may name the same bytes. */
function merged(stretches: [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [start, end] of stretches.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

/** The stretches in pieces that can be looked into, without the first byte of each: a landmark is told by its second byte or a later one. */
function windowsOf(stretches: readonly [number, number][]): [number, number][] {
  const windows: [number, number][] = [];
  for (const [start, end] of stretches) {
    for (let from = start + 1; from < end; from += WINDOW) windows.push([from, Math.min(from + WINDOW, end)]);
  }
  return windows;
}

/** MAP_SHARED_VALIDATE, MAP_GROWSDOWN or MAP_FIXED_NOREPLACE, among what can be flags. */
function mayConcernRule(value: number): boolean {
  const isValidated = (value & MapFlag.TypeMask) === MapFlag.SharedValidate;
  return areMapFlags(value) && (isValidated || (value & (MapFlag.GrowsDown | MapFlag.FixedNoReplace)) !== 0);
}

/** Whether a number can be flags of mmap: a type of mapping that exists, and nothing but flags that do. */
export function areMapFlags(value: number): boolean {
  const type = value & MapFlag.TypeMask;
  return type >= MapFlag.Shared && type <= MapFlag.SharedValidate && (value & ~KNOWN_FLAGS) === 0;
}

/** Whether an instruction that `isIt` and has its last opcode byte at a position most likely stands there. */
function isLikelyOpcode(bytes: Uint8Array, at: number, isIt: (instruction: Instruction) => boolean): boolean {
  const instruction = new Instruction();
  for (let start = at; start >= Math.max(0, at - 3); start--) {
    if (start < at && !mayPrecede(bytes[start])) return false;
    if (decode(bytes, start, bytes.length, instruction) === 0 || start + instruction.opcodeAt !== at || !isIt(instruction))
      continue;
    if (isLikelyStart(bytes, start)) return true;
  }
  return false;
}

/** 0f, 66, f3, REX: what may stand in front of those opcodes in their instruction. */
function mayPrecede(byte: number): boolean {
  return byte === 0x0f || byte === 0x66 || byte === 0xf3 || (byte & 0xf0) === 0x40;
}

/** `wrfsbase` and `wrgsbase`: F3 REX.W 0F AE /2 and /3 with a register (SDM vol. 2B). */
export function isBaseWrite(instruction: Instruction): boolean {
  const { map, opcode, mod, extension, prefixes } = instruction;
  return map === OpcodeMap.Secondary && opcode === 0xae && mod === 3 && (extension & 6) === 2 && (prefixes & Prefix.Rep) !== 0;
}

/** `mov %r16,%gs`, `pop %gs`, `lgs`. */
export function isSelectorLoad(instruction: Instruction): boolean {
  const { map, opcode, extension } = instruction;
  if (map === OpcodeMap.Primary) return opcode === 0x8e && extension === 5;
  return map === OpcodeMap.Secondary && (opcode === 0xa9 || (opcode === 0xb5 && instruction.hasMemory));
}

/** Whether a direct jump or call most likely goes to the `syscall` of a pair. Looks only at the bytes around them. */
function mayBeEntered(bytes: Uint8Array, pairs: readonly number[], lookForJumps: JumpLook): boolean {
  const wanted = new Set(pairs);
  let done = 0;
  let first = 0;
  for (const pair of pairs) {
    const end = Math.min(bytes.length, pair + REACH);
    for (let from = Math.max(done, pair - REACH); from < end; from += WINDOW) {
      const size = Math.min(WINDOW, end - from);
      while (pairs[first] < from - REACH) first++;
      let last = first;
      while (pairs[last] < from + size + REACH) last++;
      for (const place of lookForJumps(bytes, from, size, pairs.slice(first, last))) {
        const at = from + place;
        if (wanted.has(targetOf(bytes, at)) && isLikelyStart(bytes, at)) return true;
      }
    }
    done = end;
  }
  return false;
}
