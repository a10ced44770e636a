/** Tries a zip and an unzip, each against Sandfit's own reading and writing, and then what the one made with the other. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { appendZip } from "../../asm/zip-writer.js";
import { memorySource } from "../../bytes/source.js";
import type { Execution } from "../../environments/run/execute.js";
import { findZipTail, readZipDirectory, zipDataOffset } from "../../image/zip.js";
import { type Bench, JobFailed, type Trial, versionIn } from "./bench.js";

/** Two files, one in a folder; the larger is worth deflating. */
const FILES: ReadonlyMap<string, string> = new Map([
  ["hello.txt", "hello\n"],
  ["folder/many.txt", "a line that comes again and again\n".repeat(1000)],
]);
const ARCHIVE = "archive.zip";

export async function tryZip(bench: Bench): Promise<Trial> {
  const folder = bench.folder();
  mkdirSync(join(folder, "folder"));
  for (const [name, text] of FILES) writeFileSync(join(folder, name), text);
  const job = "pack two files";
  const packed = await bench.do(job, ["-q", "-r", ARCHIVE, "hello.txt", "folder"], folder);
  const archive = readOr(join(folder, ARCHIVE), job, packed);
  const read = await contentsOf(archive).catch(() => undefined);
  for (const [name, text] of FILES) {
    if (read?.get(name) !== text) throw new JobFailed(job, packed, `${name} is not in its archive as it was packed`);
  }
  bench.archives.set(bench.path, archive);
  const version = await bench.run(["-v"]);
  const said = version.stdout + version.stderr;
  return { outcome: "works", version: versionIn(/^This is Zip.*$/m.exec(said)?.[0] ?? said), did: ["packed two files"] };
}

export async function tryUnzip(bench: Bench): Promise<Trial> {
  const encoder = new TextEncoder();
  const own = appendZip(
    new Uint8Array(0),
    [...FILES].map(([name, text]) => ({ name, data: encoder.encode(text) })),
  );
  await unpack(bench, own, "unpack an archive");
  for (const [zip, archive] of bench.archives) await unpack(bench, archive, `unpack what ${zip} packed`);
  const version = await bench.run(["-v"]);
  const said = version.stdout + version.stderr;
  const did = ["unpacked an archive"];
  if (bench.archives.size > 0) did.push(`and what ${[...bench.archives.keys()].join(", ")} packed`);
  return { outcome: "works", version: versionIn(/UnZip.*$/im.exec(said)?.[0] ?? said), did };
}

async function unpack(bench: Bench, archive: Uint8Array, job: string): Promise<void> {
  const folder = bench.folder();
  writeFileSync(join(folder, ARCHIVE), archive);
  const unpacked = await bench.do(job, ["-q", ARCHIVE], folder);
  for (const [name, text] of FILES) {
    if (readOr(join(folder, name), job, unpacked).toString() !== text) {
      throw new JobFailed(job, unpacked, `${name} is not as it was packed`);
    }
  }
}

function readOr(path: string, job: string, run: Execution): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new JobFailed(job, run, `it ends well, but there is no ${path.split("/").at(-1)}`);
  }
}

/** Names and texts in an archive, read by Sandfit itself. */
async function contentsOf(archive: Uint8Array): Promise<Map<string, string>> {
  const source = memorySource(archive, ARCHIVE);
  const contents = new Map<string, string>();
  const tail = await findZipTail(source);
  if (tail === undefined) return contents;
  for await (const entry of readZipDirectory(source, tail)) {
    const at = await zipDataOffset(source, entry);
    if (at === undefined) continue;
    const data = await source.read(at, entry.compressedSize);
    contents.set(
      entry.name,
      Buffer.from(entry.method === 8 ? inflateRawSync(data, { maxOutputLength: 1 << 20 }) : data).toString(),
    );
  }
  return contents;
}
