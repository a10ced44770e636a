/** `sandfit pack`: every program of an archive or folder checked and fixed, everything else carried over. */

import { basename } from "node:path";
import { defaultLimits, type Limits } from "../archive/limits.js";
import { InputError } from "../errors.js";
import type { Allowance, ResultForm } from "../fix/plan.js";
import type { Machine } from "../image/image.js";
import { archiveEnding, packageName } from "../pack/layout.js";
import { pack, type Wanted } from "../pack/pack.js";
import { jsonText } from "../report/json-text.js";
import { renderPackage } from "../report/pack.js";
import type { ExitCode } from "./exit-code.js";
import { paintForOutput, print } from "./output.js";
import { progressBar } from "./progress.js";

export interface PackCommandOptions {
  readonly output?: string;
  readonly arch?: "x86_64" | "aarch64" | "both";
  readonly as: ResultForm;
  readonly allow?: Allowance;
  /** Leave cosmo_dlopen as it is. */
  readonly keepDlopen?: boolean;
  readonly keepGoing: boolean;
  readonly allowCaseCollisions: boolean;
  readonly force: boolean;
  readonly maxSize?: string;
  readonly maxEntries?: string;
  readonly maxRatio?: string;
  readonly json: boolean;
}

/** Packs one input and prints what became of each program. Returns the exit code: 1 where something was left out. */
export async function packCommand(input: string, options: PackCommandOptions): Promise<ExitCode> {
  const limits = limitsOf(options);
  const progress = await progressBar();
  let packed: Awaited<ReturnType<typeof pack>>;
  try {
    const { keepGoing, allowCaseCollisions, force, as } = options;
    const allow: Allowance[] = [
      ...(options.allow ? [options.allow] : []),
      ...(options.keepDlopen ? (["cosmo-dlopen"] as const) : []),
    ];
    packed = await pack(input, wantedOf(input, options), { limits, keepGoing, allowCaseCollisions, force, as, allow }, progress);
  } finally {
    progress.stop();
  }
  const paint = await paintForOutput();
  await print(
    options.json
      ? `${jsonText(
          packed.map(({ output, manifest }) => ({ output, manifest })),
          2,
        )}\n`
      : packed.map(({ output, manifest }) => renderPackage(manifest, output, paint)).join("\n"),
  );
  return packed.some(({ manifest }) => manifest.leftOut.length > 0) ? 1 : 0;
}

const machines: Record<"x86_64" | "aarch64", Machine> = { x86_64: "x86-64", aarch64: "aarch64" };

/** Which packages under which names: -o as it is for one, with the machine in its name for both; without -o beside the shell. */
function wantedOf(input: string, { output, arch }: PackCommandOptions): Wanted[] {
  if (output !== undefined && /^-$|\.(tar|zip|tar\.(xz|bz2|zst))$/.test(output)) {
    throw new InputError(`${output} cannot be written: a package is a .tar.gz or a folder`);
  }
  const stem = basename(input).replace(/\.(tar\.gz|tgz|tar|zip)$/, "");
  if (arch === "both") {
    const base = output ?? `${stem}.tar.gz`;
    return (["x86_64", "aarch64"] as const).map((one) => ({ output: packageName(base, one), machine: machines[one] }));
  }
  if (output !== undefined) return [{ output: withoutSlash(output), machine: arch && machines[arch] }];
  if (arch === undefined) return [{ output: `${stem}-gvisor.tar.gz`, machine: undefined }];
  return [{ output: packageName(`${stem}.tar.gz`, arch), machine: machines[arch] }];
}

function withoutSlash(output: string): string {
  return archiveEnding(output) === undefined ? output.replace(/(.)\/+$/, "$1") : output;
}

function limitsOf({ maxSize, maxEntries, maxRatio }: PackCommandOptions): Limits {
  return {
    maxSize: maxSize === undefined ? defaultLimits.maxSize : bytesOf("--max-size", maxSize),
    maxEntries: maxEntries === undefined ? defaultLimits.maxEntries : bytesOf("--max-entries", maxEntries),
    maxRatio: maxRatio === undefined ? defaultLimits.maxRatio : bytesOf("--max-ratio", maxRatio),
  };
}

/** A whole number above zero, with K, M, G or T for powers of 1024. */
function bytesOf(option: string, text: string): number {
  const [, digits, unit] = /^([1-9][0-9]{0,14})([KMGT]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new InputError(`${option} ${text} is no whole number above zero (K, M, G, T may follow)`);
  return Number(digits) * 1024 ** " KMGT".indexOf(unit || " ");
}
