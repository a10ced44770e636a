/** The engine's decoder says of every instruction what src/x86/decode.ts says, wherever in the bytes it begins. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { makeSweeper, Sweep } from "../../../bench/sweep.js";
import { runWalk } from "../../../src/code/engine.js";
import type { WalkInput } from "../../../src/code/walk-data.js";
import { decode } from "../../../src/x86/decode.js";
import { Instruction } from "../../../src/x86/instruction.js";
import { executableParts } from "../../support/executable.js";
import { often } from "../../support/often.js";

const MOST = 10;
const NONE: (keyof Instruction)[] = [];

const FIELDS = Object.keys(new Instruction()) as (keyof Instruction)[];

/** Fields that two instructions do not have in common; `vvvv` says something of vector encodings alone. */
function differences(one: Instruction, other: Instruction): (keyof Instruction)[] {
  let found: (keyof Instruction)[] | undefined;
  for (const field of FIELDS) {
    if (one[field] === other[field] || (field === "vvvv" && one.encoding === 0)) continue;
    found ??= [];
    found.push(field);
  }
  return found ?? NONE;
}

/** Where a sweep by the engine and one by `decode` disagree, at most ten. */
function disagreements(code: Uint8Array): string[] {
  const sweep = new Sweep(code);
  const [ours, engines] = [new Instruction(), new Instruction()];
  const found: string[] = [];
  let at = 0;
  const decodeNext = (): number => {
    for (; at < code.length; at++) {
      const length = decode(code, at, code.length, ours);
      if (length > 0) return length;
    }
    return 0;
  };
  while (sweep.next() && found.length < MOST) {
    for (let index = 0; index < sweep.count && found.length < MOST; index++) {
      const length = decodeNext();
      sweep.read(index, engines);
      const fields = differences(ours, engines);
      if (fields.length > 0) {
        const bytes = Buffer.from(code.subarray(at, at + 15)).toString("hex");
        found.push(`${at} ${bytes}: ${fields.map((field) => `${field} ${ours[field]}, engine ${engines[field]}`).join("; ")}`);
        // Out of step there would be nothing but differences.
        if (ours.offset !== engines.offset || length !== engines.length) return found;
      }
      at += length;
    }
  }
  if (found.length === 0 && decodeNext() > 0) found.push(`${at}: the engine has no more`);
  return found;
}

/** Special bytes at every other place: prefixes, escapes, VEX, EVEX, XOP, groups. */
function bentBytes(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const special = [0x66, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x67, 0x48, 0x4f, 0x0f, 0xc4, 0xc5, 0x62, 0x8f, 0xc7, 0xff];
  let state = seed;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = (state & 0x80000) === 0 ? state >>> 24 : special[state >>> 28]!;
  }
  return bytes;
}

describe("the engine decodes as the decoder does, in every field", () => {
  it("megabytes of node's code", () => {
    const [part] = executableParts(process.execPath, ".text");
    expect(disagreements(new Uint8Array(part!.bytes.subarray(0, often(1 << 19, 1 << 23))))).toEqual([]);
  });

  it("megabytes of pseudo-random bytes, half of them prefixes and escapes", () => {
    for (let seed = 1; seed <= 4; seed++) expect(disagreements(bentBytes(often(1 << 16, 1 << 20), seed))).toEqual([]);
  });

  it("every opcode of every map, with and without prefixes", () => {
    const leads = [
      "",
      "0f",
      "0f38",
      "0f3a",
      "c5f8",
      "c4e178",
      "c4e2f9",
      "c4e379",
      "62f17c48",
      "62f2fd48",
      "8fe878",
      "8fe9f8",
      "0f0fc0",
    ];
    const prefixes = ["", "66", "f2", "f3", "f0", "6567", "6648", "f24866"];
    const forms = [0x04, 0x05, 0x80, 0xc1];
    /** ModRM bytes with each opcode, of 32. */
    const each = often(2, 32);
    for (const lead of leads) {
      for (const prefix of prefixes) {
        const start = Buffer.from(prefix + lead, "hex");
        const slot = start.length + 12;
        const code = new Uint8Array(256 * each * slot);
        for (let i = 0; i < 256 * each; i++) {
          const place = i * (32 / each);
          const modrm = forms[i & 3]! | ((place << 1) & 0x38);
          code.set([...start, place >> 5, modrm, i * 7, 0x81, 0x02, 0xf3, 0x04, 0x85, 0x06, 0x87, 0x90, 0x90], i * slot);
        }
        expect(disagreements(code), `${prefix} ${lead}`).toEqual([]);
      }
    }
  });

  it("from every byte, also inside instructions, and where the bytes end in the middle of one", () => {
    const [part] = executableParts(process.execPath, ".text");
    const code = new Uint8Array(part!.bytes.subarray(1 << 20, (1 << 20) + 4096));
    for (let from = 0; from < often(8, 64); from++) expect(disagreements(code.slice(from))).toEqual([]);
    for (let end = 0; end < often(80, 200); end++) expect(disagreements(code.slice(0, end))).toEqual([]);
    for (let end = 0; end < often(80, 200); end++) expect(disagreements(bentBytes(end, end + 1))).toEqual([]);
  });

  it("one by one, as the walk asks", () => {
    const code = bentBytes(often(1 << 15, 1 << 18), 7);
    const engine = makeSweeper(code.length);
    new Uint8Array(engine.memory.buffer).set(code, engine.codeAt());
    const instruction = new Instruction();
    for (let at = 0; at < code.length; at++) {
      const end = Math.min(code.length, at + (at % 23));
      const length = decode(code, at, end, instruction);
      if (engine.decode(at, end) !== length) expect.fail(`${at} of ${end - at}: not ${length}`);
    }
  });
});

it("nothing of a walk is kept when the next is done, within one turn of the engine too", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const bytes = new Uint8Array(2 << 20).fill(0xc3);
  const space = {
    bytes,
    regions: [{ start: 0, size: bytes.length, address: 0x400000 }],
    addressOf: (at: number) => at + 0x400000,
  };
  const input = { space, entries: [], functions: [], names: [], pointers: [], absoluteImmediates: false };
  const held = () => {
    // The engine gives the memory of buffers back beside the program; a second collection waits for that.
    collect();
    collect();
    return process.memoryUsage().external;
  };
  const walk = () => runWalk({ ...input, hostVariable: undefined, data: undefined } as unknown as WalkInput);
  walk();
  const before = held();
  for (let i = 0; i < 20; i++) walk();
  expect(held() - before).toBeLessThan(4 * bytes.length);
});
