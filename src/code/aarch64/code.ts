/** The A64 code of one ELF view by virtual address: words, who jumps and calls where, and where functions start. */

import { InputError } from "../../errors.js";
import type { CodeSpace } from "../code-space.js";
import type { DataSpace } from "../data-space.js";
import { GaveUpError, Steps } from "../limits.js";
import { decode, endsLine, type Instruction, isConditional } from "./instruction.js";
import { Returns } from "./returns.js";

/** An executable range, cut to whole words (instructions are aligned to 4 bytes: Arm ARM B1.1). */
interface Words {
  /** Address of the first word. */
  readonly address: number;
  /** First address behind the last one. */
  readonly end: number;
  readonly view: DataView;
  readonly fileOffset: number;
}

const NONE: readonly number[] = [];
/** Several times what the largest Cosmopolitan program has; a Map holds no more than 2^24 entries. */
const MOST_BYTES = 2 ** 26;
/** How often an instruction may be looked at for each byte: five times is what the walk takes, searches take less. */
const STEPS_A_BYTE = 32;

export class ArmCode {
  private readonly regions: readonly Words[];
  private readonly jumps = new Map<number, number[]>();
  private readonly calls = new Map<number, number[]>();
  private readonly pointers = new Set<number>();
  /** Sorted; built when first asked for. */
  private starts: Float64Array | undefined;
  private readonly data: DataSpace;
  private readonly returning = new Returns(this);
  /** How often an instruction was looked at. */
  readonly steps: Steps;

  /** Throws InputError for more code than any such program has. */
  constructor(space: CodeSpace, data: DataSpace) {
    if (space.bytes.length > MOST_BYTES)
      throw new InputError("the aarch64 program has more than 64 MiB of code, the limit for analysis");
    this.data = data;
    this.steps = new Steps(space.bytes.length, STEPS_A_BYTE);
    this.regions = space.regions.flatMap(({ start, size, address, fileOffset }) => {
      const skip = (4 - (address % 4)) % 4;
      const length = Math.floor((size - skip) / 4) * 4;
      if (length <= 0) return [];
      const view = new DataView(space.bytes.buffer, space.bytes.byteOffset + start + skip, length);
      return [{ address: address + skip, end: address + skip + length, view, fileOffset: fileOffset + skip }];
    });
    this.forEachWord((word, address) => this.noteEdge(word, address));
  }

  /** Calls `visit` with every word of the code in ascending order. */
  forEachWord(visit: (word: number, address: number) => void): void {
    for (const { view, address } of this.regions) {
      for (let at = 0; at < view.byteLength; at += 4) visit(view.getUint32(at, true), address + at);
    }
  }

  /** Calls `visit` with every instruction of the code in ascending order. */
  forEachInstruction(visit: (instruction: Instruction, address: number) => void): void {
    this.forEachWord((word, address) => visit(decode(word), address));
  }

  /** The instruction at an address; undefined where there is no code. Throws GaveUpError after more looks than all searches may take. */
  at(address: number): Instruction | undefined {
    if (!this.steps.take()) throw new GaveUpError("too many ways to follow");
    const region = this.regionOf(address);
    return region === undefined ? undefined : decode(region.view.getUint32(address - region.address, true));
  }

  /** An address that is kept at an address, in a literal pool or the GOT; undefined where there is none. */
  pointerAt(address: number): number | undefined {
    const low = this.wordAt(address);
    const high = this.wordAt(address + 4);
    return low === undefined || high === undefined || high > 0xffff ? undefined : high * 2 ** 32 + low;
  }

  contains(address: number): boolean {
    return this.regionOf(address) !== undefined;
  }

  /** File offset of the instruction at an address, -1 where there is no code. */
  fileOffsetOf(address: number): number {
    const region = this.regionOf(address);
    return region === undefined ? -1 : region.fileOffset + (address - region.address);
  }

  /** Jumps and conditional branches that lead to an address. */
  jumpsTo(address: number): readonly number[] {
    return this.jumps.get(address) ?? NONE;
  }

  /** `bl` instructions that lead to an address. */
  callsTo(address: number): readonly number[] {
    return this.calls.get(address) ?? NONE;
  }

  /** Names an address that data or an instruction points to: a function may start there. */
  addPointer(address: number): void {
    if (this.contains(address)) this.pointers.add(address);
    this.starts = undefined;
  }

  /** Whether something calls the address or points to it. */
  isFunction(address: number): boolean {
    return this.calls.has(address) || this.pointers.has(address);
  }

  /** Start of the function that an address lies in: the nearest place at or before it that is called or pointed to, or -1. */
  functionStart(address: number): number {
    this.starts ??= Float64Array.from([...this.calls.keys(), ...this.pointers]).sort();
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -1 : this.starts[low - 1];
  }

  /** Instructions that can run right before this one inside the same function. */
  predecessors(address: number): number[] {
    const before = this.at(address - 4);
    const sources = [...this.jumpsTo(address)];
    this.steps.take(sources.length);
    if (before !== undefined && this.goesOn(before, address - 4)) sources.push(address - 4);
    return sources;
  }

  /** Instructions that can run right after this one inside the same function; calls are stepped over. */
  successors(address: number): number[] {
    const instruction = this.at(address);
    if (instruction === undefined) return [];
    if (instruction.operation === "jump") return [address + instruction.value];
    if (!this.goesOn(instruction, address)) return [];
    return isConditional(instruction) ? [address + 4, address + instruction.value] : [address + 4];
  }

  /** Whether the next instruction can run after this one: a call comes back unless the function never does. */
  private goesOn(instruction: Instruction, address: number): boolean {
    if (instruction.operation === "call") return this.returning.comesBack(address + instruction.value);
    return !endsLine(instruction);
  }

  private wordAt(address: number): number | undefined {
    const region = this.regionOf(address);
    return region === undefined ? this.data.word32(address) : region.view.getUint32(address - region.address, true);
  }

  private regionOf(address: number): Words | undefined {
    for (const region of this.regions) if (address >= region.address && address + 4 <= region.end) return region;
    return undefined;
  }

  /** Only words that decode as direct branches and lead into code count: chance has it rarely, text in ASCII never for calls. */
  private noteEdge(word: number, address: number): void {
    // B and BL: x00101; B.cond, CBZ, CBNZ, TBZ, TBNZ: 01010100, x0110xxx.
    const isDirect = (word & 0x7c000000) === 0x14000000;
    if (!isDirect && word >>> 24 !== 0x54 && (word & 0x7c000000) !== 0x34000000) return;
    const target = address + decode(word).value;
    if (!this.contains(target)) return;
    const edges = word >>> 26 === 37 ? this.calls : this.jumps;
    const sources = edges.get(target);
    if (sources === undefined) edges.set(target, [address]);
    else sources.push(address);
  }
}
