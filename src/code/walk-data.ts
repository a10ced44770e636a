/** What goes into a walk over code, and what comes out of it. */

import type { CodeSpace } from "./code-space.js";
import type { DataSpace } from "./data-space.js";
import type { EvidenceRank } from "./evidence.js";

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

/** What a walk has found. */
export interface WalkResult {
  /** One byte per code byte, bits of `Mark`. */
  readonly marks: Uint8Array;
  /** One byte per code byte, bits of `Note`. */
  readonly notes: Uint8Array;
  /** Positions at which a `syscall` was met; some may have been taken back since. */
  readonly systemCalls: Int32Array;
  /** Pairs of target and source: the position of a jump, branch or call, or -2 minus the number of a table. */
  readonly edges: Int32Array;
  /** Per edge the number of the one before it with the same target, or -1. */
  readonly edgeBefore: Int32Array;
  /** A hash table: pairs of target plus 1, and the number of its last edge. 32 minus `edgeShift` bits of a target's hash are its slot. */
  readonly edgeSlots: Int32Array;
  readonly edgeShift: number;
  /** Per table of an indirect jump the numbers of its first edge and of the one behind its last. */
  tables: Int32Array;
  /** Pairs of a table's number and the position of a jump by it. */
  tableJumps: Int32Array;
  /** How many entries of such tables were read. */
  readonly entriesRead: number;
  /** What was not followed to its end: bits that doubts.ts explains. */
  readonly cut: number;
}
