/** Starts a program and tells how it ended. */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Raw } from "./ending.js";

export interface Started {
  /** Undefined where it could not be started. */
  readonly child: ChildProcess | undefined;
  /** Comes when it has ended and what it wrote is read. Never fails. */
  readonly end: Promise<Raw>;
}

/** A program without a slash is searched in PATH, and a file in no executable format handed to /bin/sh, as execvp(3) has it. */
export function start([file, ...args]: readonly string[], options: SpawnOptions): Started {
  let child: ChildProcess;
  try {
    child = spawn(file!, args, options);
  } catch (error) {
    return { child: undefined, end: Promise.resolve(notStarted(error)) };
  }
  const end = new Promise<Raw>((resolve) => {
    child.once("error", (error) => child.pid === undefined && resolve(notStarted(error)));
    child.once("close", (code, signal) => {
      resolve({ pid: child.pid, exitCode: code ?? undefined, signal: signal ?? undefined, code: undefined });
    });
  });
  return { child, end };
}

function notStarted(error: unknown): Raw {
  return { pid: undefined, exitCode: undefined, signal: undefined, code: (error as NodeJS.ErrnoException).code };
}
