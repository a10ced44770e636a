/** One instruction as text in AT&T syntax, in the words of objdump; targets and constants are written with 0x. */

import { Encoding, Flow, type Instruction, NONE, OpcodeMap, Prefix, RIP } from "./instruction.js";
import { mnemonic } from "./mnemonics.js";
import { NAMES32, NAMES64, registerName, type Size } from "./register-names.js";

type NameOf = (address: number) => string | undefined;

/** String instructions A4 to AF, 6C to 6F: name, and operands with `A` for the accumulator. */
const STRINGS: Readonly<Record<number, string>> = {
  108: "ins% (%dx),%es:(%rdi)",
  110: "outs% %ds:(%rsi),(%dx)",
  164: "movs% %ds:(%rsi),%es:(%rdi)",
  166: "cmps% %es:(%rdi),%ds:(%rsi)",
  170: "stos A,%es:(%rdi)",
  172: "lods %ds:(%rsi),A",
  174: "scas %es:(%rdi),A",
};

/**
 * The text of a decoded instruction, such as `mov %gs:0x30,%rax` or `jne 0x401234 <main>`.
 *
 * `code` holds the bytes at the offsets that `insn` speaks of; `address` is where the instruction runs, and with it its targets
 * are told; `nameOf` may know a name for one. Where the mnemonic is not known, the bytes are returned: `(c5 f8 77)`.
 */
export function format(insn: Instruction, code: Uint8Array, address: number, nameOf?: NameOf): string {
  return new Text(insn, code, address, nameOf).whole() ?? bytesOf(insn, code);
}

function bytesOf(insn: Instruction, code: Uint8Array): string {
  const bytes = code.subarray(insn.offset, insn.offset + insn.length);
  return `(${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")})`;
}

class Text {
  private readonly insn: Instruction;
  private readonly code: Uint8Array;
  private readonly address: number;
  private readonly nameOf: NameOf | undefined;
  /** Prefixes that the text does not speak of yet; where some are left over, the text would be wrong. */
  private open: number;
  private wideIsOpen: boolean;
  private comment = "";

  constructor(insn: Instruction, code: Uint8Array, address: number, nameOf: NameOf | undefined) {
    this.insn = insn;
    this.code = code;
    this.address = address;
    this.nameOf = nameOf;
    this.open = insn.prefixes;
    this.wideIsOpen = insn.wide;
  }

  whole(): string | undefined {
    const { insn } = this;
    if (insn.encoding !== Encoding.Legacy) return undefined;
    const text = this.special() ?? this.fromTable();
    if (text === undefined) return undefined;
    const before = this.leading(text);
    if (this.open !== 0 || this.wideIsOpen) return undefined;
    return before + text + this.comment;
  }

  /** The opcodes whose name depends on more than the table can say. */
  private special(): string | undefined {
    const { insn } = this;
    if (insn.map === OpcodeMap.Secondary && insn.opcode === 0xc7 && insn.hasMemory && insn.extension === 1) {
      return `${this.takesWide() ? "cmpxchg16b" : "cmpxchg8b"} ${this.memory()}`;
    }
    if (insn.map === OpcodeMap.Map0F38 && insn.opcode === 0xf1 && (insn.prefixes & Prefix.Repne) !== 0) {
      this.open &= ~Prefix.Repne;
      const size = this.variableSize();
      return `crc32${size} ${this.modrm(size)},${registerName(insn.reg, size === "q" ? "q" : "l", insn)}`;
    }
    if (insn.map !== OpcodeMap.Primary) return undefined;
    const { opcode } = insn;
    if (opcode === 0x90 && (insn.prefixes & Prefix.Rep) === 0) {
      if ((insn.rex & 1) !== 0) return `xchg ${this.operand("Av")},${this.operand("Zv")}`;
      if (insn.rex !== 0) return undefined;
      return this.takes(Prefix.OperandSize) ? "xchg %ax,%ax" : "nop";
    }
    if (opcode === 0x98) return { w: "cbtw", l: "cwtl", q: "cltq" }[this.variableSize() as "w"];
    if (opcode === 0x99) return { w: "cwtd", l: "cltd", q: "cqto" }[this.variableSize() as "w"];
    if (opcode === 0x63) return this.takesWide() ? `movslq ${this.modrm("l")},${registerName(insn.reg, "q", insn)}` : undefined;
    if (opcode >= 0xb8 && opcode <= 0xbf) {
      const size = this.variableSize();
      return `${size === "q" ? "movabs" : "mov"} ${this.immediate(size)},${this.lowRegister(size)}`;
    }
    if (opcode === 0xc8) {
      return `enter $0x${(insn.imm & 0xffff).toString(16)},$0x${((insn.imm >> 16) & 0xff).toString(16)}`;
    }
    const string = STRINGS[opcode & 0xfe];
    if (string === undefined) return undefined;
    const size = (opcode & 1) === 0 ? "b" : this.variableSize();
    if ((opcode & 0xfc) === 0x6c && size === "q") return undefined;
    const isCompare = (opcode & 0xf6) === 0xa6;
    const repeat = this.takes(Prefix.Rep) ? (isCompare ? "repz " : "rep ") : this.takes(Prefix.Repne) ? "repnz " : "";
    return repeat + string.replace("%", string.includes("A") ? "%" : size).replace("A", registerName(0, size, insn));
  }

