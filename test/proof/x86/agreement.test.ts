/** Length, segment, flow and target of millions of instructions, real and random, against iced-x86. */
import { describe, expect, test } from "vitest";
import { decode } from "../../../src/x86/decode.js";
import { Encoding, Flow, Prefix, RIP } from "../../../src/x86/instruction.js";
import { scan } from "../../../src/x86/scan.js";
import { realCode } from "../../support/executable.js";
import { Comparison, flowOf, Oracle } from "../../support/oracle.js";

const WANTED_BYTES = 32e6;
const EVERY_OFFSET_BYTES = 2e6;
const PARTS_BYTES = 1e6;
const RANDOM_STRINGS = 2_000_000;
const SEGMENTS = Prefix.Fs | Prefix.Gs;

/** Compares at one place; returns how far iced would go on. */
function compareAt(code: Uint8Array, at: number, oracle: Oracle, result: Comparison): number {
  const wanted = oracle.lengthAt(at);
  const insn = result.ours;
  const length = decode(code, at, code.length, insn);
  const scanned = scan(code, at, code.length);
  if (scanned !== length) result.differ(code, at, `scan ${scanned}, decode ${length}`);
  if (wanted === 0) {
    if (length > 0) result.extra++;
    else result.invalid++;
    return 1;
  }
  result.instructions++;
  result.bytes += wanted;
  if (length !== wanted) {
    result.differ(code, at, `iced ${wanted} (${oracle.name}), we ${length}`);
    return wanted;
  }
  const segment = insn.prefixes & SEGMENTS;
  if (segment !== oracle.segment) result.differ(code, at, `segment of ${oracle.name}`);
  if (insn.flow === Flow.Next) return wanted;
  const flow = flowOf(oracle);
  if (flow !== undefined && flow !== insn.flow) result.differ(code, at, `flow ${insn.flow} of ${oracle.name}, iced ${flow}`);
  const isDirect = insn.flow === Flow.Jump || insn.flow === Flow.Branch || insn.flow === Flow.Call;
  // Iced counts from where its own sweep is, so compare how far the jump goes.
  if (isDirect && BigInt.asIntN(64, oracle.insn.nearBranchTarget - oracle.insn.nextIP) !== BigInt(insn.target - at - length)) {
    result.differ(code, at, `target ${insn.target} of ${oracle.name}`);
  }
  return wanted;
}

/** Compares size and place of displacement and immediate at one place, and the displacement; returns how far to go on. */
function compareParts(code: Uint8Array, at: number, oracle: Oracle, result: Comparison): number {
  const insn = result.ours;
  if (oracle.lengthAt(at) === 0 || decode(code, at, code.length, insn) === 0) return 1;
  result.instructions++;
  const { displacement, displacementSize, displacementAt, immediateSize, immediateAt } = oracle.parts();
  if (insn.dispSize !== displacementSize) result.differ(code, at, `displacement of ${insn.dispSize}, iced ${displacementSize}`);
  else if (insn.dispSize > 0 && insn.dispAt !== displacementAt) result.differ(code, at, `displacement at ${insn.dispAt}`);
  // EVEX scales displacements of one byte, moffs have 64 bits, and 67 cuts off.
  const isPlain = insn.dispSize <= 4 && insn.encoding !== Encoding.Evex && (insn.prefixes & Prefix.AddressSize) === 0;
  if (isPlain && insn.dispSize > 0 && insn.base !== RIP && BigInt(insn.disp) !== displacement)
    result.differ(code, at, `displacement ${insn.disp}`);
  // To iced the byte that names a fourth register is no immediate.
  const isRegister = insn.encoding !== Encoding.Legacy && insn.immSize === 1 && immediateSize === 0;
  if (isRegister) return insn.length;
  if (insn.immSize !== immediateSize) result.differ(code, at, `immediate of ${insn.immSize}, iced ${immediateSize}`);
  else if (insn.immSize > 0 && insn.immAt !== immediateAt) result.differ(code, at, `immediate at ${insn.immAt}`);
  return insn.length;
}

const report = (what: string, { instructions, bytes, extra, invalid }: Comparison) =>
  console.log(
    `${what}: ${instructions} instructions, ${(bytes / 1e6).toFixed(1)} MB agree; ${extra} we take and iced does not, ${invalid} neither`,
  );

