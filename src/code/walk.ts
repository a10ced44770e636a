/**
 * Recursive descent: which bytes of a code space are instructions, how that is known, and whether Linux gets there. The walk
 * itself is kernel/walk.ts.
 *
 * Order matters. First everything reached from the entry point, then from named functions and those with unwind data,
 * then what is reached through pointers found in that code or in data; the sides of branches that only other systems
 * take come last. A pointer is a guess, so what is reached from it is taken back as a whole where it does not decode
 * or runs into the middle of a known instruction.
 */

import { NONE } from "../x86/instruction.js";
import type { CodeSpace } from "./code-space.js";
import type { DataSpace } from "./data-space.js";
import type { EvidenceRank } from "./evidence.js";
import { runWalk, type WalkResult } from "./kernel.js";

/** Bits of a mark. The low three are the evidence rank of an instruction that starts here, 0 where none does. */
const Mark = { Rank: 7, Body: 8, Linux: 16, Leader: 32, Function: 64 } as const;
/** Bits of a note. */
const Note = { Pointed: 2, Case: 4 } as const;

/** Where a walk starts, and with what evidence. Positions in the code space. */
export interface Root {
  readonly position: number;
  readonly evidence: EvidenceRank;
}

export interface WalkInput {
  readonly space: CodeSpace;
  /** The entry point or, for a library, its exports: all that Linux may call from outside. */
  readonly entries: readonly Root[];
  /** Functions known by name or unwind data; whether anything calls them is not known, so Linux may. */
  readonly functions: readonly Root[];
  /** Positions that names without a type stand for: functions, but also tables and labels inside the code. */
  readonly names: readonly number[];
  /** Positions that words in data, relocations or tables point to. */
  readonly pointers: readonly number[];
  /** Whether 32-bit immediates can be addresses: true for programs with a fixed load address below 2 GiB. */
  readonly absoluteImmediates: boolean;
  /** Address of `__hostos` in Cosmopolitan programs. */
  readonly hostVariable: number | undefined;
  /** Where relative jump tables are read from. */
  readonly data: DataSpace | undefined;
}

export class Walk {
  readonly space: CodeSpace;
  /** Where it started. */
  readonly roots: readonly Root[];
  readonly names: readonly number[];
  private readonly result: WalkResult;

  constructor(input: WalkInput) {
    this.space = input.space;
    this.roots = [...input.entries, ...input.functions];
    this.names = input.names;
    this.result = runWalk(input);
  }

  /** Evidence rank of the instruction that starts at a position, 0 where none is known to. */
  rankAt(position: number): number {
    return this.result.marks[position] & Mark.Rank;
  }

  /** Whether Linux can reach the instruction at a position, as far as branches on `__hostos` decide it. */
  isReachedOnLinux(position: number): boolean {
    return (this.result.marks[position] & Mark.Linux) !== 0;
  }

  isStart(position: number): boolean {
    return (this.result.marks[position] & Mark.Rank) !== 0;
  }

  /** Whether the byte belongs to a known instruction, at its start or inside. */
  isKnown(position: number): boolean {
    return (this.result.marks[position] & (Mark.Rank | Mark.Body)) !== 0;
  }

  /** Where the unknown bytes around a position, which is one of them, begin and end; not beyond `low` and `high`. */
  unknownAround(position: number, low: number, high: number): [from: number, to: number] {
    const { marks } = this.result;
    const isKnown = Mark.Rank | Mark.Body;
    // Four at a time where nothing at all is marked: there can be megabytes of text.
    const words = new Uint32Array(marks.buffer, (marks.byteOffset + 3) & ~3, Math.max(0, marks.length - 3) >> 2);
    const skip = words.byteOffset - marks.byteOffset;
    let from = position;
    while (from > low && (marks[from - 1] & isKnown) === 0) {
      from--;
      for (let word = (from - skip) / 4 - 1; word >= 0 && words[word] === 0 && from - 4 >= low; word--) from -= 4;
    }
    let to = position;
    while (to < high && (marks[to] & isKnown) === 0) {
      to++;
      for (let word = (to - skip) / 4; words[word] === 0 && to + 4 <= high; word++) to += 4;
    }
    return [from, to];
  }

  /** Whether something else than the instruction before may lead to this position. */
  isLeader(position: number): boolean {
    return (this.result.marks[position] & Mark.Leader) !== 0;
  }

  /** Whether something calls this position or it was a root. */
  isFunction(position: number): boolean {
    return (this.result.marks[position] & Mark.Function) !== 0;
  }

  /** Whether a pointer to this position was found, so that callers other than the direct ones are possible. */
  isPointedTo(position: number): boolean {
    return (this.result.notes[position] & Note.Pointed) !== 0;
  }

  /** Whether the table of a `switch` leads to this position. */
  isCase(position: number): boolean {
    return (this.result.notes[position] & Note.Case) !== 0;
  }

  /** Start of the known instruction that the byte lies in, or -1. */
  startOf(position: number): number {
    for (let at = position; at >= 0 && at > position - 15; at--) if (this.isStart(at)) return at;
    return -1;
  }

  /** Positions of the known `syscall` instructions, ascending. */
  systemCalls(): number[] {
    // What was taken back and decoded again stands there twice.
    const all = new Set([...this.result.systemCalls].filter((at) => this.isStart(at)));
    return [...all].sort((a, b) => a - b);
  }

  /** Positions of the direct jumps, branches and calls that lead to a position. */
  sourcesOf(position: number): number[] {
    const { edges, edgeBefore } = this.result;
    const sources: number[] = [];
    for (let edge = this.lastEdgeTo(position); edge !== NONE; edge = edgeBefore[edge]) {
      const source = edges[2 * edge + 1];
      if (!sources.includes(source)) sources.push(source);
    }
    return sources.reverse();
  }

  /** Positions that the direct jump, branch or call at a position, or the table of its indirect jump, leads to. Looks through all edges. */
  targetsOf(position: number): number[] {
    const { edges } = this.result;
    const targets: number[] = [];
    for (let at = 0; at < edges.length; at += 2) if (edges[at + 1] === position) targets.push(edges[at]);
    return targets;
  }

  /** Number of the last edge that leads to a position, or NONE; the hashing is that of kernel/edges.ts. */
  private lastEdgeTo(position: number): number {
    const { edgeSlots, edgeShift } = this.result;
    const key = position + 1;
    const mask = (edgeSlots.length >> 1) - 1;
    for (let slot = Math.imul(key, 0x9e3779b1) >>> edgeShift; ; slot = (slot + 1) & mask) {
      const found = edgeSlots[2 * slot];
      if (found === key) return edgeSlots[2 * slot + 1];
      if (found === 0) return NONE;
    }
  }
}
