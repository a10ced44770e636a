/** Runs a probe program on this system and reads its answers. */

import { dirname } from "node:path";
import { isStarted, type Outcome, type Test } from "../../asm/small-test.js";
import { execute } from "../run/execute.js";
import { candidateFolders, type PlacedFile, placeProgram } from "./place.js";
import { probeProgram, readOutcomes } from "./program.js";

export interface ProbeRun {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** What went wrong on the way, one sentence each. */
  readonly notes: readonly string[];
}

export interface ProbeRunOptions {
  /** In milliseconds. */
  readonly timeout: number;
  /** Ask for an executable stack. */
  readonly executableStack?: boolean;
  /** Folders to try. */
  readonly folders?: readonly string[];
}

/** Tries the folders in turn until the program starts, which is what tells a noexec mount where access(2) does not. */
export async function runTests(tests: readonly Test[], options: ProbeRunOptions): Promise<ProbeRun> {
  const bytes = probeProgram(tests, options.executableStack ? { stack: 7 } : {});
  const notes: string[] = [];
  let folders = options.folders ?? candidateFolders();
  while (folders.length > 0) {
    const placed = placeProgram(bytes, "probe", folders, filesOf(tests));
    notes.push(...placed.notes);
    try {
      const run = await execute([placed.path], { timeout: options.timeout, cwd: dirname(placed.path) });
      if (run.startError === undefined) {
        if (run.timedOut) notes.push(`the probe did not end within ${options.timeout} ms`);
        return { outcomes: readOutcomes(tests, run.stdout), notes };
      }
      const tried = folders[placed.notes.length];
      notes.push(`no program can be started from ${tried} (${run.startError})`);
      folders = folders.slice(placed.notes.length + 1);
    } finally {
      placed.dispose();
    }
  }
  return { outcomes: new Map(), notes };
}

function filesOf(tests: readonly Test[]): PlacedFile[] {
  return tests.flatMap(({ id, test }) => {
    if (!isStarted(test)) return [];
    const file = { name: id, bytes: test.file(), mode: test.mode ?? 0o700 };
    return test.helper === undefined ? [file] : [file, { name: `${id}.helper`, bytes: test.helper(), mode: 0o700 }];
  });
}
