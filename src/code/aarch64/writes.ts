/** Which general-purpose registers an A64 instruction may change. Where the encoding is not looked into, it errs to yes. */

/** x0 to x18 and the link register: what a call may change (AAPCS64 6.1.1). */
export const CHANGED_BY_CALLS = 0x4007ffff;

/** A bit per register x0 to x30 that may be changed by the instruction. */
export function writtenRegisters(word: number): number {
  const group = (word >>> 25) & 15;
  if (group === 8 || group === 9) return bit(word & 31);
  if (group === 10 || group === 11) return writtenByBranch(word);
  if ((group & 5) === 4) return writtenByMemory(word);
  if ((group & 7) === 5) return isConditionalCompare(word) ? 0 : bit(word & 31);
  if (group === 7 || group === 15) return writtenByVector(word);
  // SVE can count into a general register.
  return group === 2 ? bit(word & 31) : 0;
}

function bit(register: number): number {
  return register === 31 ? 0 : 1 << register;
}

/** CCMP and CCMN (C4.1.95.5, C4.1.95.6) hold flags where others have a destination. */
function isConditionalCompare(word: number): boolean {
  return (word & 0x1fe00000) === 0x1a400000;
}

function writtenByBranch(word: number): number {
  // BL; BLR with and without pointer authentication.
  const isCall = word >>> 26 === 37 || (word & 0xfee00000) >>> 0 === 0xd6200000;
  if (isCall) return CHANGED_BY_CALLS;
  // SVC: Linux and FreeBSD give their result in x0, FreeBSD also uses x1.
  if ((word & 0xff000000) >>> 0 === 0xd4000000) return 3;
  // MRS and SYSL.
  return (word & 0xffe00000) >>> 0 === 0xd5200000 || (word & 0xfff00000) >>> 0 === 0xd5300000 ? bit(word & 31) : 0;
}

/** C4.1.94, "Loads and Stores". */
function writtenByMemory(word: number): number {
  const rt = bit(word & 31);
  const rn = bit((word >>> 5) & 31);
  const second = bit((word >>> 10) & 31);
  const isVector = (word & 0x4000000) !== 0;
  const isLoad = (word & 0x400000) !== 0;
  const kind = (word >>> 28) & 3;
  // Exclusive, ordered and compare-and-swap forms: the status or compared register too, with the one after it.
  if (kind === 0 && !isVector) {
    const status = bit((word >>> 16) & 31);
    return rt | second | status | (status << 1);
  }
  if (kind === 0) return (word & 0x800000) !== 0 ? rn : 0;
  if (kind === 1) return isVector ? 0 : rt;
  const loaded = (registers: number) => (isVector ? 0 : registers);
  if (kind === 2) return (isLoad ? loaded(rt | second) : 0) | ((word & 0x800000) !== 0 ? rn : 0);
  const opcode = (word >>> 22) & 3;
  const isPrefetch = word >>> 30 === 3 && opcode === 2;
  const isUnsignedOffset = (word & 0x1000000) !== 0;
  if (isUnsignedOffset) return opcode === 0 || isPrefetch ? 0 : loaded(rt);
  const isIndexed = (word & 0x200000) === 0 && (word & 0x400) !== 0;
  const isAtomic = (word & 0x200000) !== 0 && (word & 0xc00) !== 0x800;
  const result = opcode !== 0 || isAtomic ? loaded(rt) : 0;
  return result | (isIndexed || isAtomic ? rn : 0);
}

/** FMOV and FCVT* to general registers, UMOV and SMOV (C4.1.96). */
function writtenByVector(word: number): number {
  const fromFloat = (word & 0x5f20fc00) === 0x1e200000;
  const fromLane = (word & 0xbfe0fc00) === 0x0e003c00 || (word & 0xbfe0fc00) === 0x0e002c00;
  const fixedPoint = (word & 0x5f200000) === 0x1e000000;
  return fromFloat || fromLane || fixedPoint ? bit(word & 31) : 0;
}
