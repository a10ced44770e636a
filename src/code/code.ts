/** Everything that is known of the code in one x86-64 ELF view, computed once and read by every rule. */

import { positionsOf } from "../bytes/find.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { addressOfOffset } from "../image/address.js";
import type { CodeSymbol, ElfView, Image, ImportedFunction } from "../image/image.js";
import { readImports, readRelativeRelocations } from "../image/relocations.js";
import { readSymbols } from "../image/symbols.js";
import { readUnwindRanges } from "../image/unwind.js";
import { decode } from "../x86/decode.js";
import { Instruction } from "../x86/instruction.js";
import { type CodeSpace, loadCodeSpace } from "./code-space.js";
import { type DataSpace, loadDataSpace } from "./data-space.js";
import { Doubts } from "./doubts.js";
import { MOST_CODE_BYTES } from "./engine.js";
import { Evidence, type EvidenceName, evidenceName } from "./evidence.js";
import { findHostVariable } from "./host.js";
import { Walk } from "./walk.js";
import type { Root } from "./walk-data.js";

export interface Code {
  readonly view: ElfView;
  readonly space: CodeSpace;
  readonly data: DataSpace;
  readonly walk: Walk;
  /** Sorted by address. */
  readonly symbols: readonly CodeSymbol[];
  readonly imports: readonly ImportedFunction[];
  /** Address of Cosmopolitan's `__hostos`, where the entry point shows that this is Cosmopolitan. */
  readonly hostVariable: number | undefined;
  /** What was not decided so far; rules note here what they have to give up. */
  readonly doubts: Doubts;
}

/** Walks the code of `view`. `space` is handed in because the rules have looked at its bytes already. */
export async function analyzeCode(source: ByteSource, image: Image, view: ElfView, space?: CodeSpace): Promise<Code> {
  const code = space ?? (await loadCodeSpace(source, view));
  if (code.bytes.length > MOST_CODE_BYTES)
    throw new InputError(`${source.name} has more than 512 MiB of code, the limit for analysis`);
  const [data, symbols, imports, relocations, unwind] = await Promise.all([
    loadDataSpace(source, view),
    readSymbols(source, view, image.zip),
    readImports(source, view),
    readRelativeRelocations(source, view),
    readUnwindRanges(source, view),
  ]);
  const positionOf = (address: number) => code.positionOf(address);
  const entry = view.entry === 0 ? -1 : positionOf(view.entry);
  const hostVariable = entry < 0 ? undefined : findHostVariable(code, entry);
  const entries: Root[] = entry < 0 ? [] : [{ position: entry, evidence: Evidence.Entry }];
  const functions: Root[] = [];
  const names: number[] = [];
  for (const symbol of symbols) {
    const position = symbol.isFunction ? positionOf(symbol.address) : -1;
    if (position < 0) continue;
    // Below a Cosmopolitan program's entry point lies ape.S: boot sector code of 16 bits, which also has names.
    if (hostVariable !== undefined && position < entry) continue;
    // What a library exports is called by others; what a program merely names need not be called at all.
    if (symbol.from === "zip") names.push(position);
    else (symbol.from === "dynsym" ? entries : functions).push({ position, evidence: Evidence.Symbol });
  }
  for (const range of unwind) {
    const position = positionOf(range.start);
    if (position >= 0) functions.push({ position, evidence: Evidence.Unwind });
  }
  const pointers = relocations.map((relocation) => positionOf(relocation.target)).filter((position) => position >= 0);
  // A program with a fixed address holds its pointers as they are; others only get them by relocation.
  if (!view.isPositionIndependent || relocations.length === 0) {
    const isHeader = headerOf(view);
    for (const region of code.regions) {
      data.forEachPointer(region.address, region.address + region.size, (value, address) => {
        if (!isHeader(address)) pointers.push(positionOf(value));
      });
    }
  }
  const walk = new Walk({
    space: code,
    entries,
    functions,
    names,
    pointers,
    absoluteImmediates: view.type === 2,
    hostVariable,
    data,
  });
  const sorted = [...symbols].sort((a, b) => a.address - b.address);
  return { view, space: code, data, walk, symbols: sorted, imports, hostVariable, doubts: new Doubts(walk.cut) };
}

/** Tells the addresses of the ELF header and the program headers, whose words are addresses of code too and no pointers to functions. */
function headerOf(view: ElfView): (address: number) => boolean {
  const stretches = [
    [addressOfOffset(view, 0), view.header.length],
    [addressOfOffset(view, view.programHeaderOffset), view.programHeaders.length * PROGRAM_HEADER],
  ] as const;
  return (address) => stretches.some(([start, size]) => start !== undefined && address >= start && address < start + size);
}

/** sizeof(Elf64_Phdr) */
const PROGRAM_HEADER = 56;

/** The function that an address lies in, as "name" or "name+0x12"; undefined where no symbol covers it. */
export function nameOf(code: Code, address: number): string | undefined {
  const { symbols } = code;
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (symbols[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= 0 && i >= low - 8; i--) {
    const symbol = symbols[i];
    if (!symbol.isFunction) continue;
    if (symbol.size > 0 && address >= symbol.address + symbol.size) continue;
    const distance = address - symbol.address;
    return distance === 0 ? symbol.name : `${symbol.name}+0x${distance.toString(16)}`;
  }
  return undefined;
}

/** How the instruction at a position is known to be code. */
export function evidenceAt(code: Code, position: number): EvidenceName {
  return evidenceName(code.walk.rankAt(position));
}

/** Calls `visit` for every known instruction in ascending order; the record is reused. */
export function forEachInstruction(code: Code, visit: (position: number, instruction: Instruction) => void): void {
  const { walk, space } = code;
  const instruction = new Instruction();
  for (const region of space.regions) {
    const end = region.start + region.size;
    for (let at = region.start; at < end; at++) {
      if (!walk.isStart(at)) continue;
      if (decode(space.bytes, at, end, instruction) > 0) visit(at, instruction);
    }
  }
}

/**
 * Calls `visit` for every known instruction that holds one of the byte sequences: far fewer than all where a rule looks for
 * one opcode or constant. `isCandidate` can say of a place at which one stands that it is of no use. The record is reused.
 */
export function forEachInstructionWith(
  code: Code,
  sequences: readonly (readonly number[])[],
  visit: (position: number, instruction: Instruction) => void,
  isCandidate: (at: number) => boolean = () => true,
): void {
  const { walk, space } = code;
  const { bytes } = space;
  const instruction = new Instruction();
  const seen = new Set<number>();
  for (const sequence of sequences) {
    for (const at of positionsOf(sequence, bytes)) {
      const start = isCandidate(at) && walk.isKnown(at) ? walk.startOf(at) : -1;
      if (start < 0 || seen.size === seen.add(start).size) continue;
      if (decode(bytes, start, space.endOf(start), instruction) > 0) visit(start, instruction);
    }
  }
}
