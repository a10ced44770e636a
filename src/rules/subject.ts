/** What the rules look at, put together once per view: bytes first, analysis only when a rule asks for it. */

import type { ByteSource } from "../bytes/source.js";
import { segmentAccesses } from "../code/accesses.js";
import { analyzeCode } from "../code/code.js";
import { CodeSpace, loadCodeSpace } from "../code/code-space.js";
import { type Doubt, Doubts } from "../code/doubts.js";
import { runtimeFromCode } from "../code/era.js";
import { findHostVariable } from "../code/host.js";
import { type Runtime, runtimeFromHeaders } from "../code/runtime.js";
import { findSightings, type Sightings } from "../code/sightings.js";
import { archPrctls } from "../code/system-calls.js";
import { SHT_SYMTAB } from "../image/elf-sections.js";
import type { ElfView, Image, ImportedFunction } from "../image/image.js";
import { mayBeImported } from "../image/imported-names.js";
import { readImports } from "../image/relocations.js";
import type { Analysis, FileSubject, Subject } from "./define.js";

/** A subject, and what runtime the view has, from as much as was looked at. */
export interface PreparedSubject extends Subject {
  runtime(): Promise<Runtime>;
  /** Whether functions have names: a symbol table, or one in the zip that the analysis has read. */
  hasSymbols(): Promise<boolean>;
  /** What the rules had to leave open, once all have looked. */
  undecided(): Promise<readonly Doubt[]>;
}

/** Reads the executable bytes of a view (x86-64 only) and prepares the analysis. Throws InputError. */
export async function prepareSubject(file: FileSubject, view: ElfView): Promise<PreparedSubject> {
  const { source, image } = file;
  const isCode = view.machine === "x86-64" && view.class === 64;
  const space = isCode ? await loadCodeSpace(source, view) : new CodeSpace(new Uint8Array(0), []);
  const entry = isCode && view.entry !== 0 ? space.positionOf(view.entry) : -1;
  const isCosmopolitan = entry >= 0 && findHostVariable(space, entry) !== undefined;
  let analysis: Promise<Analysis> | undefined;
  let sightings: Sightings | undefined;
  const doubts = new Doubts();
  let imports: Promise<ImportedFunction[]> | undefined;
  const code = () => {
    analysis ??= analyze(source, image, view, space);
    return analysis;
  };
  return {
    ...file,
    view,
    codeBytes: space.bytes,
    space,
    sightings: (...patterns) => {
      sightings ??= findSightings(space, view.sections);
      return sightings(...patterns);
    },
    imports: async (names) => {
      if (!(await mayBeImported(source, view, names))) return [];
      imports ??= readImports(source, view);
      return imports;
    },
    isCosmopolitan,
    code,
    doubts,
    runtime: async () => (isCosmopolitan ? (await code()).runtime : runtimeFromHeaders(view, space.bytes)),
    hasSymbols: async () =>
      view.sections.some((section) => section.type === SHT_SYMTAB) || ((await analysis)?.code.symbols.length ?? 0) > 0,
    undecided: async () => doubts.with((await analysis)?.code.doubts),
  };
}

async function analyze(source: ByteSource, image: Image, view: ElfView, space: CodeSpace): Promise<Analysis> {
  const code = await analyzeCode(source, image, view, space);
  const gs = segmentAccesses(code, "gs");
  const fs = segmentAccesses(code, "fs");
  const calls = archPrctls(code);
  return { code, gs, fs, archPrctls: calls, runtime: runtimeFromCode(code, gs.found, fs.found, calls) };
}
