/**
 * Recursive descent: which bytes of a code space are instructions, how that is known, and whether Linux gets there. The walk
 * itself is engine/walk.ts.
 *
 * Order matters. First everything reached from the entry point, then from named functions and those with unwind data,
 * then what is reached through pointers found in that code or in data; the sides of branches that only other systems
 * take come last. A pointer is a guess, so what is reached from it is taken back as a whole where it does not decode
 * or runs into the middle of a known instruction.
 */

import { decode } from "../x86/decode.js";
import { Instruction, NONE } from "../x86/instruction.js";
import type { CodeSpace } from "./code-space.js";
import { runWalk } from "./engine.js";
import { Steps } from "./limits.js";
import { TableJumps } from "./table-jumps.js";
import type { Root, WalkInput, WalkResult } from "./walk-data.js";

/** Bits of a mark. The low three are the evidence rank of an instruction that starts here, 0 where none does. */
const Mark = { Rank: 7, Body: 8, Linux: 16, Leader: 32, Function: 64 } as const;
/** Bits of a note. */
const Note = { Pointed: 2, Case: 4 } as const;

/** From so many sources on, a position's are kept, and duplicates are told by a set. */
const MANY = 16;

const scratch = new Instruction();

export class Walk {
  readonly space: CodeSpace;
  /** What the searches through this code have taken so far. */
  readonly steps: Steps;
  /** Where it started. */
  readonly roots: readonly Root[];
  readonly names: readonly number[];
  private readonly result: WalkResult;
  private readonly tables: TableJumps;
  /** Of positions to which many lead. */
  private readonly manySources = new Map<number, readonly number[]>();

  constructor(input: WalkInput) {
    this.space = input.space;
    this.steps = new Steps(input.space.bytes.length);
    this.roots = [...input.entries, ...input.functions];
    this.names = input.names;
    this.result = runWalk(input);
    this.tables = new TableJumps(this.result);
  }

  /** What was not followed to its end, bits that doubts.ts explains. */
  get cut(): number {
    return this.result.cut;
  }

  /** How many edges there are, those of tables and the jumps by them among them, and how many entries of tables were read. */
  get size(): { readonly edges: number; readonly entries: number } {
    const { edges, tableJumps, entriesRead } = this.result;
    return { edges: (edges.length + tableJumps.length) / 2, entries: entriesRead };
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

  /** Start of the known instruction that the byte lies in, or -1. Of several that overlap there, of the one that is known best. */
  startOf(position: number): number {
    for (let at = position; at >= 0 && at > position - 15; at--) {
      if (this.isStart(at)) return this.isOverlapped(at) ? this.bestStartOf(position) : at;
    }
    return -1;
  }

  /** Whether the instruction that starts at a position lies inside another one, too. */
  isOverlapped(position: number): boolean {
    return (this.result.marks[position] & Mark.Body) !== 0;
  }

  private bestStartOf(position: number): number {
    const { bytes } = this.space;
    let best = -1;
    for (let at = position; at >= 0 && at > position - 15; at--) {
      const isBetter = this.isStart(at) && (best < 0 || this.rankAt(at) > this.rankAt(best));
      if (isBetter && at + decode(bytes, at, this.space.endOf(at), scratch) > position) best = at;
    }
    return best;
  }

  /** Positions of the known `syscall` instructions, ascending. */
  systemCalls(): number[] {
    // What was taken back and decoded again stands there twice.
    const all = new Set([...this.result.systemCalls].filter((at) => this.isStart(at)));
    return [...all].sort((a, b) => a - b);
  }

  /** Positions of the direct jumps, branches and calls that lead to a position, and of the indirect jumps by a table that does. */
  sourcesOf(position: number): readonly number[] {
    const before = this.manySources.get(position);
    if (before !== undefined) return before;
    const { edges, edgeBefore } = this.result;
    const sources: number[] = [];
    let seen: Set<number> | undefined;
    const add = (source: number) => {
      seen ??= sources.length === MANY ? new Set(sources) : undefined;
      if (seen === undefined ? sources.includes(source) : seen.size === seen.add(source).size) return;
      sources.push(source);
    };
    let lastTable = NONE;
    for (let edge = this.lastEdgeTo(position); edge !== NONE; edge = edgeBefore[edge]) {
      const source = edges[2 * edge + 1];
      this.steps.take();
      if (source >= 0) add(source);
      else if (source !== lastTable) for (const jump of this.tables.jumpsBy(-2 - source)) add(jump);
      lastTable = source;
    }
    sources.reverse();
    if (sources.length >= MANY) this.manySources.set(position, sources);
    return sources;
  }

  /** Numbers of the tables of the indirect jump at a position. */
  tablesOf(position: number): readonly number[] {
    return this.tables.tablesOf(position);
  }

  /** Positions that a table leads to. */
  targetsOf(table: number): number[] {
    const { edges, tables } = this.result;
    const targets: number[] = [];
    for (let edge = tables[2 * table]; edge < tables[2 * table + 1]; edge++) targets.push(edges[2 * edge]);
    return targets;
  }

  /** Number of the last edge that leads to a position, or NONE; the hashing is that of engine/edges.ts. */
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
