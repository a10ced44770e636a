/** Runs the scenes of subject.c under the tracer, on the host and in every sandbox. */

import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Execution, execute } from "../../src/environments/run/execute.js";
import { HOST, type Sandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import type { CallEvent, Trace } from "../../src/environments/trace/events.js";
import { decodeTrace } from "../../src/environments/trace/record.js";
import { encodeRules, type Rule, watchedBy } from "../../src/environments/trace/rules.js";
import { eventText } from "../../src/environments/trace/text.js";
import { type TracerOptions, underTracer } from "../../src/environments/trace/tracer.js";
import { temporaryFolder } from "./cli.js";
import { hasProgram } from "./requirements.js";

export const folder = temporaryFolder();
export const hasCompiler = hasProgram("gcc");
export const subject = join(folder, "subject");
if (hasCompiler) {
  const source = fileURLToPath(new URL("../fixtures/subject.c", import.meta.url));
  const { status, stderr } = spawnSync("gcc", ["-O1", "-static", "-pthread", "-o", subject, source], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  chmodSync(subject, 0o755);
}

const { present, absent } = await findSandboxes();
/** The host and every sandbox that works, by name. */
export const places: [string, Sandbox][] = present.map((sandbox) => [sandbox.id, sandbox]);
/** Those that could be expected and are not there, with the reason. */
export const missing = absent.filter(({ reason }) => !reason.startsWith("this release has no platform"));

export interface Run {
  readonly run: Execution;
  readonly trace: Trace;
  /** What the program itself wrote to standard error. */
  readonly errors: string;
}

interface Options extends Partial<TracerOptions> {
  readonly sandbox?: Sandbox;
  readonly changing?: readonly Rule[];
  /** Stop at nothing but the calls that the rules name. */
  readonly only?: boolean;
  /** What stands in front of the tracer, e.g. setpriv. */
  readonly through?: readonly string[];
  readonly env?: Record<string, string>;
}

/** Runs a scene, or any command, with the record behind a mark on standard error, which works everywhere. */
export async function traced(command: readonly string[], options: Options = {}): Promise<Run> {
  const { sandbox = HOST, changing, only, through = [], env, ...rest } = options;
  const rules = changing && encodeRules(changing, only ? { stopAt: watchedBy(changing) } : {});
  const tracer = underTracer(command, { record: "mark", ...(rules && { rules }), ...rest });
  try {
    const run = await execute([...through, ...tracer.command], {
      sandbox,
      cwd: folder,
      timeout: 50_000,
      maxOutput: 64 << 20,
      ...(env && { env }),
    });
    const mark = `\n${tracer.mark}\n`;
    const bytes = Buffer.from(run.stderrBytes);
    const at = bytes.indexOf(mark);
    if (at < 0) throw new Error(`no record: exit ${run.exitCode ?? run.signal}, ${run.stderr}, ${run.startError}`);
    const trace = decodeTrace(tracer.take(bytes.subarray(at + mark.length))!);
    return { run, trace, errors: bytes.subarray(0, at).toString() };
  } finally {
    tracer.dispose();
  }
}

/** The calls of that name. */
export function callsOf(trace: Trace, name: string): CallEvent[] {
  return trace.events.filter((event): event is CallEvent => event.kind === "call" && event.call.name === name);
}

/** Each event as a line with its process in front. */
export function linesOf(trace: Trace): string[] {
  return trace.events.map((event) => `${trace.processes[event.process].path} ${eventText(event)}`);
}
