/** Where the sections of a program go in file and memory: every address is the base plus the file offset, then bss. */

import type { Assembler } from "./assembler.js";
import type { SectionAddresses } from "./sections.js";

export const PAGE = 0x1000;
export const PF = { X: 1, W: 2, R: 4 } as const;

export interface LayoutOptions {
  /** Address of file offset 0; 0 for a program that loads anywhere. */
  readonly base: number;
  /** Bytes in front of the text section, with headers and perhaps an APE's script. */
  readonly headSize: number;
  /** A segment of their own, not executable, for the bytes in front of the text. */
  readonly separateHead?: boolean;
}

/** One PT_LOAD. */
export interface Load {
  readonly name: "head" | "text" | "rodata" | "data";
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

export interface Layout {
  readonly base: number;
  readonly addresses: SectionAddresses;
  /** Ascending and disjoint, the first one at file offset 0: gVisor's loader wants both (pkg/sentry/loader/elf.go:419, :553). */
  readonly loads: readonly Load[];
  /** Size of the file up to the end of the data section. */
  readonly fileSize: number;
}

/** Places the sections, each on a page of its own, so that `align(4096)` inside a section means what it says. */
export function layOut(program: Assembler, options: LayoutOptions): Layout {
  const { base, headSize, separateHead = false } = options;
  const textAt = up(headSize, PAGE);
  const textEnd = textAt + program.size("text");
  const rodataAt = up(textEnd, PAGE);
  const rodataEnd = rodataAt + program.size("rodata");
  const dataAt = up(rodataEnd, PAGE);
  const dataEnd = dataAt + program.size("data");
  const bssAt = up(dataEnd, 64);
  const loads: Load[] = [];
  const load = (name: Load["name"], flags: number, from: number, to: number, memoryTo = to): void => {
    const size = { fileSize: to - from, memorySize: memoryTo - from };
    if (size.memorySize > 0) loads.push({ name, flags, offset: from, address: base + from, ...size });
  };
  if (separateHead) load("head", PF.R, 0, headSize);
  load("text", PF.R | PF.X, separateHead ? textAt : 0, textEnd);
  load("rodata", PF.R, rodataAt, rodataEnd);
  load("data", PF.R | PF.W, dataAt, dataEnd, Math.max(dataEnd, program.size("bss") ? bssAt + program.size("bss") : 0));
  return {
    base,
    addresses: { text: base + textAt, rodata: base + rodataAt, data: base + dataAt, bss: base + bssAt },
    loads,
    fileSize: program.size("data") ? dataEnd : program.size("rodata") ? rodataEnd : textEnd,
  };
}

/** Writes the linked sections to their places. */
export function place(file: Uint8Array, program: Assembler, layout: Layout, positionIndependent = false): void {
  for (const name of ["text", "rodata", "data"] as const) {
    const bytes = program.link(name, layout.addresses, positionIndependent);
    if (bytes.length > 0) file.set(bytes, layout.addresses[name] - layout.base);
  }
}

export function up(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** A marked place of a finished program. */
export interface Site {
  readonly kind: string;
  readonly address: number;
  readonly offset: number;
}

/** A program as a file, with its labels and marked places. */
export interface Built {
  readonly bytes: Uint8Array;
  readonly labels: ReadonlyMap<string, number>;
  readonly sites: readonly Site[];
}

export function built(bytes: Uint8Array, program: Assembler, layout: Layout): Built {
  return {
    bytes,
    labels: new Map(program.labels.map((label) => [label.name, layout.addresses[label.section] + label.offset])),
    sites: program.marks.map(({ kind, section, offset }) => {
      const address = layout.addresses[section] + offset;
      return { kind, address, offset: address - layout.base };
    }),
  };
}
