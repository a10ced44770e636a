/** Packing within the test's own process: quick, for tests that look at results and refusals and not at the command. */

import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultLimits, type Limits } from "../../src/input/archive/limits.js";
import type { PackOptions } from "../../src/pack/options.js";
import { type Packed, pack, type Wanted } from "../../src/pack/pack.js";

const quiet = { start() {}, advance() {} };

export interface Case {
  /** Holds nothing but the input. */
  readonly folder: string;
  readonly input: string;
}

/** Writes an input into a folder of its own below `top`. */
export function caseOf(top: string, bytes: Uint8Array): Case {
  const folder = mkdtempSync(join(top, "case-"));
  const input = join(folder, "input");
  writeFileSync(input, bytes);
  return { folder, input };
}

export type Settings = Partial<Omit<PackOptions, "limits">> & { readonly limits?: Partial<Limits> };

/** Packs to `outputs` (paths), for the machines that are given with them. */
export function packed(input: string, wanted: readonly Wanted[], settings: Settings = {}): Promise<Packed[]> {
  const options = { keepGoing: false, allow: [], as: "elf" as const, allowCaseCollisions: false, force: false, ...settings };
  return pack(input, wanted, { ...options, limits: { ...defaultLimits, ...settings.limits } }, quiet);
}

/** Packs one input to `out` beside it. */
export async function packedTo({ folder, input }: Case, out: string, settings: Settings = {}): Promise<Packed> {
  const [one] = await packed(input, [{ output: join(folder, out), machine: undefined }], settings);
  return one!;
}

/** Everything in a folder, hidden files too. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}
