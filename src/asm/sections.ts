/** Sections, labels and fixups: what the assembler writes into, and how addresses are filled in once they are known. */

export type SectionName = "text" | "rodata" | "data" | "bss";
export const SECTION_NAMES: readonly SectionName[] = ["text", "rodata", "data", "bss"];

/** How a place is filled in: relative ones count from `from`, the end of their instruction (Intel SDM vol. 2A, 2.2.1.6). */
export type FixupKind = "rel8" | "rel32" | "abs32" | "abs64";

export interface Fixup {
  readonly section: SectionName;
  readonly at: number;
  readonly kind: FixupKind;
  readonly label: string;
  readonly addend: number;
  readonly from: number;
}

export interface Label {
  readonly name: string;
  readonly section: SectionName;
  readonly offset: number;
  /** Functions and objects become symbols where a writer is asked for them; a plain label never does. */
  readonly type: "plain" | "function" | "object";
}

/** A place that a test wants to find again: which kind of site, and where. */
export interface Mark {
  readonly kind: string;
  readonly section: SectionName;
  readonly offset: number;
}

/** Where the writer puts each section. */
export type SectionAddresses = Readonly<Record<SectionName, number>>;

/** Base of the assembler: four sections of bytes, one of them current. */
export class Sections {
  readonly #bytes: Record<SectionName, number[]> = { text: [], rodata: [], data: [], bss: [] };
  readonly #labels = new Map<string, Label>();
  readonly #fixups: Fixup[] = [];
  readonly #marks: Mark[] = [];
  #fresh = 0;
  protected current: SectionName = "text";

  /** Makes `name` the section that everything after goes to. */
  section(name: SectionName): this {
    this.current = name;
    return this;
  }

  /** Offset in the current section. */
  get here(): number {
    return this.#bytes[this.current].length;
  }

  get labels(): readonly Label[] {
    return [...this.#labels.values()];
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  size(name: SectionName): number {
    return this.#bytes[name].length;
  }

  /** A label here. */
  label(name: string, type: Label["type"] = "plain"): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} is there already`);
    this.#labels.set(name, { name, section: this.current, offset: this.here, type });
    return this;
  }

  /** A label name that no one else uses, for branches inside a building block. */
  fresh(stem: string): string {
    this.#fresh += 1;
    return `.${stem}${this.#fresh}`;
  }

  /** A label here that becomes a function symbol. */
  func(name: string): this {
    return this.label(name, "function");
  }

  /** A label here that becomes an object symbol. */
  object(name: string): this {
    return this.label(name, "object");
  }

  /** Notes the place of what comes next, for tests. */
  mark(kind: string): this {
    this.#marks.push({ kind, section: this.current, offset: this.here });
    return this;
  }

  bytes(...values: readonly (number | Uint8Array)[]): this {
    const to = this.#bytes[this.current];
    for (const value of values) {
      if (typeof value === "number") to.push(value & 0xff);
      else for (const byte of value) to.push(byte);
    }
    return this;
  }

  ascii(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  u16(value: number): this {
    return this.bytes(...little(value, 2));
  }

  u32(value: number): this {
    return this.bytes(...little(value, 4));
  }

  u64(value: number | bigint): this {
    return this.bytes(...little(value, 8));
  }

  zeros(count: number): this {
    return this.bytes(new Uint8Array(count));
  }

  /** Up to the next multiple: with nops of one byte in text (cc would trap), with zeros elsewhere. */
  align(multiple: number): this {
    const fill = this.current === "text" ? 0x90 : 0;
    while (this.here % multiple !== 0) this.bytes(fill);
    return this;
  }

  /** The address of a label in 8 bytes. */
  pointer(label: string, addend = 0): this {
    this.fixup("abs64", this.here, label, addend, 0);
    return this.zeros(8);
  }

  /** Asks for a place in the current section to be filled in later. */
  fixup(kind: FixupKind, at: number, label: string, addend: number, from: number): void {
    this.#fixups.push({ section: this.current, at, kind, label, addend, from });
  }

  /** Address of a label once the sections have their places. */
  addressOf(name: string, addresses: SectionAddresses): number {
    const label = this.#labels.get(name);
    if (!label) throw new Error(`label ${name} is nowhere`);
    return addresses[label.section] + label.offset;
  }

  /** The finished bytes of one section. Fixups by absolute address are refused where the program may load anywhere. */
  link(name: SectionName, addresses: SectionAddresses, positionIndependent = false): Uint8Array {
    const out = Uint8Array.from(this.#bytes[name]);
    for (const fixup of this.#fixups) {
      if (fixup.section !== name) continue;
      const target = this.addressOf(fixup.label, addresses) + fixup.addend;
      const absolute = fixup.kind === "abs32" || fixup.kind === "abs64";
      if (absolute && positionIndependent)
        throw new Error(`absolute address of ${fixup.label} in a position-independent program`);
      const value = absolute ? target : target - (addresses[name] + fixup.from);
      const size = fixup.kind === "rel8" ? 1 : fixup.kind === "abs64" ? 8 : 4;
      const limit = 2 ** (size * 8 - 1);
      if (size < 8 && (value < -limit || value >= (absolute ? 2 * limit : limit))) {
        throw new Error(`${fixup.kind} to ${fixup.label} does not reach: ${value}`);
      }
      out.set(little(value, size), fixup.at);
    }
    return out;
  }
}

/** Little-endian bytes of a number, two's complement. */
export function little(value: number | bigint, size: number): number[] {
  let rest = BigInt.asUintN(size * 8, BigInt(value));
  const out: number[] = [];
  for (let i = 0; i < size; i++, rest >>= 8n) out.push(Number(rest & 0xffn));
  return out;
}
