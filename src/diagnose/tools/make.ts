/** Tries a make: two targets that each wait for the other, so that they are only made if both are made at the same time. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, JobFailed, type Trial, versionIn } from "./bench.js";

/** Waits for `$(1)` for at most ten seconds, so that a make that works one by one fails and does not hang. */
const MAKEFILE = `.PHONY: all
all: one two
wait = n=0; while [ ! -e $(1).begun ] && [ $$n -lt 10 ]; do sleep 1; n=$$((n+1)); done; [ -e $(1).begun ]
one:
	@: > one.begun; $(call wait,two) && echo made one > one
two:
	@: > two.begun; $(call wait,one) && echo made two > two
`;

export async function tryMake(bench: Bench): Promise<Trial> {
  const folder = bench.folder();
  writeFileSync(join(folder, "Makefile"), MAKEFILE);
  const job = "build two targets in parallel";
  const built = await bench.do(job, ["-j2"], folder);
  for (const target of ["one", "two"]) {
    if (contentsOf(join(folder, target)) !== `made ${target}\n`) throw new JobFailed(job, built, `target ${target} is not built`);
  }
  const version = await bench.run(["--version"]);
  return { outcome: "works", version: versionIn(version.stdout), did: ["built two targets in parallel"] };
}

function contentsOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
