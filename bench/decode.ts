/** Full sweep of real code: this project's decoders and their peers on the same bytes, in turns. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { Decoder, DecoderOptions, Instruction as IcedInstruction } from "iced-x86";
import { build } from "rolldown";
import { kernelDecoder } from "../src/code/kernel.js";
import { type ExecutablePart, executableParts } from "../test/x86/executable.js";
import { root } from "./inputs.js";
import { isThere, median } from "./turns.js";

export interface DecodeRow {
  readonly name: string;
  /** Median over the runs, in seconds. */
  readonly seconds: number;
  readonly megabytesPerSecond: number;
  /** How many times as fast as the slowest row: objdump where there is one. */
  readonly ratio: number;
}

const RUNS = 5;
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

async function bundledSweeps(): Promise<Sweeps> {
  const { output } = await build({
    cwd: root,
    input: "sweeps",
    plugins: [
      {
        name: "sweeps",
        resolveId: (name) => (name === "sweeps" ? join(root, "sweeps.ts") : undefined),
        load: (path) => (path === join(root, "sweeps.ts") ? SWEEPS : undefined),
      },
    ],
    write: false,
    output: { format: "cjs" },
  });
  const module = { exports: {} };
  compileFunction(output[0].code, ["exports"])(module.exports);
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

interface Way {
  readonly name: string;
  readonly runs: number;
  /** Returns seconds where it has measured itself. */
  readonly run: () => number | undefined;
  readonly times: number[];
}

const libraries = [
  { name: "Zydis (C)", define: "ZYDIS", link: "-lZydis" },
  { name: "capstone (C)", define: "CAPSTONE", link: "-lcapstone" },
  { name: "distorm (C)", define: "DISTORM", link: "-ldistorm3" },
];

/** The C libraries that are installed with their headers; what is missing is named. */
function peers(folder: string, part: ExecutablePart): Way[] {
  const source = fileURLToPath(new URL("peers.c", import.meta.url));
  return libraries.flatMap(({ name, define, link }) => {
    const program = join(folder, define);
    const built = spawnSync("gcc", ["-O2", `-D${define}`, "-o", program, source, link], { stdio: "ignore" });
    if (built.status !== 0) {
      console.log(`left out: ${name} (needs gcc and its headers)`);
      return [];
    }
    const args = [part.path, String(part.offset), String(part.bytes.length)];
    const run = () => Number.parseFloat(spawnSync(program, args, { encoding: "utf8" }).stdout);
    return [{ name, runs: RUNS, run, times: [] }];
  });
}

/** Sweeps the .text of a program, each way in turn. Returns one row each; what is missing is left out by name. */
export async function benchDecode(path: string): Promise<DecodeRow[]> {
  const [part] = executableParts(path, ".text");
  if (part === undefined) return [];
  const code = new Uint8Array(part.bytes);
  const { sweepByScan, sweepByDecode } = await bundledSweeps();
  const kernel = kernelDecoder(code);
  const untimed = (name: string, sweep: () => unknown): Way => ({
    name,
    runs: RUNS,
    run: () => {
      sweep();
      return undefined;
    },
    times: [],
  });
  const folder = mkdtempSync(join(tmpdir(), "sandfit-peers-"));
  const ways: Way[] = [
    untimed("sandfit kernel (WebAssembly)", () => kernel.sweep(0, code.length)),
    untimed("sandfit scan", () => sweepByScan(code)),
    untimed("sandfit decode, all fields", () => sweepByDecode(code)),
    untimed("iced-x86 decodeOut (WebAssembly)", () => sweepIced(code)),
    ...peers(folder, part),
  ];
  if (isThere("objdump", "--version")) ways.push({ ...untimed("objdump -d", () => sweepObjdump(path)), runs: OBJDUMP_RUNS });
  else console.log("left out: objdump");
  for (let run = 0; run < RUNS; run++) {
    for (const way of ways) {
      if (run >= way.runs) continue;
      const start = performance.now();
      const own = way.run();
      way.times.push(own ?? (performance.now() - start) / 1000);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const rows = ways.map((way) => ({ name: way.name, seconds: median(way.times) }));
  const slowest = Math.max(...rows.map((row) => row.seconds));
  return rows.map((row) => ({
    ...row,
    megabytesPerSecond: code.length / 1e6 / row.seconds,
    ratio: slowest / row.seconds,
  }));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchDecode(process.argv[2] ?? process.execPath)) {
    console.log(
      `${row.name.padEnd(28)} ${row.seconds.toFixed(3).padStart(8)} s ${row.megabytesPerSecond.toFixed(1).padStart(7)} MB/s ${row.ratio.toFixed(1).padStart(6)}x`,
    );
  }
}
