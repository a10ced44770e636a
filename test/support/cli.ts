/** Runs the command as people do: the built file, in a process and a folder of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { expect } from "vitest";

export { temporaryFolder, writeSample } from "./folder.js";

/** The built command; test/support/build.ts makes it. */
export const command = process.env["SANDFIT_TEST_COMMAND"] ?? "";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: Uint8Array;
  readonly env?: Record<string, string>;
  /** Milliseconds until it counts as hanging; default: five minutes. */
  readonly patience?: number;
  /** What is in front of `node`, e.g. `setpriv --reuid=65534`. */
  readonly through?: readonly string[];
}

/** Starts `sandfit ARGS` and leaves it running. */
export function startSandfit(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const [program, ...rest] = [...(options.through ?? []), process.execPath, command, ...args];
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  return spawn(program!, rest, {
    cwd: options.cwd,
    env: { PATH, HOME, XDG_CACHE_HOME, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs `sandfit ARGS` to its end; one that hangs is killed. */
export async function sandfit(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return ended(startSandfit(args, options), options.input, options.patience);
}

/** Runs a line of shell in which "$@" is `node cli.cjs`. */
export async function shell(line: string, cwd: string): Promise<Outcome> {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  const child = spawn("/bin/bash", ["-c", line, "bash", process.execPath, command], { cwd, env: { PATH, HOME, XDG_CACHE_HOME } });
  return ended(child);
}

async function ended(child: ChildProcess, input?: Uint8Array, patience = 300_000): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (data: Buffer) => stdout.push(data));
  child.stderr?.on("data", (data: Buffer) => stderr.push(data));
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearTimeout(timer);
  return { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), exitCode: exitCode ?? undefined };
}

/** Expects exit code 2 and one clear sentence on standard error that matches, without a stack. */
export function expectSentence({ stdout, stderr, exitCode }: Outcome, sentence: RegExp): void {
  const said = (stderr + stdout).trimEnd();
  expect(said).toMatch(sentence);
  expect(said.split("\n"), said).toHaveLength(1);
  expect(said).not.toMatch(/\bat .*:\d+:\d+|this is a bug/);
  expect(exitCode).toBe(2);
}
