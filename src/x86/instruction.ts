/** One decoded x86-64 instruction, as a reusable record: the decoder fills it in, nothing is allocated per instruction. */

/** Prefix bits (Intel SDM vol. 2A, 2.1.1). Of several segment overrides the last one counts, as the processor does. */
export const Prefix = {
  Lock: 1 << 0,
  Repne: 1 << 1,
  Rep: 1 << 2,
  OperandSize: 1 << 3,
  AddressSize: 1 << 4,
  /** A %fs override (0x64) is in effect. */
  Fs: 1 << 5,
  /** A %gs override (0x65) is in effect. */
  Gs: 1 << 6,
  /** 0x26, 0x2e, 0x36, 0x3e: ignored in 64-bit mode (branch hints, notrack). */
  OtherSegment: 1 << 7,
} as const;

/** Opcode maps. */
export const OpcodeMap = {
  Primary: 0,
  /** 0F */
  Secondary: 1,
  /** 0F 38 */
  Map0F38: 2,
  /** 0F 3A */
  Map0F3A: 3,
  /** 0F 0F, AMD 3DNow!; `opcode` is the trailing suffix byte. */
  ThreeDNow: 4,
  /** EVEX map 5 and 6 (AVX512-FP16), XOP maps 8 to 10 keep their own numbers. */
  Map5: 5,
  Map6: 6,
  Xop8: 8,
  Xop9: 9,
  XopA: 10,
} as const;

export const Encoding = { Legacy: 0, Vex: 1, Evex: 2, Xop: 3 } as const;

/** What happens to control after the instruction. */
export const Flow = {
  Next: 0,
  /** jmp rel8/rel32: `target` is valid. */
  Jump: 1,
  /** jcc, loop, jrcxz, xbegin: `target` is valid, or falls through. */
  Branch: 2,
  /** call rel32: `target` is valid. */
  Call: 3,
  IndirectJump: 4,
  IndirectCall: 5,
  /** ret, iret, sysret, sysexit. */
  Return: 6,
  /** syscall, sysenter, int n: control comes back. */
  SystemCall: 7,
  /** ud0, ud1, ud2, hlt, int3: control does not come back in a well-behaved program. */
  Trap: 8,
} as const;

/** Register numbers are the encoding's: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi, 8 to 15. */
export const RIP = 16;
export const NONE = -1;

/** `disp` and `imm` begin as -0, so that V8 keeps them as floating point from the start and does not lay all code out anew at the first large one. */
export class Instruction {
  /** Offset in the decoded bytes. */
  offset = 0;
  /** 1 to 15 bytes. */
  length = 0;
  /** Bits of `Prefix`. */
  prefixes = 0;
  /** REX byte (0x40 to 0x4f) or 0; for VEX, EVEX and XOP the equivalent W R X B bits in the same places. */
  rex = 0;
  /** A value of `Encoding`. */
  encoding = 0;
  /** A value of `OpcodeMap`. */
  map = 0;
  opcode = 0;
  /** Offset of the opcode byte inside the instruction. */
  opcodeAt = 0;
  /** VEX, EVEX and XOP alone, else without meaning: the register in vvvv, 0 to 15 (of EVEX without V'). */
  vvvv = 0;
  /** ModRM byte or NONE. Of 0F 20 to 0F 23 (%cr, %dr) with mod 3, as the processor takes it. */
  modrm: number = NONE;
  /** SIB byte or NONE. */
  sib: number = NONE;
  /** Size of the displacement in bytes (0, 1, 4; 8 for moffs) and where it stands inside the instruction. */
  dispSize = 0;
  dispAt = 0;
  /** Sign-extended displacement (for moffs: low 53 bits as a number). */
  disp = -0;
  /** Size of the immediate in bytes (0, 1, 2, 4, 8; 3 for enter) and where it stands inside the instruction. */
  immSize = 0;
  immAt = 0;
  /** Sign-extended immediate; of an 8-byte one as far as a number holds it exactly, else its nearest number. */
  imm = -0;
  /** A value of `Flow`. */
  flow = 0;
  /** Offset (same space as `offset`) where a direct jump, branch or call goes; may lie outside the bytes. */
  target = 0;

  /** ModRM.mod, 0 to 3; NONE without ModRM. */
  get mod(): number {
    return this.modrm < 0 ? NONE : this.modrm >> 6;
  }
  /** ModRM.reg with REX.R. */
  get reg(): number {
    return ((this.modrm >> 3) & 7) | ((this.rex & 4) << 1);
  }
  /** ModRM.reg alone: the opcode extension /0 to /7. */
  get extension(): number {
    return (this.modrm >> 3) & 7;
  }
  /** ModRM.rm with REX.B: the register operand where mod is 3. */
  get rm(): number {
    return (this.modrm & 7) | ((this.rex & 1) << 3);
  }
  /** Whether there is a memory operand through ModRM. */
  get hasMemory(): boolean {
    return this.modrm >= 0 && this.modrm < 0xc0;
  }
  /** Base register of the memory operand: 0 to 15, RIP, or NONE. */
  get base(): number {
    if (!this.hasMemory) return NONE;
    const rm = this.modrm & 7;
    const mod = this.modrm >> 6;
    if (rm === 4) {
      const base = this.sib & 7;
      return base === 5 && mod === 0 ? NONE : base | ((this.rex & 1) << 3);
    }
    if (rm === 5 && mod === 0) return RIP;
    return rm | ((this.rex & 1) << 3);
  }
  /** Index register of the memory operand, or NONE. */
  get index(): number {
    if (!this.hasMemory || (this.modrm & 7) !== 4) return NONE;
    const index = ((this.sib >> 3) & 7) | ((this.rex & 2) << 2);
    return index === 4 ? NONE : index;
  }
  /** Scale of the index: 1, 2, 4, 8. */
  get scale(): number {
    return this.sib < 0 ? 1 : 1 << (this.sib >> 6);
  }
  get isGs(): boolean {
    return (this.prefixes & Prefix.Gs) !== 0;
  }
  get isFs(): boolean {
    return (this.prefixes & Prefix.Fs) !== 0;
  }
  /** REX.W or its VEX/EVEX/XOP equivalent. */
  get wide(): boolean {
    return (this.rex & 8) !== 0;
  }
}
