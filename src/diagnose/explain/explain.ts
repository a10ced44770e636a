/** From an ending to its cause: what happened, where, by which rule, in what environment, and what to do next. */

import { accessSync, constants, existsSync } from "node:fs";
import { basename } from "node:path";
import { outcomes } from "../../check/model.js";
import type { Ending } from "../../environments/run/ending.js";
import { crashSignal } from "../../environments/run/pass-through.js";
import { newest } from "../../gvisor/gvisor.js";
import type { Site } from "../../rules/define.js";
import type { Explanation } from "./explanation.js";
import { fileOf, programsOf } from "./programs.js";
import type { Setting } from "./setting.js";
import { startErrorOf } from "./signature.js";
import { interpreterOf, type Known, lookAt, placeOf } from "./static.js";
import type { Death, Trace } from "./trace.js";

/**
 * Explains how `command` ended. Undefined where there is nothing to explain: it ended well, was ended by somebody, or failed in a way
 * that no rule has to do with. `setting` is only asked for when it is needed, since finding it out may take a second.
 */
export async function explain(
  command: readonly string[],
  how: Ending,
  setting: () => Promise<Setting>,
  trace?: Trace,
): Promise<Explanation | undefined> {
  const death = trace?.deaths.at(-1);
  const crash = crashSignal(how) ?? (how.exitCode === 0 ? undefined : death?.signal);
  const failed = how.startError !== undefined || how.signal !== undefined || how.exitCode !== 0;
  if (!failed) return undefined;
  const files = filesOf(command, death);
  const base = {
    place: undefined,
    refused: trace?.refused,
    obstacle: undefined,
    signal: crash,
    startError: how.startError && startErrorOf(how.startError),
  };
  if (how.startError !== undefined) {
    const where = await setting();
    const programs = await lookAtAll(files, where);
    const obstacle = await obstacleOf(command[0], how.startError, programs[0]);
    return { ...base, kind: "start", what: `${command[0]} could not be started`, setting: where, programs, obstacle };
  }
  if (crash !== undefined) {
    const where = await setting();
    const programs = await lookAtAll(files, where);
    const site = death?.instruction === undefined ? undefined : await siteOf(programs, death, where);
    return {
      ...base,
      kind: "crash",
      what: crashWords(command, how, crash, death),
      setting: where,
      programs,
      place: death && { site, death },
      refused: death?.refused ?? trace?.refused,
    };
  }
  // An ordinary failure, unless a rule says that the program cannot work here. Look first, and only then find out where "here" is.
  if (files.length === 0) return undefined;
  const where = await orUndefined(setting, files);
  if (where === undefined) return undefined;
  const failing = (await lookAtAll(files, where)).filter((program) => program.outcome === "fails");
  if (failing.length === 0) return undefined;
  const what = how.signal === undefined ? `exit ${how.exitCode}` : how.signal;
  return { ...base, kind: "maybe", what: `${command[0]} ended with ${what}`, setting: where, programs: failing };
}

/** The instruction that crashed: in the program that was executed last, or in one that a loader of its own (an APE's) mapped for it. */
async function siteOf(programs: readonly Known[], death: Death, { target }: Setting): Promise<Site | undefined> {
  const first = programs.filter((program) => program.path === death.program);
  for (const program of [...first, ...programs.filter((one) => !first.includes(one))]) {
    const site = await placeOf(program, death.instruction!, target);
    if (site !== undefined) return site;
  }
  return undefined;
}

/** Finds out the setting only where some file has a finding that is worse than "may fail" on some platform. */
async function orUndefined(setting: () => Promise<Setting>, files: readonly string[]): Promise<Setting | undefined> {
  for (const file of files) {
    if ((await lookAt(file, newest))?.outcome !== "fails") continue;
    const where = await setting();
    return where.kind === "linux" ? undefined : where;
  }
  return undefined;
}

function filesOf(command: readonly string[], death: Death | undefined): string[] {
  const files = programsOf(command);
  const traced = death?.program;
  return traced === undefined || !existsSync(traced) ? files : [traced, ...files.filter((file) => file !== traced)];
}

async function lookAtAll(files: readonly string[], setting: Setting): Promise<Known[]> {
  const known: Known[] = [];
  for (const file of files) {
    const program = await lookAt(file, setting.target);
    if (program !== undefined) known.push(program);
  }
  return known.sort((a, b) => outcomes.indexOf(b.outcome) - outcomes.indexOf(a.outcome));
}

function crashWords(command: readonly string[], how: Ending, crash: string, death: Death | undefined): string {
  if (how.signal !== undefined) return `${command[0]} died of ${crash}`;
  const whose = death?.program === undefined ? "a program that it ran" : basename(death.program);
  const isLauncher = death?.program !== undefined && fileOf(command[0]) === death.program;
  return isLauncher
    ? `${command[0]} died of ${crash}`
    : `${command[0]} ended with exit ${how.exitCode}: ${whose} died of ${crash}`;
}

/** Why the system would not start a file. */
async function obstacleOf(name: string, error: string, known: Known | undefined): Promise<string> {
  const file = fileOf(name);
  if (file === undefined && !existsSync(name)) {
    return name.includes("/") ? `there is no file ${name}` : `there is no program ${name} in PATH`;
  }
  if (/ENOENT|no such file/i.test(error)) {
    const interpreter = await interpreterOf(file ?? name);
    if (interpreter !== undefined && !existsSync(interpreter)) return `its dynamic linker ${interpreter} is missing`;
    return `${name} is there, but what it needs to start (the interpreter that its first line names) is not`;
  }
  if (/ENOEXEC|exec format/i.test(error)) {
    return known?.isApe
      ? "execve answers ENOEXEC: it is an APE, which only a shell can start"
      : "execve answers ENOEXEC (Exec format error): not a format that is executed here";
  }
  if (/EACCES|permission denied/i.test(error)) {
    // Who may not read it cannot check it either, so the rule is named here.
    if (file !== undefined && may(file, constants.X_OK) && !may(file, constants.R_OK))
      return "this user may execute it and not read it, which is not enough in gVisor (rule exec-only-mode): chmod a+r";
    return "permission denied: it is not executable for this user, a folder, or on a file system mounted noexec";
  }
  return error;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
