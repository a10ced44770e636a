/** What a walk has found stays as it was when the engine walks on, and its gaps are what looking at each byte says. */

import { expect, test } from "vitest";
import { CodeSpace } from "../../../src/code/code-space.js";
import { DataSpace } from "../../../src/code/data-space.js";
import { Evidence } from "../../../src/code/evidence.js";
import { Walk } from "../../../src/code/walk.js";
import { executableParts } from "../../support/executable.js";

const [text] = executableParts(process.execPath, ".text");

/** A walk through a part of node's code, from a few places in it. */
function walkOf(from: number, size: number): Walk {
  const bytes = new Uint8Array(text!.bytes.subarray(from, from + size));
  const entries = [0, size >> 2, size >> 1].map((position) => ({ position, evidence: Evidence.Entry }));
  return new Walk({
    space: new CodeSpace(bytes, [{ start: 0, size, address: 0x400000, fileOffset: 0 }]),
    entries,
    functions: [],
    names: [],
    pointers: [],
    absoluteImmediates: false,
    hostVariable: undefined,
    data: undefined,
  });
}

function said(walk: Walk): unknown {
  const positions = [...walk.space.bytes.keys()];
  const sources = positions.filter((at) => walk.sourcesOf(at).length > 0).map((at) => [at, walk.sourcesOf(at)]);
  return { ranks: positions.map((at) => walk.rankAt(at)), sources, functions: positions.filter((at) => walk.isFunction(at)) };
}

test("a result outlives the next walks, of larger and of smaller programs", () => {
  const first = walkOf(1 << 16, 40_000);
  const before = said(first);
  const larger = walkOf(1 << 20, 100_000);
  const ofLarger = said(larger);
  walkOf(1 << 18, 1000);
  expect(said(first)).toEqual(before);
  expect(said(larger)).toEqual(ofLarger);
});

test("system calls are those by `syscall`, in ascending order, however often they were decoded", () => {
  // jmp to the second syscall, then both in a row; int $0x80 and sysenter are none.
  const code = [0xeb, 0x02, 0x0f, 0x05, 0x0f, 0x05, 0xcd, 0x80, 0x48, 0x0f, 0x05, 0xeb, 0xf5, 0x0f, 0x34];
  const walk = new Walk({
    space: new CodeSpace(Uint8Array.from(code), [{ start: 0, size: code.length, address: 0x400000, fileOffset: 0 }]),
    entries: [0, 13].map((position) => ({ position, evidence: Evidence.Entry })),
    functions: [],
    names: [],
    pointers: [2, 4],
    absoluteImmediates: false,
    hostVariable: undefined,
    data: undefined,
  });
  expect(walk.systemCalls()).toEqual([2, 4, 8]);
});

test("the bytes around an unknown one, up to what is known or to the bounds", () => {
  for (const size of [1, 2, 3, 5, 64, 997]) {
    const walk = walkOf(1 << 21, size);
    for (let at = 0; at < size; at++) {
      if (walk.isKnown(at)) continue;
      const [low, high] = at % 3 === 0 ? [0, size] : [Math.max(0, at - 40), Math.min(size, at + 40)];
      let [from, to] = [at, at];
      while (from > low && !walk.isKnown(from - 1)) from--;
      while (to < high && !walk.isKnown(to)) to++;
      const found = walk.unknownAround(at, low, high);
      // A matcher for each byte would take seconds.
      if (found[0] !== from || found[1] !== to) expect.fail(`${at} of ${size}: ${found}, not ${from},${to}`);
    }
  }
});

test("the targets of a jump by a table are those of which it is a source", () => {
  const [base, table] = [0x400000, 0x600000];
  // Two jumps by one table, and one by the second half of it; nops behind.
  const jump = (at: number) => [0xff, 0x24, 0xc5, at & 0xff, (at >> 8) & 0xff, at >> 16, 0];
  const code = Uint8Array.from([...jump(table), ...jump(table), ...jump(table + 16), ...new Array(20).fill(0x90), 0xc3]);
  const entries = new BigUint64Array([30n, 25n, 25n, 33n, 0n].map((at, index) => (index < 4 ? BigInt(base) + at : at)));
  const walk = new Walk({
    space: new CodeSpace(code, [{ start: 0, size: code.length, address: base, fileOffset: 0 }]),
    entries: [0, 7, 14].map((position) => ({ position, evidence: Evidence.Entry })),
    functions: [],
    names: [],
    pointers: [],
    absoluteImmediates: true,
    hostVariable: undefined,
    data: new DataSpace([{ address: table, bytes: new Uint8Array(entries.buffer) }]),
  });
  const targets = (position: number) => walk.tablesOf(position).flatMap((one) => walk.targetsOf(one));
  expect([0, 7, 14, 21].map(targets)).toEqual([[30, 25, 33], [30, 25, 33], [25, 33], []]);
  expect(walk.tablesOf(0)).toEqual(walk.tablesOf(7));
  expect([25, 30, 33].map((at) => [...walk.sourcesOf(at)].sort((a, b) => a - b))).toEqual([
    [0, 7, 14],
    [0, 7],
    [0, 7, 14],
  ]);
  expect(walk.size).toEqual({ edges: 3 + 2 + 3, entries: 4 + 2 });
});
