/** Ends what a run started: the whole tree of a process, and nothing else. Linux only, by /proc. */

import { readdirSync, readFileSync } from "node:fs";

/** Process ids below `root`, children before grandchildren. Processes that have left the tree (re-parented) are not found. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  const found: number[] = [];
  for (let queue = [root]; queue.length > 0; ) {
    queue = queue.flatMap((pid) => children.get(pid) ?? []);
    found.push(...queue);
  }
  return found;
}

/**
 * Kills a process that leads its own group: the group first, then descendants that made groups of their own (setsid), which are
 * looked up before, while they can still be told from strangers.
 */
export function killTree(leader: number): void {
  const others = safely(() => descendants(leader)) ?? [];
  safely(() => process.kill(-leader, "SIGKILL"));
  for (const pid of others) safely(() => process.kill(pid, "SIGKILL"));
}

/**
 * Ends a `runsc do`. Killing runsc itself would leave its control group, its state folder and a mount behind; killing the
 * sandbox process below it ends every process inside, and `runsc do` then clears up after itself and exits. Tried with the
 * releases of 2022-12, 2024-07 and 2026-09, as root and rootless. Returns false where there is no sandbox process (yet).
 */
export function killSandbox(runsc: number): boolean {
  const boxes = (safely(() => descendants(runsc)) ?? []).filter((pid) => commandName(pid) === "runsc-sandbox");
  for (const pid of boxes) safely(() => process.kill(pid, "SIGKILL"));
  return boxes.length > 0;
}

function parentOf(pid: number): number | undefined {
  const stat = safely(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // "pid (name) state ppid ...": the name may hold anything, so count from its last parenthesis (proc(5)).
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function commandName(pid: number): string | undefined {
  return safely(() => readFileSync(`/proc/${pid}/cmdline`, "latin1"))?.split("\0")[0];
}

/** A process may be gone at any moment; that is no error here. */
function safely<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
