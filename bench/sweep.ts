/**
 * Decodes much code in sequence by the engine's decoder, which writes down whole batches of instructions, so that it can be compared with
 * others, field by field and by speed. The command decodes where its walk goes; it has no use for this.
 */

import { makeEngine } from "../src/code/engine.js";
import {
  BEHIND,
  DISPLACEMENT_SHIFT,
  ENCODING_SHIFT,
  FLOW_SHIFT,
  IMMEDIATE_SHIFT,
  MAP_SHIFT,
  WIDENS_SHIFT,
} from "../src/x86/entry.js";
import { Encoding, Flow, type Instruction, NONE, OpcodeMap } from "../src/x86/instruction.js";
import {
  BEHIND_OPCODE,
  DISPLACEMENT,
  ENTRY,
  LENGTH,
  MODRM_BYTE,
  OPCODE,
  PREFIXES,
  RECORD_SIZE,
  REX_BYTE,
  SIB_BYTE,
  START,
  TAIL,
  VVVV,
} from "../src/x86/record.js";

interface Sweeper {
  readonly memory: { readonly buffer: ArrayBuffer };
  codeAt(): number;
  layOut(size: number): void;
  reserve(size: number): number;
  decode(at: number, end: number): number;
  sweep(from: number, to: number, end: number, records: number): number;
  sweptTo(): number;
}

/** An engine with room for `size` bytes of code. */
export function makeSweeper(size: number): Sweeper {
  const exports = makeEngine().exports as unknown as Sweeper;
  exports.layOut(size);
  return exports;
}

/** How many bytes of code are with the engine at a time. */
const WINDOW = 0x10000;
/** How many bytes of code a batch is made of: with its records, 32 bytes for four of code, it is gone before a processor's caches are full. */
const BATCH = 4096;
const MAX_LENGTH = 15;

/**
 * A sweep over all of `code`, from instruction to instruction; where none is, it goes on one byte further. Call `next` until it is
 * false, and each time ask about the instructions 0 to `count` - 1 of the batch. What each question means stands in `Instruction`, whose
 * fields have the same names.
 */
export class Sweep {
  /** Instructions in the batch. */
  count = 0;
  private readonly engine: Sweeper;
  private readonly records: number;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  /** What makes an offset in the code of an address in the engine's memory. */
  private toOffset = 0;
  /** What of the code is with the engine: its offset, and its size. */
  private from = 0;
  private size = 0;
  /** Where the next batch begins, counted from there. */
  private at = 0;

  /** Throws InputError where the JavaScript engine has no WebAssembly. */
  constructor(private readonly code: Uint8Array) {
    this.engine = makeSweeper(WINDOW);
    this.records = this.engine.reserve(BATCH * RECORD_SIZE);
    this.bytes = new Uint8Array(this.engine.memory.buffer, this.records, BATCH * RECORD_SIZE);
    this.words = new Int32Array(this.engine.memory.buffer, this.records, (BATCH * RECORD_SIZE) / 4);
  }

  /** Decodes the next batch, which may be empty. False at the end of the code. */
  next(): boolean {
    const left = this.size - this.at;
    if (left < BATCH + MAX_LENGTH && this.from + this.size < this.code.length) this.load();
    const size = Math.min(BATCH, this.size - this.at);
    this.count = this.engine.sweep(this.at, this.at + size, this.size, this.records);
    this.toOffset = this.from - this.engine.codeAt();
    this.at = this.engine.sweptTo();
    return size > 0;
  }

  private load(): void {
    this.from += this.at;
    this.at = 0;
    const part = this.code.subarray(this.from, this.from + WINDOW);
    new Uint8Array(this.engine.memory.buffer).set(part, this.engine.codeAt());
    this.size = part.length;
  }

  offset(index: number): number {
    return this.word(index, START) + this.toOffset;
  }

  length(index: number): number {
    return this.byte(index, LENGTH);
  }

  prefixes(index: number): number {
    return this.byte(index, PREFIXES);
  }

  rex(index: number): number {
    return this.byte(index, REX_BYTE);
  }

  encoding(index: number): number {
    return (this.word(index, ENTRY) >> ENCODING_SHIFT) & 3;
  }

  map(index: number): number {
    return (this.word(index, ENTRY) >> MAP_SHIFT) & 15;
  }

  opcode(index: number): number {
    return this.byte(index, OPCODE);
  }

