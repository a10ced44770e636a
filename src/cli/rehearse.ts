/** `sandfit rehearse`: runs a command under the refusals of a gVisor release. */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { InputError } from "../errors.js";
import { limitsOf } from "../rehearsal/limits.js";
import { rehearsalCommand } from "../rehearsal/rehearse.js";
import { newest, type RanReleaseId, ranReleaseIds } from "../sandbox/gvisor.js";
import { complain } from "./output.js";

export interface RehearseOptions {
  readonly release: string;
  readonly explain: boolean;
}

/** Runs the command with this process's own standard streams. Returns its exit code, or ends by the signal that ended it. */
export async function rehearseCommand(command: readonly string[], options: RehearseOptions): Promise<number> {
  const release = releaseOf(options.release);
  if (options.explain) {
    const lines = limitsOf(release).map((limit) => `  - ${limit}\n`);
    complain(`sandfit: a rehearsal of gVisor ${release} cannot imitate:\n${lines.join("")}`);
    if (command.length === 0) return 0;
  }
  if (command.length === 0) throw new InputError("no command to rehearse");
  const rehearsal = await rehearsalCommand(command, release);
  for (const note of rehearsal.notes) complain(`sandfit: ${note}\n`);
  const [file, ...args] = rehearsal.command;
  try {
    const { code, signal } = await follow(file, args);
    if (signal === null) return code ?? 2;
    rehearsal.dispose();
    process.kill(process.pid, signal);
    return 128 + constants.signals[signal];
  } finally {
    rehearsal.dispose();
  }
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Signals from outside go on to the command, whose end is then reported; a terminal's Ctrl-C has reached it already. */
function follow(file: string, args: readonly string[]): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "inherit" });
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    const ignore = (): void => {};
    process.on("SIGINT", ignore).on("SIGQUIT", ignore).on("SIGTERM", pass).on("SIGHUP", pass);
    const done = (): void => {
      process.off("SIGINT", ignore).off("SIGQUIT", ignore).off("SIGTERM", pass).off("SIGHUP", pass);
    };
    child.once("error", (error) => {
      done();
      reject(new InputError(`the launcher could not be started: ${error.message}`));
    });
    child.once("exit", (code, signal) => {
      done();
      resolve({ code, signal });
    });
  });
}

function releaseOf(text: string): RanReleaseId {
  const id = text === "newest" ? newest.release : ranReleaseIds.find((known) => known === text);
  if (id === undefined)
    throw new InputError(`${text} is no release that is known: newest, ${[...ranReleaseIds].reverse().join(", ")}`);
  return id;
}
