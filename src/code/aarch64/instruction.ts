/** Decodes one A64 instruction word as far as finding and judging a branch needs it. Everything else is `other`. */

/**
 * What an instruction is (Arm ARM, DDI 0487, C4.1). `constant` is MOVZ, MOVN and their alias MOV; `or`, `and`, `test` with
 * `rm` below 0 have an immediate; `compare` is SUBS with an immediate into ZR; `load` has base and immediate offset,
 * `literal` is LDR of a word near by.
 */
export type Operation =
  | "jump"
  | "call"
  | "branch-if"
  | "branch-zero"
  | "branch-not-zero"
  | "branch-bit-clear"
  | "branch-bit-set"
  | "return"
  | "jump-register"
  | "call-register"
  | "trap"
  | "nop"
  | "constant"
  | "keep"
  | "or"
  | "and"
  | "test"
  | "compare"
  | "add"
  | "page"
  | "near"
  | "load"
  | "literal"
  | "other";

/** One instruction. Fields that it does not have are 0, registers -1; register 31 is the zero register or sp. */
export interface Instruction {
  readonly word: number;
  readonly operation: Operation;
  /** 64-bit form. */
  readonly wide: boolean;
  /** Destination, or the register that a branch, load or test looks at. */
  readonly rd: number;
  readonly rn: number;
  readonly rm: number;
  /** Immediate; for branches, `near` and `literal` the distance from the instruction in bytes, for `page` from its page. */
  readonly value: number;
  /** `branch-if`: the condition (0 eq, 1 ne, ...). Branches on a bit: its number. `keep`: the shift. Loads: bytes read. */
  readonly detail: number;
}

/** The zero register in register fields. */
export const ZERO = 31;
export const NOP = 0xd503201f;

/** Decodes a word (little-endian, as a number). Never fails: what is not known is `other`. */
export function decode(word: number): Instruction {
  const group = (word >>> 25) & 15;
  if (group === 8 || group === 9) return decodeImmediate(word);
  if (group === 10 || group === 11) return decodeBranch(word);
  if ((group & 5) === 4) return decodeLoad(word);
  if ((group & 7) === 5) return decodeRegisters(word);
  return make(word, word >>> 16 === 0 ? "trap" : "other");
}

/** Every record has the same fields in the same order: millions are made. */
function make(word: number, operation: Operation, fields: Partial<Instruction> = {}): Instruction {
  const { rd = -1, rn = -1, rm = -1, value = 0, detail = 0 } = fields;
  return { word, operation, wide: word >>> 31 === 1, rd, rn, rm, value, detail };
}

/** Sign-extends the low `bits` bits. */
function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** C4.1.93, "Branches, Exception Generating and System instructions". */
function decodeBranch(word: number): Instruction {
  const top = word >>> 26;
  if (top === 5 || top === 37) return make(word, top === 5 ? "jump" : "call", { value: signed(word & 0x3ffffff, 26) * 4 });
  const rd = word & 31;
  const far = signed((word >>> 5) & 0x7ffff, 19) * 4;
  const kind = (word >>> 24) & 0x7f;
  if (kind === 0x34) return make(word, "branch-zero", { rd, value: far });
  if (kind === 0x35) return make(word, "branch-not-zero", { rd, value: far });
  if (kind === 0x36 || kind === 0x37) {
    const bit = ((word >>> 31) << 5) | ((word >>> 19) & 31);
    const value = signed((word >>> 5) & 0x3fff, 14) * 4;
    return make(word, kind === 0x36 ? "branch-bit-clear" : "branch-bit-set", { rd, value, detail: bit });
  }
  if (word >>> 24 === 0x54) return make(word, "branch-if", { value: far, detail: word & 15 });
  if (word >>> 0 === NOP) return make(word, "nop");
  if ((word & 0xfe1f0000) >>> 0 === 0xd61f0000) {
    const how = (word >>> 21) & 3;
    return make(word, how === 0 ? "jump-register" : how === 1 ? "call-register" : "return", { rn: (word >>> 5) & 31 });
  }
  // BRK and HLT; SVC, HVC and SMC come back.
  if ((word & 0xff000000) >>> 0 === 0xd4000000) return make(word, ((word >>> 21) & 7) === 0 ? "other" : "trap");
  return make(word, "other");
}

