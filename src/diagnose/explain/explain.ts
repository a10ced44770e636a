/** From an ending to its cause: what happened, where, by which rule, in what environment, and what to do next. */

import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { outcomes } from "../../check/model.js";
import type { Ending } from "../../environments/run/ending.js";
import { crashSignal, isCrash } from "../../environments/run/pass-through.js";
import { newest } from "../../gvisor/gvisor.js";
import type { Site } from "../../rules/define.js";
import { cureOf } from "../cure.js";
import type { Explanation } from "./explanation.js";
import { fileOf, programsOf } from "./programs.js";
import type { Setting } from "./setting.js";
import { startErrorOf } from "./signature.js";
import { cosmopolitanAround, isStarter, namedIn } from "./starters.js";
import { interpreterOf, type Known, lookAt, placeOf } from "./static.js";
import { type Death, isRefusalOfGs, type Trace } from "./trace.js";

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
  const death = deathIn(trace);
  const crash = crashSignal(how) ?? (how.exitCode === 0 ? undefined : death?.signal);
  const failed = how.startError !== undefined || how.signal !== undefined || how.exitCode !== 0;
  if (!failed) return undefined;
  const startsOthers = how.startError === undefined && isStarter(command);
  const base = {
    command,
    isKnown: !startsOthers || death !== undefined,
    isTraced: trace !== undefined,
    cures: new Map<string, string>(),
    place: undefined,
    refused: trace?.refused,
    obstacle: undefined,
    signal: crash,
    startError: how.startError && startErrorOf(how.startError),
  };
  const files = filesOf(command, death, trace);
  if (how.startError !== undefined) {
    const where = await setting();
    const programs = await lookAtAll(files, where);
    const obstacle = await obstacleOf(command[0], how.startError, programs[0]);
    const cures = curesOf(programs, command);
    return { ...base, kind: "start", what: `${command[0]} could not be started`, setting: where, programs, cures, obstacle };
  }
  if (crash !== undefined) {
    const where = await setting();
    const programs = await lookAtAll(files, where);
    // Not those of a plain Linux, where their findings mean nothing.
    if (!base.isKnown && where.kind !== "linux" && !programs.some(fails))
      programs.push(...(await failingOf([namedIn, cosmopolitanAround], command, where)));
    const site = death?.instruction === undefined ? undefined : await siteOf(programs, death, where);
    return {
      ...base,
      kind: "crash",
      what: crashWords(command, how, crash, death),
      setting: where,
      programs,
      cures: curesOf(programs, command),
      place: death && { site, death },
      refused: death?.refused ?? trace?.refused,
    };
  }
  // An ordinary failure, unless a rule says that the program cannot work here. Look first, and only then find out where "here" is.
  const what = `${command[0]} ended with ${how.signal ?? `exit ${how.exitCode}`}`;
  for (const some of startsOthers ? [() => files, namedIn] : [() => files]) {
    const candidates = some(command);
    const where = await orUndefined(setting, candidates);
    const failing = where === undefined ? [] : (await lookAtAll(candidates, where)).filter(fails);
    if (where !== undefined && failing.length > 0)
      return { ...base, kind: "maybe", what, setting: where, programs: failing, cures: curesOf(failing, command) };
  }
  if (!startsOthers || trace !== undefined) return undefined;
  // Somebody who asks why wants to know how to find out; on plain Linux there is nothing of gVisor's to be found.
  const where = await setting();
  return where.kind === "linux" ? undefined : { ...base, kind: "maybe", what, setting: where, programs: [] };
}

/** Of several programs that died the one whose thread state was refused: what others die of follows from it. */
function deathIn(trace: Trace | undefined): Death | undefined {
  const crashes = trace?.deaths.filter((death) => isCrash(death.signal));
  return crashes?.findLast((death) => isRefusalOfGs(death.refused)) ?? crashes?.at(-1);
}

const fails = (program: Known): boolean => program.outcome === "fails";

/** Of several ways to find candidates, the first that finds programs that fail or may fail there. */
async function failingOf(
  ways: readonly ((command: readonly string[]) => string[])[],
  command: readonly string[],
  where: Setting,
): Promise<Known[]> {
  for (const way of ways) {
    const failing = (await lookAtAll(way(command), where)).filter(({ outcome }) => outcome !== "runs");
    if (failing.length > 0) return failing;
  }
  return [];
}

/** What the user named himself may be repaired beside itself; what others start has to stay at its path. */
function curesOf(programs: readonly Known[], [first]: readonly string[]): Map<string, string> {
  return new Map(programs.map(({ path }) => [path, cureOf(path, path === first ? "beside" : "in-place")]));
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

function filesOf(command: readonly string[], death: Death | undefined, trace: Trace | undefined): string[] {
  const traced = [death?.program, ...(trace?.withoutGs ?? [])].filter((file) => file !== undefined && existsSync(file));
  const seen = new Set<string>();
  return [...(traced as string[]), ...programsOf(command)].filter((file) => {
    const real = realpathSync(file);
    return !seen.has(real) && seen.add(real);
  });
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
  const program = death?.program;
  const isLauncher = program !== undefined && (program === command[0] || fileOf(command[0]) === program);
  const died = death?.exitCode === undefined ? `died of ${crash}` : `got ${crash} and ended with exit ${death.exitCode}`;
  if (isLauncher || (how.signal !== undefined && program === undefined)) return `${command[0]} ${died}`;
  const ended = how.signal === undefined ? `ended with exit ${how.exitCode}` : `ended with ${how.signal}`;
  return `${command[0]} ${ended}: ${program ?? "a program that it ran"} ${died}`;
}

/** Why the system would not start a file. */
async function obstacleOf(name: string, error: string, known: Known | undefined): Promise<string> {
  const file = fileOf(name);
  if (file === undefined && !existsSync(name)) {
    return name.includes("/") ? `there is no file ${name}` : `there is no program ${name} in PATH`;
  }
  if (file === undefined && !name.includes("/")) return `${name} is not in PATH; did you mean ./${name}?`;
  if (file !== undefined && !may(file, constants.X_OK) && (known !== undefined || isStarter([file]))) {
    return `it is not executable for this user: chmod +x ${name}`;
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
