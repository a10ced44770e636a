/** A release's system call table: runsc's own word for it, `runsc help syscalls`, and whether calls answer as it says. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome, Test } from "../src/asm/small-test.js";
import { probeProgram, readOutcomes } from "../src/environments/probe/program.js";
import { execute } from "../src/environments/run/execute.js";
import type { RunscSandbox } from "../src/environments/run/sandbox.js";
import { ERRNO, type ErrnoName, errnoName } from "../src/gvisor/errno.js";

/** The sentences of pkg/sentry/syscalls/syscalls.go's errors, as far as they were met. */
const ERRORS: Readonly<Record<string, ErrnoName>> = {
  "invalid system call number": "ENOSYS",
  "operation not permitted": "EPERM",
  "invalid argument": "EINVAL",
  "permission denied": "EACCES",
  "no such device": "ENODEV",
  "operation not supported on transport endpoint": "EOPNOTSUPP",
};

interface Entry {
  readonly name: string;
  readonly support: string;
  readonly note: string;
}

/** "NUMBER NAME" → answer. Throws where a call answers otherwise than the table says. */
export async function learnSystemCalls(runsc: string, sandboxes: readonly RunscSandbox[]): Promise<Record<string, string>> {
  const help = await execute([runsc, "help", "syscalls", "-format=json", "-os=linux", "-arch=amd64"]);
  const entries = JSON.parse(help.stdout).linux.amd64.syscalls as Record<string, Entry>;
  const table = Object.fromEntries(
    Object.entries(entries).map(([number, entry]) => [`${number} ${entry.name}`, answerOf(entry)]),
  );
  for (const sandbox of sandboxes) await compare(table, sandbox);
  return table;
}

function answerOf({ name, support, note }: Entry): string {
  if (support === "Full Support") return "full";
  if (support === "Partial Support") return "partial";
  const capability = /CAP_[A-Z_]+/.exec(note)?.[0];
  const error = ERRORS[/Returns "([^"]*)"/.exec(note)?.[1] ?? ""];
  const answer = capability ?? error;
  if (answer === undefined) throw new Error(`runsc help syscalls says of ${name} what is not known: ${note}`);
  return answer;
}

/** All arguments -1: no valid descriptor, address, size, flag or process. */
const SENSELESS = [-1, -1, -1, -1, -1, -1] as const;
/** Above the last number of Linux 6.18. */
const END = 480;
/** uretprobe and uprobe: Linux lets them past every seccomp filter (engine/seccomp.c), so on systrap the host answers, with a signal. */
const PAST_FILTERS: readonly number[] = [335, 336];

/** What the table says is refused must be. Of what it serves nothing is asked: syslog and io_cancel answer ENOSYS to most that is asked of them. */
async function compare(table: Readonly<Record<string, string>>, sandbox: RunscSandbox): Promise<void> {
  const answers = new Map(Object.entries(table).map(([call, answer]) => [Number.parseInt(call, 10), answer]));
  const refused = Array.from({ length: END }, (_, number) => number).filter(
    (number) => !isServed(answers.get(number)) && !PAST_FILTERS.includes(number),
  );
  const tests = refused.map((number): Test => ({ id: `${number}`, test: [[number, ...SENSELESS]] }));
  const outcomes = await outcomesIn(tests, sandbox);
  const others = refused.filter((number) => {
    const [answer, outcome] = [answers.get(number) ?? "ENOSYS", outcomes.get(`${number}`)];
    const allowed = answer.startsWith("CAP_") ? ["EPERM", "ENOSYS"] : [answer];
    return outcome === undefined || !allowed.includes(sayOutcome(outcome));
  });
  if (others.length > 0)
    throw new Error(`in ${sandbox.id} these calls answer otherwise than runsc's table says: ${others.join(", ")}`);
}

/** Whether an answer of the table lets a call through. */
export const isServed = (answer: string | undefined): boolean => answer === "full" || answer === "partial";

/** "EINVAL", "signal 11" or "ok". */
function sayOutcome({ value, signal }: Outcome): string {
  if (signal !== undefined) return `signal ${signal}`;
  return value < 0n && value > -4096n ? errnoName(Number(-value)) : "ok";
}

/** Runs small tests in a sandbox. */
export async function outcomesIn(tests: readonly Test[], sandbox: RunscSandbox): Promise<Map<string, Outcome>> {
  const folder = mkdtempSync(join(tmpdir(), "sandfit-learn-"));
  chmodSync(folder, 0o777);
  const path = join(folder, "calls");
  writeFileSync(path, probeProgram(tests), { mode: 0o755 });
  try {
    return readOutcomes(tests, (await execute([path], { sandbox, cwd: folder })).stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Minus the error number, or 0. */
export const expectedValue = (errno: ErrnoName | "success"): bigint => (errno === "success" ? 0n : -BigInt(ERRNO[errno]));
