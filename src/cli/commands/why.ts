/** `sandfit why`: why a command ends otherwise in gVisor than on Linux, proven by trying. */

import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { plannedRuns, why } from "../../diagnose/why/why.js";
import { renderWhy } from "../../diagnose/why/words.js";
import { chooseRunsc } from "../../environments/run/choose.js";
import { hostRunsLinux, type RunscSandbox } from "../../environments/run/sandbox.js";
import { runscPaths } from "../../environments/run/sandboxes.js";
import { InputError } from "../../errors.js";
import { platforms } from "../../gvisor/gvisor.js";
import type { ExitCode } from "../exit-code.js";
import { complain, paintForOutput, print } from "../output.js";
import { statusLine } from "../status-line.js";

const declared = new Command("why")
  .description("find and prove why a command ends otherwise in gVisor than on Linux")
  .usage("[options] [--] <command...>")
  .argument("<command...>", "the program and its arguments")
  .option("--in <place>", "gvisor, or gvisor=PATH of a runsc", "gvisor")
  .addOption(new Option("--platform <platform>", "gVisor platform").choices(platforms).default("systrap" as const))
  .option("--release <release>", "the installed gVisor of this date, such as 20240729 or 2024-07")
  .option("--runsc-flags <flags>", "further flags of runsc, in one word")
  .option("--max-runs <count>", "most runs of the command", count, 60)
  .option("--max-time <seconds>", "most time for all of them", count, 300)
  .option("--timeout <seconds>", "most time for one run", count, 15)
  .option("--in-place", "run the command on Linux as it is, not in a throw-away copy")
  .option("--allow-host-changes", "let it ask on Linux for what would change this machine")
  .option("--no-remedies", "do not try flags of runsc and other releases")
  .option("--json", "print a JSON document (schema/why-1.json)")
  .passThroughOptions();

type WhyCommandOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (words, options) => {
  process.exitCode = await whyCommand(words, options);
});

/** 0 where it ends alike, 1 where it does not and that is explained, 2 where nothing was proven. */
async function whyCommand(words: readonly string[], options: WhyCommandOptions): Promise<ExitCode> {
  if (!hostRunsLinux()) throw new InputError("`sandfit why` compares with Linux on x86-64, which this machine is not");
  const sandbox = await sandboxFor(options);
  complain(
    `sandfit: the command will be run ${plannedRuns.least} times, and where it ends otherwise some ${plannedRuns.usual} to ${Math.min(plannedRuns.most, options.maxRuns)} times in all, in ${
      options.inPlace ? "place and in" : "a throw-away copy of this machine and in"
    } gVisor ${sandbox.release}\n`,
  );
  const status = statusLine();
  try {
    const diagnosis = await why(words, {
      sandbox,
      inPlace: options.inPlace === true,
      allowHostChanges: options.allowHostChanges === true,
      maxRuns: options.maxRuns,
      maxTime: options.maxTime,
      timeout: options.timeout * 1000,
      remedies: options.remedies,
      tell: (doing, runs) => status.show(`run ${runs}: ${doing}`),
    });
    status.clear();
    await print(options.json ? `${jsonText(diagnosis, 2)}\n` : renderWhy(diagnosis, await paintForOutput()));
    if (diagnosis.result === "same") return 0;
    return diagnosis.result === "explained" ? 1 : 2;
  } finally {
    status.clear();
  }
}

async function sandboxFor({ in: place, platform, release, runscFlags }: WhyCommandOptions): Promise<RunscSandbox> {
  const [kind, path] = /^gvisor(?:=(.+))?$/.exec(place) ?? [undefined, undefined];
  if (kind === undefined) throw new InputError(`--in ${place} is neither gvisor nor gvisor=PATH`);
  if (path !== undefined && release !== undefined) throw new InputError("--release goes with --in gvisor, not with a path");
  const found = release === undefined ? await chooseRunsc(path, platform) : await ofRelease(release, platform);
  const flags = (runscFlags ?? "").split(/\s+/).filter(Boolean);
  return { ...found, flags: [...found.flags, ...flags] };
}

async function ofRelease(release: string, platform: RunscSandbox["platform"]): Promise<RunscSandbox> {
  const wanted = release.replaceAll("-", "");
  for (const path of runscPaths().reverse()) {
    const found = await chooseRunsc(path, platform).catch((error: unknown) => {
      if (error instanceof InputError) return undefined;
      throw error;
    });
    if (found?.release.startsWith(wanted)) return found;
  }
  throw new InputError(`no gVisor of ${release} is found here that works with ${platform}`);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}
