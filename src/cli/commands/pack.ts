/** `sandfit pack`: every program of an archive or folder checked and fixed, everything else carried over. */

import { basename } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { InputError } from "../../errors.js";
import type { Allowance } from "../../fix/plan.js";
import type { Machine } from "../../image/image.js";
import { defaultLimits, type Limits } from "../../input/archive/limits.js";
import { archiveEnding, packageName } from "../../pack/layout.js";
import { pack, type Wanted } from "../../pack/pack.js";
import { isWheel } from "../../pack/wheel.js";
import { renderPackage } from "../../report/pack.js";
import type { ExitCode } from "../exit-code.js";
import { paintForOutput, print } from "../output.js";
import { progressBar } from "../progress.js";

const declared = new Command("pack")
  .description("check and fix every program of an archive or folder, and write a package of the result")
  .argument("<input>", "a tar, tar.gz, zip, wheel or folder")
  .option("-o, --output <name>", "a .tar.gz, a .whl, else a folder; default: <input>-gvisor.tar.gz here")
  .addOption(
    new Option("--arch <machine>", "programs for one machine, or a package for each").choices([
      "x86_64",
      "aarch64",
      "both",
    ] as const),
  )
  .addOption(
    new Option("--as <form>", "elf: native programs for Linux; ape: APEs stay files for all systems")
      .choices(["elf", "ape"] as const)
      .default("elf" as const),
  )
  .option("--keep-dlopen", "leave cosmo_dlopen as it is, for programs that load only simple libraries of the host")
  .addOption(
    new Option("--allow <what>", "convert although this speaks against it").choices(["cosmo-dlopen", "unknown-runtime"] as const),
  )
  .option("--keep-going", "leave out programs that cannot be fixed, and list them")
  .option("--force", "replace an output that exists")
  .option("--allow-case-collisions", "take names that differ by case alone")
  .option("--max-size <bytes>", "most that the input may unpack to (default: 16G)")
  .option("--max-entries <n>", "most entries of the input (default: 200000)")
  .option("--max-ratio <n>", "most that it may unpack to, as a multiple of its size (default: 200)")
  .option("--json", "print the manifests (schema/pack-1.json)");

type PackCommandOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (input, options) => {
  process.exitCode = await packCommand(input, options);
});

/** Packs one input and prints what became of each program. Returns the exit code: 1 where something was left out. */
async function packCommand(input: string, options: PackCommandOptions): Promise<ExitCode> {
  const limits = limitsOf(options);
  const progress = await progressBar();
  let packed: Awaited<ReturnType<typeof pack>>;
  try {
    const { keepGoing = false, allowCaseCollisions = false, force = false, as } = options;
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
    throw new InputError(`${output} cannot be written: a package is a .tar.gz, a wheel or a folder`);
  }
  if (output === undefined && isWheel(input)) {
    throw new InputError(`a wheel's name tells what it is for: say where the new one goes, such as -o fixed/${basename(input)}`);
  }
  if (output !== undefined && isWheel(output) && arch === "both")
    throw new InputError("a wheel is for one machine, not for both");
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
