/** What src/code/engine.ts can call. AssemblyScript: TypeScript's syntax, compiled to WebAssembly by scripts/engine.mjs. */

import { code, itemsOf, marks, notes, sizeOf } from "./memory";
import { tableJumps } from "./targets";
import { edges, systemCalls } from "./walk";

export { decode, sweep, sweptTo } from "./decode";
export { decodeGeneral } from "./decode-general";
export { edgeShift, edgeSlots, edgesBefore, indexEdges } from "./edges";
export { layOut, reserve } from "./memory";
export { makeRegions, setRegion } from "./space";
export { tablesAt } from "./tables";
export { endEdgeOf, entriesRead, firstEdgeOf, tableCount } from "./targets";
export { cutShort, followNames, followPointersAndOthers, followRoots, startWalk } from "./walk";
export { writesAt } from "./written";

export function codeAt(): usize {
  return code;
}

export function marksAt(): usize {
  return marks;
}

export function notesAt(): usize {
  return notes;
}

export function systemCallsAt(): usize {
  return itemsOf(systemCalls);
}

export function systemCallCount(): i32 {
  return sizeOf(systemCalls);
}

export function edgesAt(): usize {
  return itemsOf(edges);
}

export function edgeCount(): i32 {
  return sizeOf(edges) >> 1;
}

/** Pairs: the number of a table and a jump by it. */
export function tableJumpsAt(): usize {
  return itemsOf(tableJumps);
}

export function tableJumpCount(): i32 {
  return sizeOf(tableJumps) >> 1;
}