/** C4.1.92, "Data Processing -- Immediate". */
function decodeImmediate(word: number): Instruction {
  const rd = word & 31;
  const rn = (word >>> 5) & 31;
  const opcode = (word >>> 29) & 3;
  switch ((word >>> 23) & 7) {
    case 0:
    case 1: {
      const distance = (signed((word >>> 5) & 0x7ffff, 19) << 2) | ((word >>> 29) & 3);
      return word >>> 31 === 1 ? make(word, "page", { rd, value: distance * 4096 }) : make(word, "near", { rd, value: distance });
    }
    case 2: {
      const amount = ((word >>> 10) & 0xfff) * ((word & 0x400000) === 0 ? 1 : 4096);
      if (opcode === 0) return make(word, "add", { rd, rn, value: amount });
      if (opcode === 2) return make(word, "add", { rd, rn, value: -amount });
      return make(word, opcode === 3 && rd === ZERO ? "compare" : "other", { rd, rn, value: amount });
    }
    case 4: {
      const value = bitMask(word);
      if (Number.isNaN(value)) return make(word, "other", { rd });
      if (opcode === 1) return make(word, "or", { rd, rn, value });
      if (opcode === 3 && rd === ZERO) return make(word, "test", { rd, rn, value });
      return make(word, opcode === 0 ? "and" : "other", { rd, rn, value });
    }
    case 5: {
      const shift = ((word >>> 21) & 3) * 16;
      const half = (word >>> 5) & 0xffff;
      if (opcode === 3) return make(word, "keep", { rd, rn: rd, value: half, detail: shift });
      if (opcode === 2) return make(word, "constant", { rd, value: half * 2 ** shift });
      if (opcode === 0) return make(word, "constant", { rd, value: inverted(half, shift, word >>> 31 === 1) });
      return make(word, "other", { rd });
    }
    default:
      return make(word, "other", { rd });
  }
}

/** MOVN: all ones but for some; NaN where a number cannot hold it. */
function inverted(half: number, shift: number, wide: boolean): number {
  if (!wide) return ~(half << shift) >>> 0;
  const value = -(half * 2 ** shift) - 1;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** DecodeBitMasks (Arm ARM J1, shared pseudocode): a rotated run of ones, repeated. NaN for a reserved encoding. */
function bitMask(word: number): number {
  const wide = word >>> 31 === 1;
  const n = (word >>> 22) & 1;
  const rotate = (word >>> 16) & 63;
  const ones = (word >>> 10) & 63;
  if (n === 1 && !wide) return Number.NaN;
  const length = 31 - Math.clz32((n << 6) | (~ones & 63));
  if (length < 1) return Number.NaN;
  const size = 1 << length;
  const count = (ones & (size - 1)) + 1;
  if (count === size) return Number.NaN;
  const turn = BigInt(rotate & (size - 1));
  const width = BigInt(size);
  const run = (1n << BigInt(count)) - 1n;
  let element = ((run >> turn) | (run << (width - turn))) & ((1n << width) - 1n);
  for (let filled = size; filled < (wide ? 64 : 32); filled *= 2) element |= element << BigInt(filled);
  return Number(element);
}

/** C4.1.94, "Loads and Stores": LDR with an unsigned offset (and its short and signed forms), LDR (literal). */
function decodeLoad(word: number): Instruction {
  if ((word & 0xbf000000) === 0x18000000) {
    return make(word, "literal", {
      rd: word & 31,
      value: signed((word >>> 5) & 0x7ffff, 19) * 4,
      detail: (word & 0x40000000) === 0 ? 4 : 8,
    });
  }
  const size = word >>> 30;
  const isUnsignedOffset = (word & 0x3f000000) === 0x39000000;
  const opcode = (word >>> 22) & 3;
  if (!isUnsignedOffset || opcode === 0 || (size === 3 && opcode !== 1)) return make(word, "other");
  const value = ((word >>> 10) & 0xfff) * 2 ** size;
  return make(word, "load", { rd: word & 31, rn: (word >>> 5) & 31, value, detail: 2 ** size });
}

/** C4.1.95, "Data Processing -- Register": ORR, AND, ANDS of registers without shift. */
function decodeRegisters(word: number): Instruction {
  const rd = word & 31;
  const fields = { rd, rn: (word >>> 5) & 31, rm: (word >>> 16) & 31 };
  const isLogical = (word & 0x1f000000) === 0x0a000000;
  const isPlain = (word & 0x00e0fc00) === 0;
  if (!isLogical || !isPlain) return make(word, "other", { rd });
  const opcode = (word >>> 29) & 3;
  if (opcode === 1) return make(word, "or", fields);
  if (opcode === 0) return make(word, "and", fields);
  return make(word, opcode === 3 && rd === ZERO ? "test" : "other", fields);
}

/** Whether an instruction jumps on a condition. */
export function isConditional(instruction: Instruction): boolean {
  return instruction.operation.startsWith("branch");
}

/** Whether control never goes on to the next instruction. */
export function endsLine(instruction: Instruction): boolean {
  const { operation } = instruction;
  return operation === "jump" || operation === "return" || operation === "jump-register" || operation === "trap";
}
