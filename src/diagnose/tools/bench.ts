/** Where a tool is tried: a folder of its own, limits on every run, and an environment without settings that bend the result. */

import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Execution, execute } from "../../environments/run/execute.js";
import { temporaryFolder } from "../../files/private-folder.js";
import { readStart } from "../../files/read-fully.js";
import { apeMagic } from "../../image/ape.js";
import type { ToolPart, TrialOutcome } from "../../report/tools-model.js";

/** What came out of trying a tool that did not fail. */
export interface Trial {
  readonly outcome: Exclude<TrialOutcome, "fails">;
  readonly version: string | null;
  readonly did: readonly string[];
  readonly parts?: readonly ToolPart[];
}

/** A tool did not do what it was asked to. */
export class JobFailed extends Error {
  override readonly name = "JobFailed";
  /** What it was asked to do, for "… : SIGSEGV". */
  readonly job: string;
  readonly run: Execution;
  /** What is wrong where it ended well. */
  readonly fault: string | undefined;
  constructor(job: string, run: Execution, fault?: string) {
    super(job);
    this.job = job;
    this.run = run;
    this.fault = fault;
  }
}

export interface Bench {
  /** The file that is tried. */
  readonly path: string;
  /** How the tool is started: its path, behind a shell for an APE. */
  readonly command: readonly string[];
  /** An empty folder for a job. */
  folder(): string;
  /** Runs the tool with arguments, bounded in time and output. Never throws for what it does. */
  run(args: readonly string[], cwd?: string): Promise<Execution>;
  /** The same; throws JobFailed unless it ends with exit 0. */
  do(job: string, args: readonly string[], cwd?: string): Promise<Execution>;
  /** Archives that working zips made, by their path; shared by all benches, so that unzip can read them. */
  readonly archives: Map<string, Uint8Array>;
  dispose(): void;
}

/** In milliseconds: each job takes a moment; a sandbox under load takes longer. */
const TIMEOUT = 20_000;
const MAX_OUTPUT = 1 << 20;
/** Settings of the user's that make a healthy tool fail or a faulty one pass. */
const BENDING =
  /^(MAKEFLAGS|MFLAGS|MAKELEVEL|MAKEFILES|GNUMAKEFLAGS|LUA_INIT.*|ZIPOPT|ZIP|UNZIP|UNZIPOPT|(https?|all|no)_proxy)$/i;

/** Opens a bench for the program at `path`. `env` is added to the environment. */
export function openBench(path: string, env: Readonly<Record<string, string>>, archives: Map<string, Uint8Array>): Bench {
  const { folder: root, remove } = temporaryFolder("tools");
  let folders = 0;
  const folder = (): string => {
    const one = join(root, String(folders++));
    mkdirSync(one);
    return one;
  };
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !BENDING.test(name));
  // An APE unpacks its loader into TMPDIR; HOME stays, since shims (rustup's, nvm's) find themselves by it.
  const environment = { ...(Object.fromEntries(kept) as Record<string, string>), LC_ALL: "C", TMPDIR: root, ...env };
  const command = isApe(path) ? ["/bin/sh", ownCopy(path, folder())] : [path];
  const run = (args: readonly string[], cwd = folder()): Promise<Execution> =>
    execute([...command, ...args], { cwd, env: environment, timeout: TIMEOUT, maxOutput: MAX_OUTPUT });
  return {
    path,
    command,
    folder,
    run,
    archives,
    do: async (job, args, cwd) => {
      const done = await run(args, cwd);
      if (done.exitCode !== 0) throw new JobFailed(job, done);
      return done;
    },
    dispose: remove,
  };
}

/** Only a shell can start an APE, and old ones write an ELF header over themselves when it does: let that be a copy. */
function ownCopy(path: string, folder: string): string {
  const copy = join(folder, basename(path));
  copyFileSync(path, copy);
  chmodSync(copy, 0o700);
  return copy;
}

/** Whether a file begins as an APE. */
export function isApe(path: string): boolean {
  try {
    return apeMagic(readStart(path, 8)) !== undefined;
  } catch {
    return false;
  }
}

/** The first thing in a text that looks like a version: "5.4.6", "7.88.1". */
export function versionIn(text: string): string | null {
  return /\d+(?:\.\d+)+[\w+~-]*/.exec(text)?.[0] ?? /\d+/.exec(text.split("\n")[0])?.[0] ?? null;
}
