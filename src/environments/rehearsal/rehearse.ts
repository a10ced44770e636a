/** Puts a command under the launcher that answers as a gVisor release does. */

import { readFileSync } from "node:fs";
import { InputError } from "../../errors.js";
import type { RanReleaseId } from "../../gvisor/gvisor.js";
import { placeProgram } from "../probe/place.js";
import { hostRunsLinux } from "../run/sandbox.js";
import { inPath } from "../run/search-path.js";
import { filterFor } from "./bpf.js";
import { launcherProgram } from "./launcher.js";

export interface Rehearsal {
  readonly command: string[];
  /** Folders that would not do for the launcher, one sentence each. */
  readonly notes: readonly string[];
  /** Removes the launcher; call it when the command has ended. */
  dispose(): void;
}

/** The command line that runs `command` under the launcher. A program without a slash is looked up in PATH now. */
export async function rehearsalCommand(command: readonly string[], release: RanReleaseId): Promise<Rehearsal> {
  if (!hostRunsLinux()) throw new InputError(NOT_HERE);
  const [program, ...args] = command;
  if (program === undefined) throw new InputError("no command to rehearse");
  const { path, notes, dispose } = placeProgram(launcherProgram(filterFor(release, capabilities())), "rehearse");
  return { command: [path, program.includes("/") ? program : (inPath(program) ?? program), program, ...args], notes, dispose };
}

export const NOT_HERE = "a rehearsal is a seccomp filter of Linux for x86-64 and cannot be had on this system";

/** The capabilities in force; they decide between EPERM and ENOSYS for some system calls. */
function capabilities(): bigint {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"));
  return BigInt(`0x${line?.[1] ?? "0"}`);
}