  private fromTable(): string | undefined {
    const entry = this.lookUp();
    if (entry === undefined) return undefined;
    const blank = entry.indexOf(" ");
    const name = blank < 0 ? entry : entry.slice(0, blank);
    const operands = blank < 0 ? [] : entry.slice(blank + 1).split(",");
    const texts: string[] = [];
    for (const operand of operands) {
      const text = this.operand(operand);
      if (text === undefined) return undefined;
      texts.push(text);
    }
    const written = this.nameWithSuffix(name, operands);
    return texts.length === 0 ? written : `${written} ${texts.join(",")}`;
  }

  private lookUp(): string | undefined {
    const { insn } = this;
    const map = ["", "0f", "0f38", "0f3a"][insn.map];
    if (map === undefined) return undefined;
    const key = map + insn.opcode.toString(16).padStart(2, "0");
    const repeat = insn.prefixes & (Prefix.Rep | Prefix.Repne);
    const mandatory =
      repeat === Prefix.Rep
        ? "f3."
        : repeat === Prefix.Repne
          ? "f2."
          : repeat === 0 && this.has(Prefix.OperandSize)
            ? "66."
            : "np.";
    const ends = [`=${insn.modrm.toString(16)}`, insn.modrm >= 0xc0 ? "/r" : "", `/${insn.extension}`, ""];
    // Of one byte, `pause` is the only opcode with a prefix of its own.
    const mayHaveOwn = insn.map !== OpcodeMap.Primary || insn.opcode === 0x90;
    const entry = mayHaveOwn ? mnemonic(mandatory + key, ends) : undefined;
    if (entry === undefined) return mnemonic(key, ends);
    this.open &= ~(mandatory === "66." ? Prefix.OperandSize : mandatory === "np." ? 0 : Prefix.Rep | Prefix.Repne);
    return entry;
  }

  /** objdump adds a suffix where no register operand tells the size. */
  private nameWithSuffix(name: string, operands: readonly string[]): string {
    const size = (operands.find((operand) => operand[0] === "E")?.[1] ?? "") as string;
    const destination = operands[operands.length - 1] ?? "";
    if (name.includes("%")) return name.replace("%", this.sizeOf(destination[1]!));
    if (name.includes("@")) return name.replace("@", this.insn.wide ? "q" : "d").replace("!", "");
    if (name.endsWith("!")) return name.slice(0, -1);
    const isPlain = !operands.some((operand) => "GZA".includes(operand[0]!) && operand !== "$1");
    return size !== "" && size !== "t" && isPlain && this.insn.hasMemory ? name + this.sizeOf(size) : name;
  }

  private operand(spec: string): string | undefined {
    const { insn } = this;
    const size = this.sizeOf(spec[1] ?? "");
    switch (spec[0]) {
      case "E":
        return this.modrm(size);
      case "*":
        return `*${this.modrm("q")}`;
      case "M":
        return insn.hasMemory ? this.memory() : undefined;
      case "G":
        return registerName(insn.reg, size, insn);
      case "Z":
        return this.lowRegister(size);
      case "A":
        return registerName(0, size, insn);
      case "I":
        return `$0x${(insn.imm & (spec[1] === "w" ? 0xffff : 0xff)).toString(16)}`;
      case "S":
        return this.immediate(size);
      case "V":
        return `%xmm${insn.reg}`;
      case "W":
        return insn.hasMemory ? this.memory() : `%xmm${insn.rm}`;
      case "P":
        return `%mm${insn.reg & 7}`;
      case "Q":
        return insn.hasMemory ? this.memory() : `%mm${insn.rm & 7}`;
      case "O":
        return this.has(Prefix.AddressSize) ? undefined : `${this.segment()}0x${this.unsigned(insn.dispAt, 8)}`;
      case "J":
        return this.target();
      case "$":
        return "$1";
      default:
        return spec;
    }
  }

