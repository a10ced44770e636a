/** Which general-purpose registers an instruction writes, the implicit ones included; a bit per register number. */

import { Encoding, type Instruction, OpcodeMap, Prefix } from "./instruction.js";
import { BYTE, EXTENSION, LOW, REG, RM, STRING } from "./writes.js";

const RAX = 1 << 0;
const RCX = 1 << 1;
const RDX = 1 << 2;
const RBX = 1 << 3;
const RSP = 1 << 4;
const RBP = 1 << 5;
const RSI = 1 << 6;
const RDI = 1 << 7;
const R11 = 1 << 11;
const ALL = 0xffff;
/** What a call may change: the stack pointer, and the registers that a System V callee need not preserve. */
const CALL = RAX | RCX | RDX | RSI | RDI | (1 << 8) | (1 << 9) | (1 << 10) | R11 | RSP;

const LETTERS: Readonly<Record<string, number>> = {
  ".": 0,
  r: REG,
  m: RM,
  x: REG | RM,
  R: REG | BYTE,
  M: RM | BYTE,
  X: REG | RM | BYTE,
  l: LOW,
  L: LOW | BYTE,
  a: RAX,
  c: RCX,
  d: RDX,
  b: RAX | RDX,
  i: RAX | RBX | RCX | RDX,
  s: RSP,
  p: LOW | RSP,
  f: RSP | RBP,
  w: LOW | RAX,
  q: RM | RAX,
  Q: RM | RAX | BYTE,
  C: CALL,
  S: RAX | RCX | R11,
  1: STRING | RSI,
  2: STRING | RDI,
  3: STRING | RSI | RDI,
  4: STRING | RSI | RAX,
  "?": EXTENSION,
  "*": ALL,
};

const PRIMARY =
  "MmRraa..MmRraa.." +
  "MmRraa..MmRraa.." +
  "MmRraa..MmRraa.." +
  "MmRraa.........." +
  "................" +
  "sssssssspppppppp" +
  "...r....srsr2211" +
  "................" +
  "??.?..XxMmRrmr.?" +
  "?wwwwwwwad..ss.a" +
  "aa..3333..224422" +
  "LLLLLLLLllllllll" +
  "Mmss..??ffss.?.s" +
  "MmMm...a.......?" +
  "ccc.aa..C...aa.." +
  "......??......M?";

const SECONDARY =
  "??rr.S.s........" +
  "..............?." +
  "mm..........??.." +
  ".bbb*s.*........" +
  "rrrrrrrrrrrrrrrr" +
  "r..............." +
  "................" +
  "........?.....?." +
  "................" +
  "MMMMMMMMMMMMMMMM" +
  "ssi.mm**ss*mmm?r" +
  "Qqrmrrrrr.?mrrrr" +
  "Xx...r.?llllllll" +
  ".......r........" +
  "................" +
  "................";

/** Of every opcode of the primary and the secondary map, in the terms of writes.ts. The engine has a copy. */
export const writes = new Int32Array(512);
for (let i = 0; i < 512; i++) writes[i] = LETTERS[(i < 256 ? PRIMARY : SECONDARY)[i & 255]!]!;

/**
 * The general-purpose registers that the instruction may write, in whole or in part: bit n for register n. None that it writes
 * is missing. Of a call these are what a System V callee may change; of `syscall` %rax, %rcx and %r11.
 */
export function writtenRegisters(insn: Instruction): number {
  if (insn.encoding !== Encoding.Legacy || insn.map > OpcodeMap.Secondary) return writtenElsewhere(insn);
  let what = writes[(insn.map << 8) | insn.opcode]!;
  if (what === 0) return 0;
  if ((what & EXTENSION) !== 0) what = byExtension(insn);
  let mask = what & ALL;
  if ((what & REG) !== 0) mask |= bit(insn, insn.reg, what);
  if ((what & RM) !== 0 && insn.modrm >= 0xc0) mask |= bit(insn, insn.rm, what);
  if ((what & LOW) !== 0) mask |= bit(insn, (insn.opcode & 7) | ((insn.rex & 1) << 3), what);
  if ((what & STRING) !== 0 && hasRepeat(insn)) mask |= RCX;
  return mask;
}

function bit(insn: Instruction, register: number, what: number): number {
  const isHighByte = (what & BYTE) !== 0 && insn.rex === 0 && register >= 4 && register < 8;
  return 1 << (isHighByte ? register - 4 : register);
}

function hasRepeat(insn: Instruction): boolean {
  return (insn.prefixes & (Prefix.Rep | Prefix.Repne)) !== 0;
}

