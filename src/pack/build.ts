/** From the items of the input to those of one package: programs treated, the package's own files added. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RefusedError } from "../errors.js";
import type { Machine } from "../image/image.js";
import { quoted } from "../input/archive/names.js";
import type { Archive } from "../input/archive/open.js";
import type { Spooled } from "../input/spool.js";
import type { EnvState, LeftOut, Manifest } from "../report/pack-model.js";
import { below, type FileItem, type Item } from "../write/item.js";
import { MANIFEST } from "../write/package.js";
import { Contents } from "./contents.js";
import { planEnvironment } from "./environment.js";
import { filesOf, programsOf } from "./inventory.js";
import { commonFolder, SUMS } from "./layout.js";
import { resolveLink } from "./links.js";
import { manifestOf, renderManifest, renderSums } from "./manifest.js";
import type { PackOptions, Progress } from "./options.js";
import { type Treatment, treatProgram } from "./program.js";
import { isWheel, updateRecord } from "./wheel.js";

/** The input of a package, read. */
export interface ReadInput {
  readonly items: readonly Item[];
  readonly notes: readonly string[];
  readonly archive: Archive;
}

/**
 * Builds one package in `place`, an empty folder. Throws RefusedError with the reasons of every program that cannot be
 * fixed, unless those are to be left out.
 */
export async function buildPackage(
  { items: input, notes, archive }: ReadInput,
  { output, machine }: { readonly output: string; readonly machine: Machine | undefined },
  place: string,
  options: PackOptions,
  progress: Progress,
): Promise<{ readonly items: readonly Item[]; readonly manifest: Manifest }> {
  const treatments = await treatPrograms(input, machine, place, options, progress);
  const leftOut = leftOutOf(input, treatments);
  if (leftOut.length > 0 && !options.keepGoing) throw refusal(leftOut);

  const contents = new Contents(place, notes);
  for (const item of input) {
    const treatment = item.kind === "file" ? treatments.get(item.content) : undefined;
    if (treatment?.kind !== "refused") contents.take(item, treatment);
  }
  contents.notes.push(...danglingLinks(contents.items(), new Set(leftOut.map(({ path }) => path))));

  const describe = (env: readonly EnvState[]) => (files: readonly FileItem[], allNotes: readonly string[]) =>
    manifestOf({
      input: { format: archive.format, sha256: archive.sha256() ?? null },
      machine: machine ?? null,
      env,
      files: files.map((file) => contents.describe(file)),
      leftOut,
      notes: allNotes,
    });
  if (isWheel(output)) {
    // A wheel holds what its RECORD names, and nothing of this command's own.
    await updateRecord(archive.name, input, contents);
    const items = contents.items();
    return { items, manifest: describe([])(filesOf(items), contents.notes) };
  }

  const environment = await planEnvironment(contents.items(), ({ content }) => readFile(content.file, "latin1"));
  contents.notes.push(...environment.notes);
  for (const { path, text } of environment.made) await contents.put(path, text);

  const manifest = await addOwnFiles(contents, describe(environment.states));
  return { items: contents.items(), manifest };
}

async function treatPrograms(
  input: readonly Item[],
  machine: Machine | undefined,
  place: string,
  { allow, as }: PackOptions,
  progress: Progress,
): Promise<Map<Spooled, Treatment>> {
  const programs = programsOf(input);
  progress.start("checking", programs.length);
  const treatments = new Map<Spooled, Treatment>();
  for (const [index, program] of programs.entries()) {
    treatments.set(program.content, await treatProgram(program, join(place, `fixed-${index}`), { machine, allow, as }));
    progress.advance(1);
  }
  return treatments;
}

function leftOutOf(input: readonly Item[], treatments: ReadonlyMap<Spooled, Treatment>): LeftOut[] {
  const leftOut: LeftOut[] = [];
  for (const { path, content } of filesOf(input)) {
    const treatment = treatments.get(content);
    if (treatment?.kind === "refused") leftOut.push({ path, sha256: content.sha256, reasons: treatment.reasons });
  }
  return leftOut;
}

function refusal(leftOut: readonly LeftOut[]): RefusedError {
  const withName = (path: string, reason: string) => (reason.startsWith(path) ? reason : `${path}: ${reason}`);
  const reasons = leftOut.flatMap(({ path, reasons }) => reasons.map((reason) => withName(path, reason)));
  return new RefusedError([...reasons, "nothing was packed; --keep-going leaves such programs out"]);
}

function danglingLinks(items: readonly Item[], leftOut: ReadonlySet<string>): string[] {
  const byPath = new Map(items.map((item) => [item.path, item]));
  const notes: string[] = [];
  for (const item of items) {
    if (item.kind !== "symlink") continue;
    const end = resolveLink(item.path, item.target, (path) => byPath.get(path));
    if (end !== undefined && leftOut.has(end)) notes.push(`${quoted(item.path)} is a link to ${quoted(end)}, which was left out`);
  }
  return notes;
}

/** Adds manifest and sums to the folder that everything lies in; the sums speak of the manifest too. */
async function addOwnFiles(
  contents: Contents,
  describe: (files: readonly FileItem[], notes: readonly string[]) => Manifest,
): Promise<Manifest> {
  const top = commonFolder(contents.items());
  const [manifestPath, sumsPath] = [below(top, MANIFEST), below(top, SUMS)];
  // In a package that is packed again both are this command's own; sums of somebody else are kept under another name.
  await contents.put(sumsPath, "", contents.has(manifestPath));
  await contents.put(manifestPath, "", true);
  const filesBut = (...paths: string[]) => filesOf(contents.items()).filter(({ path }) => !paths.includes(path));
  const manifest = describe(filesBut(manifestPath, sumsPath), contents.notes);
  await contents.put(manifestPath, renderManifest(manifest), true);
  const relative = (path: string) => (top === "" ? path : path.slice(top.length + 1));
  const sums = filesBut(sumsPath).map(({ path, content }) => ({ path: relative(path), sha256: content.sha256 }));
  await contents.put(sumsPath, renderSums(sums), true);
  return manifest;
}
