/** What a command needs, by GNU time: processor time of all its threads, and memory. */

import { spawnSync } from "node:child_process";

export interface Usage {
  /** User and system time, in milliseconds. */
  readonly processor: number;
  /** At most, in MB. */
  readonly memory: number;
}

/** The usage of `node ARGS`; undefined without GNU time. */
export function usageOf(args: readonly string[]): Usage | undefined {
  const { stderr } = spawnSync("/usr/bin/time", ["-f", "%U %S %M", process.execPath, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  const numbers = /([\d.]+) ([\d.]+) (\d+)\s*$/
    .exec(stderr ?? "")
    ?.slice(1)
    .map(Number);
  if (numbers === undefined) return undefined;
  const [user, system, kilobytes] = numbers as [number, number, number];
  return { processor: (user + system) * 1000, memory: kilobytes / 1024 };
}

/** Peak memory of `node ARGS` in words. */
export function peakOf(args: readonly string[]): string {
  const usage = usageOf(args);
  return usage === undefined ? "unknown" : `${usage.memory.toFixed(0)} MB`;
}
