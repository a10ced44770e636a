/** What runs at this moment, so that nothing outlives this process, however it ends. */

import { beforeEnd } from "../../files/signals.js";
import { killSandbox, killTree } from "./processes.js";
import type { Sandbox } from "./sandbox.js";

interface Running {
  readonly sandbox: Sandbox;
  forget(): void;
}

const running = new Map<number, Running>();

/** How long a `runsc do` whose sandbox was killed gets to clear up after itself, in milliseconds. */
const CLEAR_UP = 5000;

/** Notes a process that was started as the leader of its own group, which a terminal's Ctrl-C does not reach. */
export function noteStart(pid: number, sandbox: Sandbox): void {
  running.set(pid, { sandbox, forget: beforeEnd(() => end(pid)) });
}

/** Notes that a process has ended. */
export function noteEnd(pid: number): void {
  running.get(pid)?.forget();
  running.delete(pid);
}

/** Ends a process that was noted, with everything below it. */
export function end(pid: number): void {
  if (running.get(pid)?.sandbox.kind === "runsc" && killSandbox(pid))
    setTimeout(() => running.has(pid) && killTree(pid), CLEAR_UP).unref();
  else killTree(pid);
}
