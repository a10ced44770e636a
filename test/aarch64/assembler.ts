/** A small A64 assembler for test programs: instructions by name, labels, and an ELF64 around them. Encodings: Arm ARM C6.2. */

export const CODE = 0x400000;
export const DATA = 0x500000;
const HEADERS = 0x1000;

type Target = string | number;
type Fixup = (word: number, from: number, to: number) => number;

const near =
  (shift: number, bits: number, scale: number): Fixup =>
  (word, from, to) =>
    (word | ((((to - from) / scale) & (2 ** bits - 1)) << shift)) >>> 0;
const branch26 = near(0, 26, 4);
const branch19 = near(5, 19, 4);
const branch14 = near(5, 14, 4);
const conditions: Record<string, number> = { eq: 0, ne: 1, cs: 2, cc: 3, hi: 8, ls: 9 };

export class A64 {
  readonly words: number[] = [];
  readonly labels = new Map<string, number>();
  private readonly fixups: { index: number; target: Target; fixup: Fixup }[] = [];

  get here(): number {
    return CODE + HEADERS + 4 * this.words.length;
  }

  label(name: string): this {
    this.labels.set(name, this.here);
    return this;
  }

  word(...words: number[]): this {
    this.words.push(...words.map((word) => word >>> 0));
    return this;
  }

  private to(word: number, target: Target, fixup: Fixup): this {
    this.fixups.push({ index: this.words.length, target, fixup });
    return this.word(word);
  }

  b = (target: Target) => this.to(0x14000000, target, branch26);
  bl = (target: Target) => this.to(0x94000000, target, branch26);
  bcond = (condition: string, target: Target) => this.to(0x54000000 | conditions[condition]!, target, branch19);
  cbz = (register: number, target: Target) => this.to(0x34000000 | register, target, branch19);
  cbnz = (register: number, target: Target) => this.to(0x35000000 | register, target, branch19);
  tbz = (register: number, bit: number, target: Target) => this.to(0x36000000 | (bit << 19) | register, target, branch14);
  tbnz = (register: number, bit: number, target: Target) => this.to(0x37000000 | (bit << 19) | register, target, branch14);
  ret = () => this.word(0xd65f03c0);
  blr = (register: number) => this.word(0xd63f0000 | (register << 5));
  svc = () => this.word(0xd4000001);
  brk = () => this.word(0xd4200000);
  nop = () => this.word(0xd503201f);
  /** mov wd,#imm16 */
  movz = (d: number, value: number) => this.word(0x52800000 | (value << 5) | d);
  /** mov xd,#imm16 */
  movzx = (d: number, value: number) => this.word(0xd2800000 | (value << 5) | d);
  /** movk wd,#imm16,lsl #16 */
  movk = (d: number, value: number) => this.word(0x72a00000 | (value << 5) | d);
  /** mov xd,xm */
  mov = (d: number, m: number) => this.word(0xaa0003e0 | (m << 16) | d);
  /** mov wd,#-1 */
  minusOne = (d: number) => this.word(0x12800000 | d);
  /** orr wd,wn,wm */
  orr = (d: number, n: number, m: number) => this.word(0x2a000000 | (m << 16) | (n << 5) | d);
  /** orr wd,wn,#6 */
  orr6 = (d: number, n: number) => this.word(0x321f0400 | (n << 5) | d);
  /** orr wd,wn,#2 */
  orr2 = (d: number, n: number) => this.word(0x321f0000 | (n << 5) | d);
  /** and wd,wn,#15 */
  and15 = (d: number, n: number) => this.word(0x12000c00 | (n << 5) | d);
  /** and wd,wn,#1 */
  and1 = (d: number, n: number) => this.word(0x12000000 | (n << 5) | d);
  /** cmp wn,#imm12 */
  cmp = (n: number, value: number) => this.word(0x7100001f | (value << 10) | (n << 5));
  /** stp x29,x30,[sp,#-16]! */
  enter = () => this.word(0xa9bf7bfd);
  /** ldp x29,x30,[sp],#16; ret */
  leave = () => this.word(0xa8c17bfd).ret();

  /** ldr wd from an address in the data page: adrp xd; ldr wd,[xd,#offset]. */
  load(d: number, address: number, wide = false): this {
    const pages = (Math.floor(address / 4096) - Math.floor(this.here / 4096)) & 0x1fffff;
    this.word(0x90000000 | ((pages & 3) << 29) | ((pages >> 2) << 5) | d);
    const scale = wide ? 8 : 4;
    return this.word((wide ? 0xf9400000 : 0xb9400000) | (((address % 4096) / scale) << 10) | (d << 5) | d);
  }

  /** A static ELF64 whose entry is the label `_start`; `data` is loaded at DATA. */
  elf(data: Uint8Array): Uint8Array {
    for (const { index, target, fixup } of this.fixups) {
      const to = typeof target === "number" ? target : this.labels.get(target);
      if (to === undefined) throw new Error(`no label ${target}`);
      this.words[index] = fixup(this.words[index]!, CODE + HEADERS + 4 * index, to);
    }
    const codeSize = HEADERS + 4 * this.words.length;
    const dataOffset = Math.ceil(codeSize / 0x10000) * 0x10000;
    const file = new Uint8Array(dataOffset + data.length);
    const view = new DataView(file.buffer);
    file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setUint16(16, 2, true);
    view.setUint16(18, 183, true);
    view.setUint32(20, 1, true);
    view.setBigUint64(24, BigInt(this.labels.get("_start")!), true);
    view.setBigUint64(32, 64n, true);
    for (const [at, value] of [
      [52, 64],
      [54, 56],
      [56, 2],
    ] as const)
      view.setUint16(at, value, true);
    const segment = (at: number, flags: number, offset: number, address: number, size: number) => {
      view.setUint32(at, 1, true);
      view.setUint32(at + 4, flags, true);
      [offset, address, address, size, size, 0x10000].forEach((value, i) => {
        view.setBigUint64(at + 8 + 8 * i, BigInt(value), true);
      });
    };
    segment(64, 5, 0, CODE, codeSize);
    segment(120, 6, dataOffset, DATA, data.length);
    this.words.forEach((word, i) => {
      view.setUint32(HEADERS + 4 * i, word, true);
    });
    file.set(data, dataOffset);
    return file;
  }
}
