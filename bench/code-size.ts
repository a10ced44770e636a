/** Cost against the amount of code: programs from 1 MB to 1 GB of it, one series that is only looked through and one that is walked. */

import { closeSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { programHeaders } from "../src/asm/elf-writer.js";
import { sampleProgram } from "../test/fixtures/programs/index.js";
import { executableParts } from "../test/support/executable.js";
import { command, folder } from "./inputs.js";
import { usageOf } from "./usage.js";

const MB = 1e6;
const PAGE = 4096;
const RUNS = 3;
const PHDR = 56;
const PT_LOAD = 1;
const READ_EXECUTE = 5;
/** Behind everything that the samples load. */
const ADDRESS = 0x1000_0000;

const series = [
  { name: "healthy: looked through", sample: "healthy", sizes: [1, 16, 128, 512, 1000] },
  // More than 512 MiB are not walked.
  { name: "faulty: walked", sample: "gs-call", sizes: [1, 16, 128, 500] },
] as const;

/** A sample with one more segment of `megabytes` of code: node's own, as often as it takes. */
function withCode(sample: string, megabytes: number, code: Uint8Array): string {
  const path = join(folder, `${sample}-${megabytes}`);
  const bytes = Buffer.from(sampleProgram(sample).bytes);
  const count = bytes.readUInt16LE(56);
  const size = megabytes * MB;
  const offset = Math.ceil(bytes.length / PAGE) * PAGE;
  const segment = { type: PT_LOAD, flags: READ_EXECUTE, offset, address: ADDRESS, fileSize: size, memorySize: size, align: PAGE };
  // The samples leave the rest of their first page to the headers. PT_LOADs come in ascending order, PT_GNU_STACK stays last.
  const table = Number(bytes.readBigUInt64LE(32));
  bytes.copyWithin(table + count * PHDR, table + (count - 1) * PHDR, table + count * PHDR);
  bytes.set(programHeaders([segment]), table + (count - 1) * PHDR);
  bytes.writeUInt16LE(count + 1, 56);
  writeFileSync(path, bytes, { mode: 0o755 });
  const descriptor = openSync(path, "r+");
  for (let done = 0; done < size; done += code.length) {
    writeSync(descriptor, code, 0, Math.min(code.length, size - done), offset + done);
  }
  closeSync(descriptor);
  return path;
}

/** Rows of series, megabytes of code, processor time (the least of some runs), the same for a megabyte, and peak memory. */
export function benchCodeSize(): (string | number)[][] {
  const [code] = executableParts(process.execPath, ".text");
  if (code === undefined) return [];
  return series.flatMap(({ name, sample, sizes }) =>
    sizes.map((size) => {
      const path = withCode(sample, size, code.bytes);
      const usages = Array.from({ length: RUNS }, () => usageOf([command, "check", path])).filter((usage) => usage !== undefined);
      const processor = Math.min(...usages.map((usage) => usage.processor));
      const memory = Math.max(...usages.map((usage) => usage.memory));
      rmSync(path);
      return [name, size, `${processor.toFixed(0)} ms`, (processor / size).toFixed(1), `${memory.toFixed(0)} MB`];
    }),
  );
}
