/** Full sweep of real code: this decoder, iced-x86 (WebAssembly) and objdump -d on the same bytes, in turns. */

import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { Decoder, DecoderOptions, Instruction as IcedInstruction } from "iced-x86";
import { decode } from "../src/x86/decode.js";
import { Instruction } from "../src/x86/instruction.js";
import { executableParts } from "../test/x86/executable.js";

export interface DecodeRow {
  readonly name: string;
  /** Median over the runs, in seconds. */
  readonly seconds: number;
  readonly megabytesPerSecond: number;
  /** How many times as fast as the slowest row: objdump where there is one. */
  readonly ratio: number;
}

const RUNS = 5;

/** Length and segment of every instruction; where bytes are none, one byte further. Returns the number of instructions. */
function sweepOurs(code: Uint8Array): number {
  const insn = new Instruction();
  let count = 0;
  let withSegment = 0;
  for (let at = 0; at < code.length; ) {
    const length = decode(code, at, code.length, insn);
    if (length === 0) {
      at++;
      continue;
    }
    if (insn.isGs || insn.isFs) withSegment++;
    count++;
    at += length;
  }
  return count + (withSegment & 0);
}

function sweepIced(code: Uint8Array): number {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const insn = new IcedInstruction();
  let count = 0;
  let withSegment = 0;
  while (decoder.canDecode) {
    const at = decoder.position;
    decoder.decodeOut(insn);
    if (insn.isInvalid) {
      decoder.position = at + 1;
      continue;
    }
    if (insn.segmentPrefix !== 0) withSegment++;
    if (insn.length > 0) count++;
  }
  insn.free();
  decoder.free();
  return count + (withSegment & 0);
}

function sweepObjdump(path: string): void {
  spawnSync("objdump", ["-d", "--section=.text", path], { stdio: "ignore" });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Sweeps the .text of the running node, each way in turn. Returns one row each; objdump's is left out where it is missing. */
export async function benchDecode(): Promise<DecodeRow[]> {
  const [part] = executableParts(process.execPath, ".text");
  if (part === undefined) return [];
  const code = new Uint8Array(part.bytes);
  const hasObjdump = spawnSync("objdump", ["--version"]).status === 0;
  const ways: { name: string; runs: number; run: () => void; times: number[] }[] = [
    { name: "sandfit decode", runs: RUNS, run: () => sweepOurs(code), times: [] },
    { name: "iced-x86 1.21 decodeOut", runs: RUNS, run: () => sweepIced(code), times: [] },
  ];
  if (hasObjdump) ways.push({ name: "objdump -d", runs: 1, run: () => sweepObjdump(process.execPath), times: [] });
  for (let run = 0; run < RUNS; run++) {
    for (const way of ways) {
      if (run >= way.runs) continue;
      const start = performance.now();
      way.run();
      way.times.push((performance.now() - start) / 1000);
    }
  }
  const rows = ways.map((way) => ({ name: way.name, seconds: median(way.times) }));
  const slowest = Math.max(...rows.map((row) => row.seconds));
  return rows.map((row) => ({
    ...row,
    megabytesPerSecond: code.length / 1e6 / row.seconds,
    ratio: slowest / row.seconds,
  }));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchDecode()) {
    console.log(
      `${row.name.padEnd(24)} ${row.seconds.toFixed(3).padStart(8)} s ${row.megabytesPerSecond.toFixed(1).padStart(7)} MB/s ${row.ratio.toFixed(1).padStart(6)}x`,
    );
  }
}