/** The opcodes that do different things by /reg, mod or prefix, in the terms of `LETTERS`. */
function byExtension(insn: Instruction): number {
  const { opcode, extension } = insn;
  const isRegister = insn.modrm >= 0xc0;
  const isRep = (insn.prefixes & Prefix.Rep) !== 0;
  switch ((insn.map << 8) | opcode) {
    case 0x80:
      return extension === 7 ? 0 : RM | BYTE;
    case 0x81:
    case 0x83:
      return extension === 7 ? 0 : RM;
    case 0x8f:
      return RM | RSP;
    case 0x90:
      // nop and pause, but with REX.B `xchg %rax,%r8`.
      return (insn.rex & 1) !== 0 ? LOW | RAX : 0;
    case 0xc6:
      return insn.modrm === 0xf8 ? RAX : RM | BYTE;
    case 0xc7:
      // xbegin: %rax holds the reason where the transaction fails.
      return insn.modrm === 0xf8 ? RAX : RM;
    case 0xcd:
      // int $0x80 answers in %eax; Linux before 4.17 cleared %r8 to %r11.
      return RAX | (0xf << 8);
    case 0xdf:
      return insn.modrm === 0xe0 ? RAX : 0;
    case 0xf6:
      return extension < 2 ? 0 : extension < 4 ? RM | BYTE : RAX;
    case 0xf7:
      return extension < 2 ? 0 : extension < 4 ? RM : RAX | RDX;
    case 0xff:
      return extension < 2 ? RM : extension < 4 ? CALL : extension === 6 ? RSP : 0;
    case 0x100:
      return extension < 2 ? RM : 0;
    case 0x101:
      return systemInstruction(insn);
    case 0x11e:
      // rdssp; endbr64 and endbr32 stand beside it.
      return isRep && extension === 1 ? RM : 0;
    case 0x12c:
    case 0x12d:
      return hasRepeat(insn) ? REG : 0;
    case 0x178:
      return (insn.prefixes & (Prefix.OperandSize | Prefix.Repne)) !== 0 ? 0 : RM;
    case 0x17e:
      return isRep ? 0 : RM;
    case 0x1ae:
      // rdfsbase, rdgsbase.
      return isRep && isRegister && extension < 2 ? RM : 0;
    case 0x1ba:
      return extension === 4 ? 0 : RM;
    case 0x1c7:
      // cmpxchg8b and cmpxchg16b; rdrand, rdseed, rdpid.
      return isRegister ? RM : extension === 1 ? RAX | RDX : 0;
    default:
      return ALL;
  }
}

/** 0F 01. */
function systemInstruction(insn: Instruction): number {
  if (insn.modrm < 0xc0) return 0;
  switch (insn.modrm) {
    case 0xc8: // monitor
    case 0xc9: // mwait
    case 0xca: // clac
    case 0xcb: // stac
    case 0xd1: // xsetbv
    case 0xd5: // xend
    case 0xd6: // xtest
    case 0xef: // wrpkru
    case 0xf8: // swapgs
      return hasRepeat(insn) ? ALL : 0;
    case 0xd0: // xgetbv
    case 0xee: // rdpkru
      return hasRepeat(insn) ? ALL : RAX | RDX;
    case 0xf9: // rdtscp
      return RAX | RDX | RCX;
    default:
      // smsw, lmsw.
      return insn.extension === 4 ? RM : insn.extension === 6 ? 0 : ALL;
  }
}

/** 0F 38, 0F 3A, 3DNow!, VEX, EVEX and XOP: few write general-purpose registers, and those by the same opcodes in each. */
function writtenElsewhere(insn: Instruction): number {
  const { encoding, map, opcode } = insn;
  const reg = 1 << insn.reg;
  const rm = insn.modrm >= 0xc0 ? 1 << insn.rm : 0;
  if (encoding === Encoding.Xop) {
    if (map === OpcodeMap.Xop9) return opcode === 0x01 || opcode === 0x02 ? 1 << insn.vvvv : opcode === 0x12 ? rm : 0;
    return map === OpcodeMap.XopA && opcode === 0x10 ? reg : 0;
  }
  switch (map) {
    case OpcodeMap.Secondary:
    case OpcodeMap.Map5:
      // Conversions to integers; movmsk, pextrw, pmovmskb, kmov; movd and movq from vector registers.
      if (opcode === 0x2c || opcode === 0x2d || opcode === 0x50 || opcode === 0x93 || opcode === 0xc5 || opcode === 0xd7)
        return reg;
      if (encoding === Encoding.Evex && (opcode === 0x78 || opcode === 0x79)) return reg;
      return opcode === 0x7e ? rm : 0;
    case OpcodeMap.Map0F38:
      if (encoding === Encoding.Evex) return 0;
      // crc32, movbe, adcx, adox, andn, bextr, bzhi, pdep, pext, mulx, shifts, encodekey; blsr and its kin write vvvv.
      if ((opcode >= 0xf0 && opcode <= 0xf7) || opcode === 0xfa || opcode === 0xfb) {
        return encoding === Encoding.Vex && (opcode === 0xf3 || opcode === 0xf6) ? reg | (1 << insn.vvvv) : reg;
      }
      return encoding === Encoding.Vex && opcode >= 0xe0 && opcode <= 0xef ? reg | (1 << insn.vvvv) : 0;
    case OpcodeMap.Map0F3A:
      if (opcode >= 0x14 && opcode <= 0x17) return rm;
      if (opcode === 0x61 || opcode === 0x63) return RCX;
      return opcode === 0xf0 && encoding === Encoding.Vex ? reg : 0;
    default:
      return 0;
  }
}