  private target(): string {
    const target = this.address + (this.insn.target - this.insn.offset);
    return `${hex(target)}${this.named(target)}`;
  }

  private named(address: number): string {
    const name = this.nameOf?.(address);
    return name === undefined ? "" : ` <${name}>`;
  }

  private modrm(size: Size): string {
    return this.insn.hasMemory ? this.memory() : registerName(this.insn.rm, size, this.insn);
  }

  private memory(): string {
    const { insn } = this;
    const names = this.takes(Prefix.AddressSize) ? NAMES32 : NAMES64;
    const { base, index, disp } = insn;
    const segment = this.segment();
    if (base === RIP) {
      const target = this.address + insn.length + disp;
      this.comment = `  # ${hex(target)}${this.named(target)}`;
      return `${segment}${hex(disp)}(%${names === NAMES32 ? "eip" : "rip"})`;
    }
    if (base === NONE && index === NONE)
      return segment + (disp < 0 ? `0x${BigInt.asUintN(64, BigInt(disp)).toString(16)}` : hex(disp));
    const shown = insn.dispSize === 0 ? "" : hex(disp);
    const inner = base === NONE ? "" : `%${names[base]}`;
    return `${segment}${shown}(${inner}${index === NONE ? "" : `,%${names[index]},${insn.scale}`})`;
  }

  private segment(): string {
    if (this.takes(Prefix.Fs)) return "%fs:";
    return this.takes(Prefix.Gs) ? "%gs:" : "";
  }

  private immediate(size: Size): string {
    const { insn } = this;
    if (insn.immSize === 8) return `$0x${this.unsigned(insn.immAt, 8)}`;
    if (size === "q") return `$0x${BigInt.asUintN(64, BigInt(insn.imm)).toString(16)}`;
    return `$0x${(size === "l" ? insn.imm >>> 0 : size === "w" ? insn.imm & 0xffff : insn.imm & 0xff).toString(16)}`;
  }

  /** Bytes of the instruction as an unsigned hexadecimal number. */
  private unsigned(at: number, size: number): string {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.code[this.insn.offset + at + i]!);
    return value.toString(16);
  }

  private lowRegister(size: Size): string {
    return registerName((this.insn.opcode & 7) | ((this.insn.rex & 1) << 3), size, this.insn);
  }

  private variableSize(): Size {
    if (this.takesWide()) return "q";
    return this.takes(Prefix.OperandSize) ? "w" : "l";
  }

  private sizeOf(letter: string): Size {
    if (letter === "v") return this.variableSize();
    if (letter === "y") return this.takesWide() ? "q" : "l";
    if (letter === "z") return this.takes(Prefix.OperandSize) ? "w" : "l";
    if (letter === "t") return this.takes(Prefix.OperandSize) ? "w" : "q";
    return letter as Size;
  }

  private has(prefix: number): boolean {
    return (this.insn.prefixes & prefix) !== 0;
  }

  private takes(prefix: number): boolean {
    this.open &= ~prefix;
    return this.has(prefix);
  }

  private takesWide(): boolean {
    this.wideIsOpen = false;
    return this.insn.wide;
  }

  /** lock, bnd, notrack, repz ret, and the padding of long nops. */
  private leading(text: string): string {
    const { insn } = this;
    let before = "";
    if (this.takes(Prefix.Lock)) before += "lock ";
    const isNear = insn.flow !== Flow.Next && insn.flow <= Flow.Return;
    if ((this.open & Prefix.Repne) !== 0 && isNear && this.takes(Prefix.Repne)) before += "bnd ";
    if ((this.open & Prefix.Rep) !== 0 && insn.flow === Flow.Return && this.takes(Prefix.Rep)) before += "repz ";
    if ((this.open & Prefix.OtherSegment) === 0) return before;
    const prefixes = this.code.subarray(insn.offset, insn.offset + insn.opcodeAt);
    const others = prefixes.filter((byte) => byte === 0x2e || byte === 0x3e || byte === 0x26 || byte === 0x36);
    if (others.length !== 1) return before;
    if (others[0] === 0x3e && (insn.flow === Flow.IndirectJump || insn.flow === Flow.IndirectCall)) before += "notrack ";
    else if (others[0] === 0x2e && text.startsWith("nop")) {
      before += `${"data16 ".repeat(Math.max(0, prefixes.filter((byte) => byte === 0x66).length - 1))}cs `;
    } else return before;
    this.open &= ~Prefix.OtherSegment;
    return before;
  }
}

/** `0x1f`, `-0x8`. */
function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
