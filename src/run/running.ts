/** What runs at this moment, so that nothing outlives this process, however it ends. */

import { killSandbox, killTree } from "./processes.js";
import { dropLogs } from "./runsc-log.js";
import type { Sandbox } from "./sandbox.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const running = new Map<number, Sandbox>();

/** How long a `runsc do` whose sandbox was killed gets to clear up after itself, in milliseconds. */
const CLEAR_UP = 5000;

/** Notes a process that was started as the leader of its own group. */
export function noteStart(pid: number, sandbox: Sandbox): void {
  if (running.size === 0) {
    process.on("exit", endAll);
    for (const signal of SIGNALS) process.on(signal, passOn);
  }
  running.set(pid, sandbox);
}

/** Notes that a process has ended. */
export function noteEnd(pid: number): void {
  running.delete(pid);
  if (running.size > 0) return;
  process.off("exit", endAll);
  for (const signal of SIGNALS) process.off(signal, passOn);
}

/** Ends a process that was noted, with everything below it. */
export function end(pid: number): void {
  if (running.get(pid)?.kind === "runsc" && killSandbox(pid))
    setTimeout(() => running.has(pid) && killTree(pid), CLEAR_UP).unref();
  else killTree(pid);
}

function endAll(): void {
  for (const pid of running.keys()) end(pid);
  dropLogs();
}

/** Children lead groups of their own, so a terminal's Ctrl-C does not reach them; end them, then die of the same signal. */
function passOn(signal: NodeJS.Signals): void {
  endAll();
  for (const other of SIGNALS) process.off(other, passOn);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