  opcodeAt(index: number): number {
    const behind = this.byte(index, BEHIND_OPCODE) & BEHIND;
    return this.isThreeDNow(index) ? this.length(index) - 1 : this.length(index) - this.rest(index) - behind - 1;
  }

  vvvv(index: number): number {
    return this.byte(index, VVVV);
  }

  modrm(index: number): number {
    return this.hasModrm(index) ? this.byte(index, MODRM_BYTE) : NONE;
  }

  sib(index: number): number {
    const modrm = this.byte(index, MODRM_BYTE);
    return this.hasModrm(index) && modrm < 0xc0 && (modrm & 7) === 4 ? this.byte(index, SIB_BYTE) : NONE;
  }

  dispSize(index: number): number {
    return this.isOffset(index) ? this.rest(index) : (this.byte(index, BEHIND_OPCODE) >> DISPLACEMENT_SHIFT) & BEHIND;
  }

  dispAt(index: number): number {
    return this.length(index) - this.rest(index) - (this.isOffset(index) ? 0 : this.dispSize(index));
  }

  disp(index: number): number {
    const size = this.dispSize(index);
    if (this.isOffset(index)) {
      const high = this.word(index, TAIL + 4);
      return size === 8 ? (high & 0x1fffff) * 0x1_0000_0000 + (this.word(index, TAIL) >>> 0) : high >>> 0;
    }
    return size === 0 ? 0 : this.word(index, DISPLACEMENT) >> (32 - 8 * size);
  }

  immSize(index: number): number {
    return this.isOffset(index) || this.isThreeDNow(index) ? 0 : this.rest(index);
  }

  immAt(index: number): number {
    return this.length(index) - this.immSize(index);
  }

  imm(index: number): number {
    const size = this.immSize(index);
    const high = this.word(index, TAIL + 4);
    if (size === 0) return 0;
    if (size === 3) return high >>> 8;
    return size === 8 ? high * 0x1_0000_0000 + (this.word(index, TAIL) >>> 0) : high >> (32 - 8 * size);
  }

  flow(index: number): number {
    return (this.word(index, ENTRY) >> FLOW_SHIFT) & 15;
  }

  target(index: number): number {
    const flow = this.flow(index);
    const isDirect = flow === Flow.Jump || flow === Flow.Branch || flow === Flow.Call;
    return isDirect ? this.offset(index) + this.length(index) + this.imm(index) : 0;
  }

  /** All of it at once. */
  read(index: number, out: Instruction): void {
    out.offset = this.offset(index);
    out.length = this.length(index);
    out.prefixes = this.prefixes(index);
    out.rex = this.rex(index);
    out.encoding = this.encoding(index);
    out.map = this.map(index);
    out.opcode = this.opcode(index);
    out.opcodeAt = this.opcodeAt(index);
    out.vvvv = this.vvvv(index);
    out.modrm = this.modrm(index);
    out.sib = this.sib(index);
    out.dispSize = this.dispSize(index);
    out.dispAt = this.dispAt(index);
    out.disp = this.disp(index);
    out.immSize = this.immSize(index);
    out.immAt = this.immAt(index);
    out.imm = this.imm(index);
    out.flow = this.flow(index);
    out.target = this.target(index);
  }

  private byte(index: number, field: number): number {
    return this.bytes[index * RECORD_SIZE + field]!;
  }

  private word(index: number, field: number): number {
    return this.words[(index * RECORD_SIZE + field) >> 2]!;
  }

  private hasModrm(index: number): boolean {
    return (this.byte(index, BEHIND_OPCODE) & BEHIND) !== 0;
  }

  /** Bytes of what the engine takes for an immediate. */
  private rest(index: number): number {
    const entry = this.word(index, ENTRY);
    return (((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & this.rex(index))) >> 1;
  }

  /** mov %al,moffs and its like: an address instead of an immediate. */
  private isOffset(index: number): boolean {
    return this.isLegacy(index, OpcodeMap.Primary) && (this.opcode(index) & 0xfc) === 0xa0;
  }

  /** Its opcode is what the engine takes for an immediate. */
  private isThreeDNow(index: number): boolean {
    return this.isLegacy(index, OpcodeMap.ThreeDNow);
  }

  private isLegacy(index: number, map: number): boolean {
    return this.map(index) === map && this.encoding(index) === Encoding.Legacy;
  }
}
