/** The main path of pack: input → items → programs checked and fixed → package, read back → its name. */

import { mkdirSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { InputError } from "../errors.js";
import { workspaceBeside } from "../files/workspace.js";
import type { Machine } from "../image/image.js";
import { type Archive, openArchive } from "../input/archive/open.js";
import { spool } from "../input/spool.js";
import type { Manifest } from "../report/pack-model.js";
import type { Destination } from "../write/destination.js";
import type { Item } from "../write/item.js";
import { commitPackage, openOutput, writeTarGz, writeTree, writeZipFile } from "../write/package.js";
import { buildPackage } from "./build.js";
import { filesOf, Inventory } from "./inventory.js";
import { archiveEnding } from "./layout.js";
import type { PackOptions, Progress } from "./options.js";
import { refuseDifferences } from "./read-back.js";
import { inWheelOrder, isWheel } from "./wheel.js";

/** One package that is asked for. */
export interface Wanted {
  /** A name that ends in .tar.gz or .tgz is an archive, in .whl a wheel, any other a folder. */
  readonly output: string;
  readonly machine: Machine | undefined;
}

export interface Packed extends Wanted {
  readonly manifest: Manifest;
}

/**
 * Makes packages out of a tar, tar.gz, zip or folder. All of them are complete and read back before the first takes its
 * name; whatever happens earlier leaves nothing. Throws InputError for what is wrong with input or output, and
 * RefusedError with every reason where a program cannot be fixed.
 */
export async function pack(
  input: string,
  wanted: readonly Wanted[],
  options: PackOptions,
  progress: Progress,
): Promise<Packed[]> {
  const archive = openArchive(input, options.limits);
  const outputs: Destination[] = [];
  try {
    for (const { output } of wanted) {
      if (archive.format === "folder") refuseInside(input, output);
      outputs.push(openOutput(output, isArchive(output), options.force));
    }
    const workspace = workspaceBeside(wanted[0]!.output);
    try {
      const { items, notes } = await readInput(archive, join(workspace.folder, "input"), options, progress);
      const packages: { packed: Packed; finished: string }[] = [];
      for (const [index, one] of wanted.entries()) {
        const place = join(workspace.folder, `package-${index}`);
        mkdirSync(place);
        const built = await buildPackage({ items, notes, archive }, one, place, options, progress);
        const finished = join(place, "finished");
        await write(built.items, one.output, finished, progress);
        packages.push({ packed: { ...one, manifest: built.manifest }, finished });
      }
      for (const [index, { packed, finished }] of packages.entries()) {
        commitPackage(finished, outputs[index]!, isArchive(packed.output), `${finished}-replaced`);
      }
      return packages.map(({ packed }) => packed);
    } finally {
      workspace.remove();
    }
  } finally {
    for (const output of outputs) output.close();
    archive.close();
  }
}

function isArchive(output: string): boolean {
  return archiveEnding(output) !== undefined || isWheel(output);
}

/** Reads everything once: files go to the disk, names into an inventory. */
async function readInput(
  archive: Archive,
  folder: string,
  options: PackOptions,
  progress: Progress,
): Promise<{ items: Item[]; notes: readonly string[] }> {
  mkdirSync(folder);
  progress.start("reading", archive.size);
  const inventory = new Inventory(options);
  let count = 0;
  for await (const entry of archive.entries((bytes) => progress.advance(bytes))) {
    const content = entry.kind === "file" ? await spool(entry.content(), join(folder, String(count++))) : undefined;
    try {
      inventory.add(entry, content);
    } catch (error) {
      throw error instanceof InputError ? new InputError(`${archive.name}: ${error.message}`) : error;
    }
  }
  try {
    return { items: inventory.items(), notes: inventory.notes };
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${archive.name}: ${error.message}`) : error;
  }
}

/** Writes a package and reads it back. */
async function write(items: readonly Item[], output: string, finished: string, progress: Progress): Promise<void> {
  const size = filesOf(items).reduce((sum, { content }) => sum + content.size, 0);
  const advance = (bytes: number) => progress.advance(bytes);
  progress.start("writing", size);
  if (isWheel(output)) await writeZipFile(inWheelOrder(items), finished, advance);
  else await (isArchive(output) ? writeTarGz : writeTree)(items, finished, advance);
  progress.start("reading back", size);
  await refuseDifferences(items, finished, advance);
}

/** An output inside the input would be read while it is written. Throws InputError. */
function refuseInside(input: string, output: string): void {
  const from = realpathSync(input);
  const parent = dirname(resolve(output));
  let to: string;
  try {
    to = join(realpathSync(parent), resolve(output).slice(parent.length));
  } catch {
    return; // There is no such folder; writing tells.
  }
  if (to === from || to.startsWith(from + sep)) throw new InputError(`${output} lies in ${input}, which is being packed`);
  if (from.startsWith(to + sep)) throw new InputError(`${input}, which is being packed, lies in ${output}`);
}
