/**
 * Accesses to memory through %fs or %gs, and what only looks like one.
 *
 * 0x65 is also the letter `e`, so about half of what a plain sweep calls a %gs instruction is text. A candidate counts
 * where the walk knows an instruction with that prefix; in bytes that the walk did not reach it counts only if the
 * bytes between the known code around it decode without a rest and are no text.
 */

import { decode } from "../x86/decode.js";
import { Instruction, NONE, OpcodeMap } from "../x86/instruction.js";
import type { Code } from "./code.js";
import { Evidence, type EvidenceName, evidenceName } from "./evidence.js";
import { valuesBefore } from "./flow.js";
import { Gaps } from "./gaps.js";
import { Most, refuseMore } from "./limits.js";

export type SegmentName = "fs" | "gs";

/** What an access is for, as far as its form tells. */
export type AccessUse =
  /** Thread state: the form of a TLS access. */
  | "thread-state"
  /** A slot of the Windows thread environment block. */
  | "windows-slot"
  /** In a Cosmopolitan program: neither, so perhaps not an access at all. */
  | "other";

export interface SegmentAccess {
  readonly segment: SegmentName;
  /** Position of the instruction; its prefix byte may stand behind other prefixes. */
  readonly position: number;
  readonly length: number;
  /** Position of the segment prefix byte itself. */
  readonly prefixAt: number;
  readonly use: AccessUse;
  /** The offset of an access of the form %fs:offset without registers; undefined for others. */
  readonly offset: number | undefined;
  readonly evidence: EvidenceName;
  /** False where only other systems get there, as branches on `__hostos` decide. */
  readonly onLinux: boolean;
}

/** A candidate that is not an access, and why. */
export interface Dismissed {
  readonly position: number;
  readonly length: number;
  readonly reason: "text" | "inside" | "not-code";
}

export interface Accesses {
  readonly found: readonly SegmentAccess[];
  readonly dismissed: readonly Dismissed[];
}

const prefixByte: Record<SegmentName, number> = { fs: 0x64, gs: 0x65 };

/** Finds every access through the segment in the code, and every look-alike. Throws InputError where there are too many. */
export function segmentAccesses(code: Code, segment: SegmentName): Accesses {
  const { space, walk } = code;
  const { bytes } = space;
  const found: SegmentAccess[] = [];
  const dismissed: Dismissed[] = [];
  const instruction = new Instruction();
  const gaps = Gaps.of(code);
  const dismiss = (at: number, reason: Dismissed["reason"]) => {
    if (segment !== "gs" || (reason === "inside" && !isWorthAWord(bytes, at))) return;
    if (!decodesAsAccess(bytes, at, space.endOf(at), segment, instruction)) return;
    const { length } = instruction;
    if (looksLikeText(bytes, at, length)) dismissed.push({ position: at, length, reason: "text" });
    // Inside an instruction nearly every `e` decodes as something; only what could be mistaken is worth a word.
    else if (reason !== "inside" || isThreadStateForm(bytes, at)) dismissed.push({ position: at, length, reason });
  };
  for (let at = bytes.indexOf(prefixByte[segment]); at >= 0; at = bytes.indexOf(prefixByte[segment], at + 1)) {
    refuseMore(found.length, segment === "gs" ? Most.gsAccesses : Most.fsAccesses, `accesses through %${segment}`);
    refuseMore(dismissed.length, Most.lookAlikes, "byte sequences that look like accesses through %gs");
    const known = walk.isKnown(at);
    const start = known ? walk.startOf(at) : gaps.startOf(at);
    if (known && start < 0) continue;
    // Nearly always the byte is part of an address or a constant, which the first one tells without decoding.
    const canBePrefix = start === at || isPrefix(bytes[start]);
    if (start >= 0 && canBePrefix) {
      const length = decode(bytes, start, space.endOf(start), instruction);
      const overrides = at < start + instruction.opcodeAt && hasSegment(instruction, segment) && touchesMemory(instruction);
      if (length > 0 && overrides) {
        if (known || !looksLikeText(bytes, at, length)) {
          found.push(describe(code, segment, start, at, instruction, known));
          at = start + length - 1;
        } else dismissed.push({ position: at, length, reason: "text" });
        continue;
      }
    }
    dismiss(at, start >= 0 ? "inside" : "not-code");
  }
  return { found, dismissed };
}

/** `65 REX.W 8b modrm 25 disp32` or `65 REX.W 8b modrm` through a register: the forms that a byte search would take for thread state. */
function isThreadStateForm(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x65 && (bytes[at + 1] === 0x48 || bytes[at + 1] === 0x4c) && bytes[at + 2] === 0x8b;
}

/** Whether a byte is a legacy prefix or REX (SDM vol. 2A, 2.1.1 and 2.2.1). */
function isPrefix(byte: number): boolean {
  return (
    (byte & 0xf0) === 0x40 ||
    (byte & 0xe7) === 0x26 ||
    (byte >= 0x64 && byte <= 0x67) ||
    byte === 0xf0 ||
    byte === 0xf2 ||
    byte === 0xf3
  );
}

function decodesAsAccess(bytes: Uint8Array, at: number, end: number, segment: SegmentName, into: Instruction): boolean {
  return decode(bytes, at, end, into) > 0 && hasSegment(into, segment) && touchesMemory(into);
}

function hasSegment(instruction: Instruction, segment: SegmentName): boolean {
  return segment === "gs" ? instruction.isGs : instruction.isFs;
}

