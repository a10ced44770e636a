/**
 * The engine: what has to look at every instruction of a program, compiled from engine/ to WebAssembly. A command lives for so
 * short a time that V8 would interpret most of that work if it were JavaScript; WebAssembly is machine code from the first call.
 */

import { InputError } from "../errors.js";
import { decode } from "../x86/decode.js";
import { Instruction } from "../x86/instruction.js";
import { tables } from "../x86/tables.js";
import { writes, writtenRegisters } from "../x86/written-registers.js";
import { engineBinary } from "./engine-binary.js";
import type { WalkInput, WalkResult } from "./walk-data.js";
import { instantiate } from "./web-assembly.js";

/** engine/index.ts, but for what only bench/sweep.ts uses. Addresses in its memory are numbers, negative from 2^31 on: WebAssembly hands its 32 bits over as signed. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  tablesAt(): number;
  writesAt(): number;
  layOut(size: number): void;
  reserve(size: number): number;
  makeRegions(count: number): void;
  setRegion(index: number, start: number, size: number, address: bigint): void;
  startWalk(hostVariable: bigint, absoluteImmediates: boolean): void;
  followRoots(roots: number, count: number): void;
  followNames(names: number, count: number): void;
  followPointersAndOthers(pointers: number, count: number): void;
  indexEdges(): void;
  codeAt(): number;
  marksAt(): number;
  notesAt(): number;
  systemCallsAt(): number;
  systemCallCount(): number;
  edgesAt(): number;
  edgeCount(): number;
  edgeSlots(): number;
  edgeShift(): number;
  edgesBefore(): number;
  tableCount(): number;
  firstEdgeOf(table: number): number;
  endEdgeOf(table: number): number;
  tableJumpsAt(): number;
  tableJumpCount(): number;
  entriesRead(): number;
  cutShort(): number;
}

/** The most code that fits beside its marks into the 4 GiB of an engine. */
export const MOST_CODE_BYTES = 2 ** 29;
/** An engine that has grown above this is not kept for the next walk. */
const MOST_BYTES_KEPT = 2 ** 26;

interface Engine {
  readonly exports: Exports;
  /** What the engine's questions are about. */
  bytes: Uint8Array;
  input: WalkInput | undefined;
}

const nothing = new Uint8Array(0);

let kept: Engine | undefined;

/**
 * Walks the code as engine/walk.ts describes. Not reentrant, which nothing can make it: it is one synchronous call.
 * Throws InputError where there is not the memory for that much code.
 */
export function runWalk(input: WalkInput): WalkResult {
  try {
    return walkInEngine(input);
  } catch (error) {
    // The one trap in engine/ (memory.ts), and what JavaScript says when a copy of the result does not fit.
    const isFull = error instanceof Error && /unreachable|allocation failed/.test(error.message);
    if (!isFull) throw error;
    throw new InputError(`there is not enough memory to walk the ${input.space.bytes.length} bytes of code`);
  }
}

function walkInEngine(input: WalkInput): WalkResult {
  const engine = kept ?? makeEngine();
  kept = undefined;
  const { exports } = engine;
  const { space } = input;
  engine.input = input;
  engine.bytes = space.bytes;
  const size = space.bytes.length;
  exports.layOut(size);
  exports.makeRegions(space.regions.length);
  for (const [index, region] of space.regions.entries()) {
    exports.setRegion(index, region.start, region.size, BigInt(region.address));
  }
  new Uint8Array(exports.memory.buffer).set(space.bytes, exports.codeAt());
  exports.startWalk(BigInt(input.hostVariable ?? -1), input.absoluteImmediates);
  const roots = [...input.entries, ...input.functions];
  exports.followRoots(
    put(
      exports,
      roots.flatMap(({ position, evidence }) => [position, evidence]),
    ),
    roots.length,
  );
  exports.followNames(put(exports, input.names), input.names.length);
  exports.followPointersAndOthers(put(exports, input.pointers), input.pointers.length);
  exports.indexEdges();
  const { buffer } = exports.memory;
  const edgeShift = exports.edgeShift();
  const isKept = buffer.byteLength <= MOST_BYTES_KEPT;
  // The next walk has the memory of an engine that is kept.
  const own = <Part extends Uint8Array | Int32Array>(part: Part) => (isKept ? part.slice() : part) as Part;
  const result: WalkResult = {
    marks: own(new Uint8Array(buffer, exports.marksAt() >>> 0, size)),
    notes: own(new Uint8Array(buffer, exports.notesAt() >>> 0, size)),
    systemCalls: own(new Int32Array(buffer, exports.systemCallsAt() >>> 0, exports.systemCallCount())),
    edges: own(new Int32Array(buffer, exports.edgesAt() >>> 0, 2 * exports.edgeCount())),
    edgeBefore: own(new Int32Array(buffer, exports.edgesBefore() >>> 0, exports.edgeCount())),
    edgeSlots: own(new Int32Array(buffer, exports.edgeSlots() >>> 0, 2 << (32 - edgeShift))),
    edgeShift,
    tables: tablesOf(exports),
    tableJumps: own(new Int32Array(buffer, exports.tableJumpsAt() >>> 0, 2 * exports.tableJumpCount())),
    entriesRead: exports.entriesRead(),
    cut: exports.cutShort(),
  };
  engine.input = undefined;
  engine.bytes = nothing;
  if (isKept) kept = engine;
  return result;
}

function tablesOf(exports: Exports): Int32Array {
  const tables = new Int32Array(2 * exports.tableCount());
  for (let table = 0; 2 * table < tables.length; table++) {
    tables[2 * table] = exports.firstEdgeOf(table);
    tables[2 * table + 1] = exports.endEdgeOf(table);
  }
  return tables;
}

/** Copies numbers into the engine's memory. Returns their address there. */
function put(exports: Exports, numbers: readonly number[]): number {
  const at = exports.reserve(4 * numbers.length);
  new Int32Array(exports.memory.buffer).set(numbers, at >>> 2);
  return at;
}

function writtenAt(bytes: Uint8Array, at: number, end: number, into: Instruction): number {
  decode(bytes, at, end, into);
  return writtenRegisters(into);
}

/** A new one. */
export function makeEngine(): Engine {
  const instruction = new Instruction();
  const engine: { exports?: Exports; bytes: Uint8Array; input: WalkInput | undefined } = { bytes: nothing, input: undefined };
  const imports = {
    written: { writtenAt: (at: number, end: number) => writtenAt(engine.bytes, at, end, instruction) },
    walk: { word32: (address: number) => engine.input?.data?.word32(address) ?? Number.NaN },
  };
  const exports = instantiate<Exports>(engineBinary, imports);
  if (exports === undefined)
    throw new InputError(
      "Sandfit needs WebAssembly to walk code, which this JavaScript engine does not offer, or not in the address space that it may have " +
        "(ulimit -v); NODE_OPTIONS=--disable-wasm-trap-handler needs less of that",
    );
  new Uint8Array(exports.memory.buffer).set(tables, exports.tablesAt());
  new Int32Array(exports.memory.buffer).set(writes, exports.writesAt() >>> 2);
  engine.exports = exports;
  return engine as Engine;
}
