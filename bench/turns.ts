/** Runs commands in turns, so that whatever else the machine does meets all alike, and keeps the median and the minimum of each. */

import { spawnSync } from "node:child_process";

export interface Timing {
  /** Milliseconds. */
  readonly median: number;
  readonly least: number;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Before each run. */
  readonly prepare?: () => void;
  readonly env?: NodeJS.ProcessEnv;
}

export function inTurns(commands: readonly Command[], runs: number): Timing[] {
  const times: number[][] = commands.map(() => []);
  for (let run = 0; run <= runs; run++) {
    for (const [index, { program, args, prepare, env }] of commands.entries()) {
      prepare?.();
      const start = performance.now();
      spawnSync(program, args, { stdio: "ignore", env: env ?? process.env });
      // The first turn warms the disk cache and the compile cache up.
      if (run > 0) times[index]!.push(performance.now() - start);
    }
  }
  return times.map((all) => ({ median: median(all), least: Math.min(...all) }));
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Whether a program can be started at all. */
export function isThere(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).error === undefined;
}
