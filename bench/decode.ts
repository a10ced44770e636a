/** Full sweep of real code: this decoder, iced-x86 (WebAssembly) and objdump -d on the same bytes, in turns. */

import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { buildSync } from "esbuild";
import { Decoder, DecoderOptions, Instruction as IcedInstruction } from "iced-x86";
import { executableParts } from "../test/x86/executable.js";

export interface DecodeRow {
  readonly name: string;
  /** Median over the runs, in seconds. */
  readonly seconds: number;
  readonly megabytesPerSecond: number;
  /** How many times as fast as the slowest row: objdump where there is one. */
  readonly ratio: number;
}

const RUNS = 7;
/** It takes many seconds. */
const OBJDUMP_RUNS = 1;

/**
 * Our two sweeps, bundled into one CommonJS file as the command ships: of an ES module V8 reads the tables' variables anew every
 * time. Each goes from instruction to instruction and asks for length and segment; where no instruction is, one byte on.
 */
const SWEEPS = `
import { decode } from "./src/x86/decode.js";
import { Instruction } from "./src/x86/instruction.js";
import { scan } from "./src/x86/scan.js";
export function sweepByScan(code) {
  let withSegment = 0;
  for (let at = 0; at < code.length; ) {
    const found = scan(code, at, code.length);
    if (found > 0xff) withSegment++;
    at += found === 0 ? 1 : found & 0xff;
  }
  return withSegment;
}
export function sweepByDecode(code) {
  const insn = new Instruction();
  let withSegment = 0;
  for (let at = 0; at < code.length; ) {
    const length = decode(code, at, code.length, insn);
    if (length > 0 && (insn.isGs || insn.isFs)) withSegment++;
    at += length === 0 ? 1 : length;
  }
  return withSegment;
}`;

interface Sweeps {
  sweepByScan(code: Uint8Array): number;
  sweepByDecode(code: Uint8Array): number;
}

function bundledSweeps(): Sweeps {
  const { outputFiles } = buildSync({
    stdin: { contents: SWEEPS, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    format: "cjs",
    write: false,
  });
  const module = { exports: {} };
  compileFunction(outputFiles[0]!.text, ["module"])(module);
  return module.exports as Sweeps;
}

/** Iced goes on behind what it calls invalid: fewer calls than one byte on. */
function sweepIced(code: Uint8Array): number {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const insn = new IcedInstruction();
  let withSegment = 0;
  let bytes = 0;
  while (decoder.canDecode) {
    decoder.decodeOut(insn);
    bytes += insn.length;
    if (insn.segmentPrefix !== 0) withSegment++;
  }
  insn.free();
  decoder.free();
  return bytes === code.length ? withSegment : 0;
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
  const { sweepByScan, sweepByDecode } = bundledSweeps();
  const hasObjdump = spawnSync("objdump", ["--version"]).status === 0;
  const ways: { name: string; runs: number; run: () => void; times: number[] }[] = [
    { name: "sandfit scan", runs: RUNS, run: () => sweepByScan(code), times: [] },
    { name: "sandfit decode, all fields", runs: RUNS, run: () => sweepByDecode(code), times: [] },
    { name: "iced-x86 decodeOut", runs: RUNS, run: () => sweepIced(code), times: [] },
  ];
  if (hasObjdump) ways.push({ name: "objdump -d", runs: OBJDUMP_RUNS, run: () => sweepObjdump(process.execPath), times: [] });
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
      `${row.name.padEnd(28)} ${row.seconds.toFixed(3).padStart(8)} s ${row.megabytesPerSecond.toFixed(1).padStart(7)} MB/s ${row.ratio.toFixed(1).padStart(6)}x`,
    );
  }
}