describe("real code", () => {
  const parts = realCode(WANTED_BYTES);

  test("linear sweep, in step with iced", () => {
    const result = new Comparison();
    for (const { bytes } of parts) {
      const oracle = new Oracle(bytes);
      for (let at = 0; at < bytes.length; ) at += compareAt(bytes, at, oracle, result);
      oracle.free();
    }
    report("sweep", result);
    expect(result.differences).toEqual([]);
    expect(result.instructions).toBeGreaterThan(1e6);
    expect(result.extra).toBeLessThan(result.instructions / 1000);
  });

  test("displacements and immediates stand where iced has them", () => {
    const result = new Comparison();
    for (const { bytes } of parts.slice(0, 4)) {
      const code = bytes.subarray(0, PARTS_BYTES);
      const oracle = new Oracle(code);
      for (let at = 0; at < code.length; ) at += compareParts(code, at, oracle, result);
      oracle.free();
    }
    const code = randomCode(RANDOM_STRINGS / 20, 0xabc);
    const oracle = new Oracle(code);
    for (let at = 0; at < code.length; at += SLOT) compareParts(code, at, oracle, result);
    oracle.free();
    report("parts", result);
    expect(result.differences).toEqual([]);
  });

  test("from every offset, also inside instructions", () => {
    const result = new Comparison();
    for (const { bytes } of parts.slice(0, 4)) {
      const from = Math.floor(bytes.length / 3);
      const code = bytes.subarray(from, from + EVERY_OFFSET_BYTES);
      const oracle = new Oracle(code);
      for (let at = 0; at < code.length; at++) compareAt(code, at, oracle, result);
      oracle.free();
    }
    report("every offset", result);
    expect(result.differences).toEqual([]);
    expect(result.extra).toBeLessThan(result.instructions / 1000);
  });
});

/** xorshift32: the same bytes in every run. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 8;
  };
}

const PREFIXES = [0x66, 0xf2, 0xf3, 0x64, 0x65, 0x67, 0xf0, 0x2e, 0x3e, 0x26, 0x36];
const SLOT = 16;

/** Random bytes in slots of 16, most of them beginning with prefixes, an escape, VEX, EVEX or XOP. */
function randomCode(count: number, seed: number): Uint8Array {
  const random = randomSource(seed);
  const pick = (list: readonly number[]) => list[random() % list.length]!;
  const code = new Uint8Array(count * SLOT);
  for (let i = 0; i < code.length; i++) code[i] = random();
  for (let slot = 0; slot < count; slot++) {
    let p = slot * SLOT;
    const kind = random() % 8;
    const prefixes = random() % 40 === 0 ? random() % 16 : random() % 3;
    const isVector = kind >= 4 && kind <= 6;
    if (kind < 4 || random() % 8 === 0) for (let i = 0; i < prefixes; i++) code[p++] = pick(PREFIXES);
    if (isVector ? random() % 16 === 0 : random() % 3 === 0) code[p++] = 0x40 | (random() & 15);
    if (kind === 1 || kind === 2) code[p++] = 0x0f;
    if (kind === 2) code[p++] = pick([0x38, 0x3a, 0x0f, 0x01, 0xae, 0xc7]);
    if (kind === 4) code[p++] = 0xc5;
    if (kind === 5) {
      const first = pick([0xc4, 0xc4, 0x8f]);
      code[p++] = first;
      code[p] = (code[p]! & 0xe0) | pick(first === 0xc4 ? [1, 2, 3] : [8, 9, 10]);
      if (random() & 1) code[p + 1]! |= 0x78;
    }
    if (kind === 6) {
      code[p++] = 0x62;
      code[p] = (code[p]! & 0xf0) | pick([1, 2, 3, 5, 6]);
      code[p + 1]! |= random() & 1 ? 0x7c : 4;
      if (random() & 1) code[p + 2]! = code[p + 2]! & 0x6f;
      if (random() & 1) code[p + 2]! |= 8;
    }
  }
  return code;
}

describe("random code", () => {
  test(`${RANDOM_STRINGS} strings, bent towards prefixes and escapes`, () => {
    const result = new Comparison();
    const perRound = RANDOM_STRINGS / 20;
    for (let round = 0; round < 20; round++) {
      const code = randomCode(perRound, 0x5eed + round);
      const oracle = new Oracle(code);
      for (let at = 0; at < code.length; at += SLOT) compareAt(code, at, oracle, result);
      oracle.free();
    }
    report("random", result);
    expect(result.differences).toEqual([]);
    expect(result.instructions).toBeGreaterThan(RANDOM_STRINGS / 4);
    expect(result.extra).toBeLessThan(result.instructions / 2000);
  });

  test("nothing throws, and nothing runs past the end, at any cut of random strings", () => {
    const code = randomCode(20_000, 99);
    const { ours } = new Comparison();
    for (let at = 0; at < code.length; at += SLOT) {
      let last = 0;
      for (let end = at; end <= at + SLOT; end++) {
        const length = decode(code, at, end, ours);
        if (length < 0 || length > end - at || length > 15) expect.fail(`${at}: ${length} of ${end - at}`);
        // With more bytes an instruction only appears; it never changes.
        if (last !== 0 && length !== last) expect.fail(`${at}: ${last}, then ${length}`);
        last = length;
      }
    }
  });
});
