/** Which general-purpose registers an instruction reads, the implicit ones and addresses included; a bit per register number. */

import { Encoding, type Instruction, NONE, OpcodeMap } from "./instruction.js";

const RAX = 1 << 0;
const RDX = 1 << 2;
const RSP = 1 << 4;
const RBP = 1 << 5;
const RDI = 1 << 7;
const ALL = 0xffff;

/**
 * The general-purpose registers that the instruction may read, addresses included: bit n for register n. None that it reads is
 * missing. Exact for moves, arithmetic and jumps; of rarer instructions it may name registers that they do not read, up to all.
 */
export function readRegisters(insn: Instruction): number {
  const { map, opcode } = insn;
  const address = addressRegisters(insn);
  const reg = insn.modrm < 0 ? 0 : (1 << insn.reg) | highByte(insn, insn.reg);
  const rm = insn.modrm < 0xc0 ? 0 : (1 << insn.rm) | highByte(insn, insn.rm);
  const low = 1 << ((opcode & 7) | ((insn.rex & 1) << 3));
  // %rdx is read by mulx, %rax and %rdx by vpcmpestr, %rdi by vmaskmovdqu.
  if (insn.encoding !== Encoding.Legacy) return address | reg | rm | (1 << insn.vvvv) | RAX | RDX | RDI;
  if (map > OpcodeMap.Secondary) return address | reg | rm | RAX | RDX;
  if (map === OpcodeMap.Secondary) {
    // movzx and movsx only write their register, setcc its operand.
    if (opcode === 0xb6 || opcode === 0xb7 || opcode === 0xbe || opcode === 0xbf) return address | rm;
    if ((opcode & 0xf0) === 0x90 || opcode === 0x1f) return address;
    if ((opcode & 0xf0) === 0x40 || opcode === 0xaf) return address | reg | rm;
    if ((opcode & 0xf0) === 0x80) return 0;
    return (opcode & 0xf8) === 0xc8 ? low : ALL;
  }
  if (opcode < 0x40) return (opcode & 7) < 4 ? address | reg | rm : RAX;
  if (opcode >= 0x70 && opcode <= 0x7f) return 0;
  if (opcode >= 0xb0 && opcode <= 0xbf) return 0;
  if ((opcode & 0xf8) === 0x50) return RSP | low;
  if ((opcode & 0xf8) === 0x58) return RSP;
  switch (opcode) {
    case 0x68:
    case 0x6a:
    case 0xc3:
    case 0xe8:
      return RSP;
    case 0x63:
    case 0x69:
    case 0x6b:
    case 0x80:
    case 0x81:
    case 0x83:
    case 0x8a:
    case 0x8b:
    case 0x8d:
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xfe:
      return address | rm;
    case 0x84:
    case 0x85:
    case 0x86:
    case 0x87:
      return address | reg | rm;
    case 0x88:
    case 0x89:
      return address | reg;
    case 0xc6:
    case 0xc7:
      return address;
    case 0xc9:
      return RSP | RBP;
    case 0xe9:
    case 0xeb:
      return 0;
    case 0xff:
      return insn.extension < 2 || insn.extension === 4 ? address | rm : address | rm | RSP;
    default:
      return ALL;
  }
}

/** Base and index of the memory operand; the index may be a vector register's number. */
function addressRegisters(insn: Instruction): number {
  const { base, index } = insn;
  return (base === NONE || base > 15 ? 0 : 1 << base) | (index === NONE ? 0 : 1 << index);
}

/** The register of which `register` may be the high byte, in case the operand is a byte. */
function highByte(insn: Instruction, register: number): number {
  return insn.rex === 0 && insn.encoding === Encoding.Legacy && register >= 4 && register < 8 ? 1 << (register - 4) : 0;
}
