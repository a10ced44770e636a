/** Tries a program of which nothing is known: whether it tells its version or its help. */

import { signalOfCode } from "../../environments/run/ending.js";
import { type Bench, JobFailed, type Trial, versionIn } from "./bench.js";

/** -v last: to some programs it means something else. */
const QUESTIONS = ["--version", "--help", "-v"];

export async function tryOther(bench: Bench): Promise<Trial> {
  let last: Awaited<ReturnType<Bench["run"]>> | undefined;
  for (const question of QUESTIONS) {
    const run = await bench.run([question]);
    if (run.exitCode === undefined || signalOfCode(run.exitCode) !== undefined) throw new JobFailed(`answer ${question}`, run);
    if (run.exitCode === 0) {
      const version = question === "--help" ? null : versionIn(run.stdout + run.stderr);
      return { outcome: "starts", version, did: [`answered ${question}`] };
    }
    last = run;
  }
  const line = (last!.stderr + last!.stdout).split("\n").find((one) => one.trim() !== "");
  const words = `starts, but answers ${QUESTIONS.join(", ")} with exit ${last!.exitCode}`;
  return { outcome: "unsure", version: null, did: [line === undefined ? words : `${words} ("${line.trim().slice(0, 80)}")`] };
}
