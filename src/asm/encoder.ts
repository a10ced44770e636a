/** Turns an opcode and its operands into bytes: prefixes, REX, opcode, ModRM, SIB, displacement, immediate, in that order. */

import { isMemory, type Memory, type Register } from "./operands.js";
import { little, Sections } from "./sections.js";

/** An immediate: its bytes, or a label whose address goes there. */
export type ImmediatePart = readonly number[] | { readonly label: string; readonly addend: number; readonly size: 4 | 8 };

export interface Encoding {
  /** Legacy and mandatory prefixes other than segment overrides (f0, f2, f3); 66 comes from `size`. */
  readonly prefixes?: readonly number[];
  readonly opcode: readonly number[];
  /** ModRM.reg: a register, or the opcode extension /0 to /7. */
  readonly reg?: Register | number;
  /** ModRM.rm. */
  readonly rm?: Register | Memory;
  /** The register in the low three bits of the last opcode byte (push, pop, mov imm, xchg). */
  readonly plus?: Register;
  readonly immediate?: ImmediatePart;
  /** Operand size in bytes: 8 sets REX.W, 2 sets the prefix 66. */
  readonly size: number;
}

/** Encodes single instructions into the current section (Intel SDM vol. 2A, chapter 2). */
export class Encoder extends Sections {
  #pendingLock = false;

  /** `lock` in front of the next instruction. */
  lock(): this {
    this.#pendingLock = true;
    return this;
  }

  protected encode(parts: Encoding): this {
    const { reg = 0, rm, plus, size } = parts;
    const out: number[] = [];
    if (this.#pendingLock) out.push(0xf0);
    this.#pendingLock = false;
    if (isMemory(rm) && rm.segment) out.push(rm.segment === "fs" ? 0x64 : 0x65);
    if (size === 2) out.push(0x66);
    out.push(...(parts.prefixes ?? []));
    const rex = rexOf(reg, rm, plus, size);
    if (rex) out.push(rex);
    const opcode = [...parts.opcode];
    if (plus) opcode[opcode.length - 1] |= plus.number & 7;
    out.push(...opcode);

    let dispAt = -1;
    if (rm) {
      const field = (typeof reg === "number" ? reg : reg.number) & 7;
      if (!isMemory(rm)) out.push(0xc0 | (field << 3) | (rm.number & 7));
      else {
        const form = memoryForm(rm);
        out.push((form.mod << 6) | (field << 3) | form.rm, ...form.sib);
        dispAt = out.length;
        out.push(...little(rm.label === undefined ? rm.disp : 0, form.dispSize));
      }
    }
    const immAt = out.length;
    const imm = parts.immediate;
    if (imm) out.push(...("label" in imm ? new Array<number>(imm.size).fill(0) : imm));

    const start = this.here;
    this.bytes(...out);
    if (isMemory(rm) && rm.label !== undefined) this.fixup("rel32", start + dispAt, rm.label, rm.disp, this.here);
    if (imm && "label" in imm) this.fixup(imm.size === 8 ? "abs64" : "abs32", start + immAt, imm.label, imm.addend, 0);
    return this;
  }
}

/** REX, or 0 where none is needed. The low bytes of rsp, rbp, rsi and rdi need an empty one (SDM vol. 2A, 3.1.1.1). */
function rexOf(reg: Register | number, rm: Register | Memory | undefined, plus: Register | undefined, size: number): number {
  const high = (r: Register | undefined, bit: number): number => (r && r.number > 7 ? bit : 0);
  const odd = (r: Register | number | Memory | undefined): boolean =>
    typeof r === "object" && r.kind === "register" && r.size === 1 && r.number > 3 && r.number < 8;
  let rex = size === 8 ? 8 : 0;
  if (typeof reg === "object") rex |= high(reg, 4);
  if (isMemory(rm)) rex |= high(rm.index, 2) | high(rm.base, 1);
  else rex |= high(rm, 1);
  rex |= high(plus, 1);
  return rex || odd(reg) || odd(rm) || odd(plus) ? 0x40 | rex : 0;
}

interface Form {
  readonly mod: number;
  readonly rm: number;
  readonly sib: readonly number[];
  readonly dispSize: 0 | 1 | 4;
}

/** ModRM and SIB of a memory operand (SDM vol. 2A, tables 2-2 and 2-3). */
function memoryForm(memory: Memory): Form {
  const { base, index, scale, disp } = memory;
  if (memory.label !== undefined) return { mod: 0, rm: 5, sib: [], dispSize: 4 };
  if (index?.number === 4) throw new Error("rsp cannot be an index");
  const scaled = (Math.log2(scale) << 6) | ((index ? index.number & 7 : 4) << 3);
  if (!base) return { mod: 0, rm: 4, sib: [scaled | 5], dispSize: 4 };
  const low = base.number & 7;
  // Base 5 (rbp, r13) without a displacement would mean "disp32 alone", so it carries a zero byte.
  const dispSize = memory.wide || disp < -128 || disp > 127 ? 4 : disp !== 0 || low === 5 ? 1 : 0;
  const mod = dispSize === 4 ? 2 : dispSize;
  if (index || low === 4) return { mod, rm: 4, sib: [scaled | low], dispSize };
  return { mod, rm: low, sib: [], dispSize };
}
