/** What signals do to this process: they end it once what is temporary is gone, or a program that it runs gets them. */

import { readFileSync } from "node:fs";

/** What ends this process. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const satisfies readonly NodeJS.Signals[];

/**
 * What a program that takes this one's place is to get. Not those that no process can catch, that tell of this process itself (SIGPIPE,
 * SIGXFSZ, SIGCHLD, SIGPROF, faults), or that stop a job, which the shell sends to all of it; Node has no names for the others.
 */
const PASSED = [
  ...ENDING,
  ...(["SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCONT", "SIGWINCH", "SIGURG", "SIGIO", "SIGPWR", "SIGABRT"] as const),
] as const satisfies readonly NodeJS.Signals[];

const jobs = new Set<() => void>();
let passing = 0;

/**
 * Has `job` done when this process ends or is told to, jobs that were given last first; it must not wait for anything. The function
 * returned takes it back. A second signal meanwhile waits for the first to have its way.
 */
export function beforeEnd(job: () => void): () => void {
  if (jobs.size === 0) {
    process.on("exit", doAll);
    for (const signal of ENDING) process.on(signal, end);
  }
  // Of its own, so that the same function can be given twice.
  const own = () => job();
  jobs.add(own);
  return () => {
    jobs.delete(own);
    if (jobs.size === 0) letGo();
  };
}

/** Hands signals to `take` instead of ending by them, until the function returned is called. */
export function passSignals(take: (signal: NodeJS.Signals) => void): () => void {
  const takeIt = (signal: NodeJS.Signals) => {
    // The keys of a terminal reach the program as well.
    if (!((signal === "SIGINT" || signal === "SIGQUIT") && isInForeground())) take(signal);
  };
  passing++;
  for (const signal of PASSED) process.on(signal, takeIt);
  return () => {
    passing--;
    for (const signal of PASSED) process.off(signal, takeIt);
  };
}

function doAll(): void {
  for (const job of [...jobs].reverse()) {
    try {
      job();
    } catch {
      // What cannot be done must not keep the others from being done.
    }
  }
  jobs.clear();
}

function end(signal: NodeJS.Signals): void {
  if (passing > 0) return;
  doAll();
  letGo();
  // Whoever else listens has a say in it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function letGo(): void {
  process.off("exit", doAll);
  for (const signal of ENDING) process.off(signal, end);
}

/** Whether this process is in the group that its terminal's keys send signals to (proc_pid_stat(5): pgrp, tpgid). */
function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return false;
  }
}
