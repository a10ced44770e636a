/** Full sweep of real code: this project's decoders and their peers on the same bytes, in turns, by processor time. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { Decoder, DecoderOptions, Instruction as IcedInstruction } from "iced-x86";
import { build } from "rolldown";
import { memorySource } from "../src/bytes/source.js";
import { loadCodeSpace } from "../src/code/code-space.js";
import { readImage } from "../src/image/detect.js";
import { executableParts } from "../test/support/executable.js";
import { root } from "./inputs.js";
import { isThere, median, timed } from "./turns.js";

export interface DecodeRow {
  readonly name: string;
  /** Of the median of its runs. */
  readonly megabytesPerSecond: number;
  readonly timesIced: number;
  /** NaN without objdump. */
  readonly timesObjdump: number;
}

const RUNS = 9;
/** It takes many seconds. */
const OBJDUMP_RUNS = 1;
/** Small code is swept several times in a run. */
const LEAST_BYTES = 16e6;
const ELF_MAGIC = 0x7f454c46;

/**
 * Our sweeps, bundled into one CommonJS file as the command ships: of an ES module V8 reads the tables' variables anew every time. Each
 * goes from instruction to instruction; where none is, one byte on.
 */
const SWEEPS = `
import { Sweep } from "./bench/sweep.js";
import { decode } from "./src/x86/decode.js";
import { Instruction, Prefix } from "./src/x86/instruction.js";
import { scan } from "./src/x86/scan.js";
export function sweepByEngine(code) {
  const sweep = new Sweep(code);
  let count = 0;
  while (sweep.next()) count += sweep.count;
  return count;
}
export function sweepByEngineAsking(code) {
  const sweep = new Sweep(code);
  let withSegment = 0;
  while (sweep.next()) {
    for (let i = 0; i < sweep.count; i++) if ((sweep.prefixes(i) & (Prefix.Fs | Prefix.Gs)) !== 0) withSegment++;
  }
  return withSegment;
}
export function sweepByScan(code) {
  let count = 0;
  for (let at = 0; at < code.length; count++) at += scan(code, at, code.length) || 1;
  return count;
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
  sweepByEngine(code: Uint8Array): number;
  sweepByEngineAsking(code: Uint8Array): number;
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

/** It goes on behind what it calls invalid, so it decodes less often than one byte on. */
function sweepIced(code: Uint8Array): void {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const insn = new IcedInstruction();
  while (decoder.canDecode) decoder.decodeOut(insn);
  insn.free();
  decoder.free();
}

function sweepIcedAsking(code: Uint8Array): number {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const insn = new IcedInstruction();
  let withSegment = 0;
  while (decoder.canDecode) {
    decoder.decodeOut(insn);
    if (insn.length > 0 && insn.segmentPrefix !== 0) withSegment++;
  }
  insn.free();
  decoder.free();
  return withSegment;
}

interface Way {
  readonly name: string;
  readonly runs: number;
  /** Returns seconds for each byte. */
  readonly run: () => number;
  readonly times: number[];
}

const libraries = [
  { name: "Zydis (C)", define: "ZYDIS", link: "-lZydis" },
  { name: "capstone (C)", define: "CAPSTONE", link: "-lcapstone" },
  { name: "distorm (C)", define: "DISTORM", link: "-ldistorm3" },
];

/** The C libraries that are installed with their headers; what is missing is named. */
function peers(folder: string, path: string, size: number): Way[] {
  const source = fileURLToPath(new URL("peers.c", import.meta.url));
  return libraries.flatMap(({ name, define, link }) => {
    const program = join(folder, define);
    const built = spawnSync("gcc", ["-O2", `-D${define}`, "-o", program, source, link], { stdio: "ignore" });
    if (built.status !== 0) {
      console.log(`left out: ${name} (needs gcc and its headers)`);
      return [];
    }
    const run = () => Number.parseFloat(spawnSync(program, [path, String(size)], { encoding: "utf8" }).stdout) / size;
    return [{ name, runs: RUNS, run, times: [] }];
  });
}

/** The .text of an ELF program; of one without sections, such as an APE, all that is executable. */
async function codeOf(path: string): Promise<Uint8Array> {
  const parts = readFileSync(path).readUInt32BE(0) === ELF_MAGIC ? executableParts(path, ".text") : [];
  if (parts[0] !== undefined) return new Uint8Array(parts[0].bytes);
  const source = memorySource(new Uint8Array(readFileSync(path)), path);
  return (await loadCodeSpace(source, (await readImage(source)).elf[0])).bytes;
}

/** The same code so often that it takes a while. */
function repeated(code: Uint8Array): Uint8Array {
  const times = Math.ceil(LEAST_BYTES / code.length);
  const all = new Uint8Array(times * code.length);
  for (let i = 0; i < times; i++) all.set(code, i * code.length);
  return all;
}

/** Sweeps the code of a program, each way in turn. Returns one row each; what is missing is left out by name. */
export async function benchDecode(path: string): Promise<DecodeRow[]> {
  const code = await codeOf(path);
  const many = repeated(code);
  const sweeps = await bundledSweeps();
  const folder = mkdtempSync(join(tmpdir(), "sandfit-peers-"));
  const bytes = join(folder, "code");
  writeFileSync(bytes, code);
  const inProcess = (name: string, sweep: (code: Uint8Array) => unknown): Way => {
    const run = () => {
      const before = process.cpuUsage();
      sweep(many);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6 / many.length;
    };
    return { name, runs: RUNS, run, times: [] };
  };
  const ways: Way[] = [
    inProcess("sandfit Sweep, all fields (WebAssembly)", sweeps.sweepByEngine),
    inProcess("… and the segment of each asked for", sweeps.sweepByEngineAsking),
    inProcess("sandfit decode, all fields (JavaScript)", sweeps.sweepByDecode),
    inProcess("sandfit scan, length alone (JavaScript)", sweeps.sweepByScan),
    inProcess("iced-x86 decodeOut (WebAssembly)", sweepIced),
    inProcess("… and length and segment of each asked for", sweepIcedAsking),
    ...peers(folder, bytes, code.length),
  ];
  if (isThere("objdump", "--version")) {
    const args = ["-D", "-b", "binary", "-m", "i386:x86-64", bytes];
    const run = () => timed({ program: "objdump", args }).processor / 1000 / code.length;
    ways.push({ name: "objdump -D", runs: OBJDUMP_RUNS, run, times: [] });
  } else console.log("left out: objdump");
  for (let run = 0; run < RUNS; run++) for (const way of ways) if (run < way.runs) way.times.push(way.run());
  rmSync(folder, { recursive: true, force: true });
  const rows = ways.map((way) => ({ name: way.name, seconds: median(way.times) }));
  const iced = rows.find(({ name }) => name.startsWith("iced"))!.seconds;
  const objdump = rows.find(({ name }) => name.startsWith("objdump"))?.seconds ?? Number.NaN;
  return rows.map(({ name, seconds }) => ({
    name,
    megabytesPerSecond: 1 / 1e6 / seconds,
    timesIced: iced / seconds,
    timesObjdump: objdump / seconds,
  }));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchDecode(process.argv[2] ?? process.execPath)) {
    console.log(
      `${row.name.padEnd(52)} ${row.megabytesPerSecond.toFixed(1).padStart(7)} MB/s ${row.timesIced.toFixed(2).padStart(6)} x iced ${row.timesObjdump.toFixed(1).padStart(6)} x objdump`,
    );
  }
}
