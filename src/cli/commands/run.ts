/** `sandfit run`: a command with its own input, output and exit status, and an explanation if it dies. */

import { Command, Option } from "@commander-js/extra-typings";
import { explain } from "../../diagnose/explain/explain.js";
import { ownSetting, rehearsalSetting, type Setting, settingOf } from "../../diagnose/explain/setting.js";
import { readTrace } from "../../diagnose/explain/trace.js";
import { renderExplanation } from "../../diagnose/explain/words.js";
import { rehearsalCommand } from "../../environments/rehearsal/rehearse.js";
import { chooseRunsc } from "../../environments/run/choose.js";
import type { Ending } from "../../environments/run/ending.js";
import { passThrough, statusOf } from "../../environments/run/pass-through.js";
import { HOST, hostRunsLinux, type Sandbox } from "../../environments/run/sandbox.js";
import { traced } from "../../environments/run/tracing.js";
import { InputError } from "../../errors.js";
import { platforms, type RanReleaseId, ranReleaseIds } from "../../gvisor/gvisor.js";
import { complain, paintForErrors } from "../output.js";

const declared = new Command("run")
  .description("run a command as it is, and explain it if it dies")
  .usage("[options] [--] <command...>")
  .argument("<command...>", "the program and its arguments")
  .option("--trace", "show the refused call and the place of the crash")
  .option("--in <place>", "gvisor, gvisor=PATH of a runsc, rehearsal or rehearsal=RELEASE")
  .addOption(new Option("--platform <platform>", "gVisor platform for --in gvisor").choices(platforms))
  .passThroughOptions();

type RunOptions = ReturnType<typeof declared.opts>;

/** Gives the exit status of the command that it ran; all others give one of Sandfit's. */
export const command = declared.action(async (words, options) => {
  process.exitCode = await runCommand(words, options);
});

interface Place {
  readonly sandbox: Sandbox;
  readonly release?: RanReleaseId;
  setting(): Promise<Setting>;
}

/** Runs the command. Returns its exit status, 128 + n where signal n ended it. */
async function runCommand(command: readonly string[], options: RunOptions): Promise<number> {
  if (!hostRunsLinux()) throw new InputError("`sandfit run` needs Linux on x86-64; `sandfit check` and `fix` work here too");
  const place = await placeOf(options);
  const tracing = options.trace ? traced(command, place.sandbox.kind === "runsc") : undefined;
  let rehearsal: Awaited<ReturnType<typeof rehearsalCommand>> | undefined;
  try {
    if (place.release !== undefined) rehearsal = await rehearsalCommand(tracing?.command ?? command, place.release);
    const how = await passThrough(rehearsal?.command ?? tracing?.command ?? command, {
      sandbox: place.sandbox,
      ...(tracing?.mark !== undefined && { mark: tracing.mark }),
    });
    const events = tracing?.take(how.aside);
    const trace = events && readTrace(events);
    if (how.signal !== undefined && how.passedOn.includes(how.signal)) return how.status;
    const end = trace?.startError === undefined ? how : notStarted(how, trace.startError);
    const explanation = await explain(command, end, place.setting, trace);
    if (explanation !== undefined) {
      complain(await renderExplanation(explanation, await paintForErrors()));
      if (tracing && trace === undefined) complain("  the tracer wrote nothing, so there is no trace\n");
    }
    return statusOf(end);
  } finally {
    rehearsal?.dispose();
    tracing?.dispose();
  }
}

/** The tracer starts whatever it is given; that the command itself could not be is in what it wrote. */
function notStarted(how: Ending, startError: string): Ending {
  return { ...how, signal: undefined, exitCode: undefined, startError };
}

async function placeOf(options: RunOptions): Promise<Place> {
  const [kind, detail] = splitOnce(options.in ?? "", "=");
  if (options.platform !== undefined && kind !== "gvisor") throw new InputError("--platform goes with --in gvisor");
  if (kind === "gvisor") {
    const sandbox = await chooseRunsc(detail, options.platform ?? "systrap");
    return { sandbox, setting: async () => settingOf(sandbox) };
  }
  if (kind === "rehearsal") {
    const release = detail === undefined || detail === "newest" ? ranReleaseIds[ranReleaseIds.length - 1] : detail;
    if (!isRelease(release))
      throw new InputError(`there is no release ${detail} to rehearse; there are ${ranReleaseIds.join(", ")}`);
    return { sandbox: HOST, release, setting: async () => rehearsalSetting(release) };
  }
  if (options.in !== undefined) {
    throw new InputError(`--in ${options.in} is neither gvisor, gvisor=PATH, rehearsal nor rehearsal=RELEASE`);
  }
  return { sandbox: HOST, setting: ownSetting };
}

function splitOnce(text: string, by: string): [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function isRelease(text: string): text is RanReleaseId {
  return (ranReleaseIds as readonly string[]).includes(text);
}
