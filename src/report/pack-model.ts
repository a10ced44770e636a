/** What a package says about itself (schema/pack-1.json). */

import type { Outcome } from "../check/model.js";
import type { ResultForm } from "../fix/form.js";
import type { Machine } from "../image/image.js";
import type { Edit } from "../rules/define.js";
import type { RuleId } from "../rules/ids.js";

export type ArchiveFormat = "folder" | "tar" | "tar.gz" | "zip";

/** Raised when the JSON shape changes in a way that breaks readers. */
export const MANIFEST_VERSION = 1;

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  /** Which Sandfit made it. */
  readonly sandfit: string;
  /** No name and no time: the same input gives the same manifest. */
  readonly input: { readonly format: ArchiveFormat; readonly sha256: string | null };
  /** The machine that was asked for; null where it was not. */
  readonly machine: Machine | null;
  readonly env: readonly EnvState[];
  /** Every file but this one and SHA256SUMS, in order. */
  readonly files: readonly PackedFile[];
  readonly leftOut: readonly LeftOut[];
  /** What was changed besides programs, one sentence each. */
  readonly notes: readonly string[];
}

export interface PackedFile {
  readonly path: string;
  /** Its name in the input; null where Sandfit made it. */
  readonly origin: string | null;
  /** Permission bits, octal. */
  readonly mode: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: { readonly before: string | null; readonly after: string };
  /** Null for everything that is neither a program for Linux nor a script that may be executed. */
  readonly program: PackedProgram | null;
}

export interface PackedProgram {
  /** "any" for a script. */
  readonly machine: Machine | "any";
  /** "ape": an APE that was changed and is still one for all systems. Everything else is "elf", scripts too. */
  readonly as: ResultForm;
  /** The worst that is expected on any platform of gVisor. */
  readonly verdict: { readonly before: Outcome; readonly after: Outcome };
  /** Rules that found something in the program as it was. */
  readonly rules: readonly RuleId[];
  /** What was changed; with it the original can be brought back. */
  readonly edits: readonly Edit[];
  readonly warnings: readonly string[];
}

export interface LeftOut {
  readonly path: string;
  readonly sha256: string;
  readonly reasons: readonly string[];
}

export interface EnvState {
  readonly path: string;
  readonly state: "made" | "kept" | "replaced";
  /** What was wrong with the one that was replaced. */
  readonly problems: readonly string[];
}