/** Whether a segment override has an effect: memory through ModRM but not `lea` or a multi-byte nop, moffs, string reads. */
function touchesMemory(instruction: Instruction): boolean {
  const { map, opcode } = instruction;
  if (map === OpcodeMap.Primary) {
    if (opcode >= 0xa0 && opcode <= 0xa7) return true;
    if (opcode === 0xac || opcode === 0xad || opcode === 0x6e || opcode === 0x6f || opcode === 0xd7) return true;
    if (opcode === 0x8d) return false;
  }
  // 0F 18 to 0F 1F are prefetches and multi-byte nops.
  if (map === OpcodeMap.Secondary && opcode >= 0x18 && opcode <= 0x1f) return false;
  return instruction.hasMemory;
}

function describe(
  code: Code,
  segment: SegmentName,
  start: number,
  prefixAt: number,
  instruction: Instruction,
  known: boolean,
): SegmentAccess {
  return {
    segment,
    position: start,
    length: instruction.length,
    prefixAt,
    offset: instruction.hasMemory && instruction.base === NONE && instruction.index === NONE ? instruction.disp : undefined,
    use: segment === "fs" ? "thread-state" : useOf(code, start, instruction, known),
    evidence: evidenceName(known ? code.walk.rankAt(start) : Evidence.Swept),
    onLinux: known && code.walk.isReachedOnLinux(start),
  };
}

/**
 * Fields of the Windows thread environment block that Cosmopolitan touches (libc/nt/teb.h): the stack bounds 0x8 and
 * 0x10, the PEB 0x60, the last error 0x68, 0x178 to 0x180, the TLS slots at 0x1480 and 0x1780. 0x30, its own address, is
 * the same as thread state on other systems.
 */
const tebFields: readonly number[] = [
  0x8, 0x10, 0x40, 0x48, 0x58, 0x60, 0x68, 0x170, 0x178, 0x17c, 0x180, 0x1478, 0x1480, 0x1780,
];

/** Where a Cosmopolitan thread finds itself: %gs:0x30 holds the address of its own block (libc/thread/tls.h, tib_self). */
const THREAD_SELF = 0x30;
/** How far in front of an access through a register `mov $0x30,%reg` is looked for where the walk does not know. */
const NEAR = 32;

function useOf(code: Code, start: number, instruction: Instruction, known: boolean): AccessUse {
  if (code.hostVariable === undefined) return "thread-state";
  if (instruction.index !== NONE) return isTebField(instruction.disp) && instruction.base === NONE ? "windows-slot" : "other";
  if (instruction.base === NONE) return useOfOffset(instruction.disp);
  const { base, disp } = instruction;
  if (!known) return followsConstant(code, start, base) ? useOfOffset(THREAD_SELF + disp) : "other";
  const values = valuesBefore(code.walk, start, base);
  const offsets = new Set(values.constants.map((constant) => constant.value + disp));
  if (!values.whole && code.walk.isReachedOnLinux(start)) code.doubts.note("thread-state");
  return values.other || offsets.size !== 1 ? "other" : useOfOffset([...offsets][0]);
}

function useOfOffset(offset: number): AccessUse {
  if (offset === THREAD_SELF) return "thread-state";
  return isTebField(offset) ? "windows-slot" : "other";
}

function isTebField(offset: number): boolean {
  return tebFields.includes(offset) || (offset > 0x1480 && offset < 0x1680);
}

/** Whether `mov $0x30,%r32` of this register stands shortly before. */
function followsConstant(code: Code, start: number, register: number): boolean {
  const { bytes } = code.space;
  for (let at = start - 5; at >= Math.max(0, start - NEAR); at--) {
    const isMove = bytes[at] === 0xb8 + register && register < 8;
    if (isMove && bytes[at + 1] === THREAD_SELF && bytes[at + 2] === 0 && bytes[at + 3] === 0 && bytes[at + 4] === 0) return true;
  }
  return false;
}

/** At least this share of printable bytes makes the surroundings of a candidate text. */
const TEXT_SHARE = 0.85;
const TEXT_WINDOW = 12;
/** The share that is left, of the window around the longest instruction. */
const MOST_OTHERS = (1 - TEXT_SHARE) * (2 * TEXT_WINDOW + 15);

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x09 || byte === 0;
}

/** Less than `looksLikeText` asks for, whatever length it is asked about, or the form of thread state. */
function isWorthAWord(bytes: Uint8Array, at: number): boolean {
  if (isThreadStateForm(bytes, at)) return true;
  let others = 0;
  for (let i = Math.max(0, at - TEXT_WINDOW); i < at + TEXT_WINDOW && i < bytes.length; i++) {
    if (!isPrintable(bytes[i]) && ++others > MOST_OTHERS) return false;
  }
  return true;
}

/** Whether the bytes of a candidate stand in a run of printable characters, as strings and scripts do. */
export function looksLikeText(bytes: Uint8Array, at: number, length: number): boolean {
  const from = Math.max(0, at - TEXT_WINDOW);
  const to = Math.min(bytes.length, at + length + TEXT_WINDOW);
  let printable = 0;
  for (let i = from; i < to; i++) {
    if (isPrintable(bytes[i])) printable++;
  }
  let own = 0;
  for (let i = at; i < at + length && i < bytes.length; i++) if (bytes[i] >= 0x20 && bytes[i] < 0x7f) own++;
  return printable / (to - from) >= TEXT_SHARE && own / length > 0.5;
}
