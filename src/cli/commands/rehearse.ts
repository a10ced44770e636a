/** `sandfit rehearse`: runs a command under the refusals of a gVisor release. */

import { Command } from "@commander-js/extra-typings";
import { limitsOf } from "../../environments/rehearsal/limits.js";
import { rehearsalCommand } from "../../environments/rehearsal/rehearse.js";
import { type PassedThrough, passThrough } from "../../environments/run/pass-through.js";
import { InputError } from "../../errors.js";
import { newest, type RanReleaseId, ranReleaseIds } from "../../gvisor/gvisor.js";
import { complain } from "../output.js";

const declared = new Command("rehearse")
  .description("run a command under the refusals of a gVisor release, without gVisor")
  .usage("[options] [--] <command...>")
  .argument("[command...]", "the program and its arguments")
  .option("--release <release>", `newest, ${[...ranReleaseIds].reverse().join(", ")}`, "newest")
  .option("--explain", "say what a rehearsal cannot imitate")
  .passThroughOptions();

type RehearseOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (words, options) => {
  process.exitCode = await rehearseCommand(words, options);
});

/** Runs the command with this process's own standard streams. Returns its exit code, or ends by the signal that ended it. */
async function rehearseCommand(command: readonly string[], options: RehearseOptions): Promise<number> {
  const release = releaseOf(options.release);
  if (options.explain) {
    const lines = limitsOf(release).map((limit) => `  - ${limit}\n`);
    complain(`sandfit: a rehearsal of gVisor ${release} cannot imitate:\n${lines.join("")}`);
    if (command.length === 0) return 0;
  }
  if (command.length === 0) throw new InputError("no command to rehearse");
  const rehearsal = await rehearsalCommand(command, release);
  for (const note of rehearsal.notes) complain(`sandfit: ${note}\n`);
  let how: PassedThrough;
  try {
    how = await passThrough(rehearsal.command);
  } finally {
    rehearsal.dispose();
  }
  if (how.startError !== undefined) throw new InputError(`the launcher could not be started: ${how.startError}`);
  if (how.signal !== undefined) process.kill(process.pid, how.signal);
  return how.status;
}

function releaseOf(text: string): RanReleaseId {
  const id = text === "newest" ? newest.release : ranReleaseIds.find((known) => known === text);
  if (id === undefined)
    throw new InputError(`${text} is no release that is known: newest, ${[...ranReleaseIds].reverse().join(", ")}`);
  return id;
}
