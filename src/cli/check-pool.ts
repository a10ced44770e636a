/** Checks many files on all cores. Each worker is this same command, started as `check-worker`. */

import { closeSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import workerpool from "workerpool";
import type { Target } from "../gvisor/gvisor.js";
import type { Answer } from "./check-file.js";

/** More would only wait for the disk. */
const MOST_WORKERS = 16;

const workers = Math.min(availableParallelism(), MOST_WORKERS);
/** The file that was started. */
const command = process.argv[1]!;
/** More than a worker has open: its event loop, and what it reads. */
const DESCRIPTORS = 16;

/** Whether workers can run: with one core they would only take turns, and each needs descriptors. */
export function canHaveWorkers(): boolean {
  return workers > 1 && areLeft(DESCRIPTORS * workers);
}

/** Whether so many files can be opened (ulimit -n). */
function areLeft(descriptors: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < descriptors) opened.push(openSync(command, "r"));
    return true;
  } catch {
    return false;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/**
 * Checks the files and returns the answers in the order of `names`. A worker has one file at a time, so that memory is bounded by
 * the largest few. `answered` is called after each.
 */
export async function checkInPool(
  names: readonly string[],
  target: Target,
  answered: (index: number, answer: Answer) => void,
): Promise<Answer[]> {
  const pool = workerpool.pool(command, {
    workerType: "thread",
    maxWorkers: workers,
    workerThreadOpts: { argv: ["check-worker"] },
  });
  const answers = new Array<Answer>(names.length);
  let next = 0;
  // One more in line than there are workers, so that none has to wait for the next name.
  const lane = async () => {
    for (let index = next++; index < names.length; index = next++) {
      answers[index] = await pool.exec("check", [names[index], target]);
      answered(index, answers[index]);
    }
  };
  try {
    await Promise.all(Array.from({ length: workers + 1 }, lane));
  } finally {
    await pool.terminate(true);
  }
  return answers;
}
