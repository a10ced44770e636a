/** Peak memory of a command. */

import { spawnSync } from "node:child_process";

/** Of `node ARGS`, all threads, in MB by GNU time; "unknown" without it. */
export function peakOf(args: readonly string[]): string {
  const { stderr } = spawnSync("/usr/bin/time", ["-f", "%M", process.execPath, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kilobytes = Number(stderr?.trim().split("\n").at(-1));
  return Number.isFinite(kilobytes) && kilobytes > 0 ? `${(kilobytes / 1024).toFixed(0)} MB` : "unknown";
}
