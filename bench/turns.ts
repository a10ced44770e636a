/** Runs commands in turns, so that whatever else the machine does meets all alike, and keeps the median and the minimum of each. */

import { spawnSync } from "node:child_process";

export interface Timing {
  /** Milliseconds from start to end. */
  readonly median: number;
  readonly least: number;
  /** Milliseconds of processor time, user and system, of all threads: the least. Others at work on the machine change it little. */
  readonly processor: number;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Before each run. */
  readonly prepare?: () => void;
  readonly env?: NodeJS.ProcessEnv;
}

/** Bash tells the times of what it starts in milliseconds, GNU time in hundredths. Output goes to a pipe, as it does for agents and in CI. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; time "$@" 2> /dev/null';

/** Runs a command once. In milliseconds. */
export function timed({ program, args, env }: Command): { elapsed: number; processor: number } {
  // With it Node 20 reads a file of certificates at each start, 30 to 35 ms that would make every ratio to Node's start look better.
  const { NODE_EXTRA_CA_CERTS: _, ...plain } = env ?? process.env;
  const { stderr } = spawnSync("bash", ["-c", TIMED, "bash", program, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 2 ** 28,
    env: { ...plain, LC_ALL: "C" },
  });
  const [elapsed = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(" ").map(Number);
  return { elapsed: elapsed * 1000, processor: (user + system) * 1000 };
}

export function inTurns(commands: readonly Command[], runs: number): Timing[] {
  const times: ReturnType<typeof timed>[][] = commands.map(() => []);
  for (let run = 0; run <= runs; run++) {
    for (const [index, one] of commands.entries()) {
      one.prepare?.();
      const time = timed(one);
      // The first turn warms the disk cache and the compile cache up.
      if (run > 0) times[index]!.push(time);
    }
  }
  return times.map((all) => {
    const elapsed = all.map((time) => time.elapsed);
    const processor = Math.min(...all.map((time) => time.processor));
    return { median: median(elapsed), least: Math.min(...elapsed), processor };
  });
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Whether a program can be started at all. */
export function isThere(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).error === undefined;
}
