/** Collects what an investigation rests on: reads and checks; runs something only where it is asked to. */

import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { release, type } from "node:os";
import { basename, dirname, join } from "node:path";
import type { ByteSource } from "../../bytes/source.js";
import { checkImage } from "../../check/check.js";
import { type FileError, outcomeOf, outcomes } from "../../check/model.js";
import { probeEnvironment } from "../../environments/probe/environment.js";
import { type VerifyOptions, verify } from "../../environments/verify.js";
import { InputError, RefusedError } from "../../errors.js";
import { type FileSource, openFile } from "../../files/file-source.js";
import { temporaryFolder } from "../../files/private-folder.js";
import { forward, type Patch } from "../../fix/apply.js";
import { isEmpty, type Plan, planFix } from "../../fix/plan.js";
import type { Target } from "../../gvisor/gvisor.js";
import { readImage } from "../../image/detect.js";
import { isArchive } from "../../input/archive/recognise.js";
import { programsBelow } from "../../input/programs.js";
import { surroundingsOf } from "../../input/surroundings.js";
import {
  type Here,
  INVESTIGATION_VERSION,
  type InvestigatedProgram,
  type Investigation,
  type RepairSummary,
} from "../../report/investigation.js";
import type { VerifyReport } from "../../report/verify-model.js";
import type { Surroundings } from "../../rules/surroundings.js";
import { VERSION } from "../../version.js";
import { refuseInterrupted } from "../../write/interrupted.js";
import { writePatched } from "../../write/replace.js";

export interface InvestigateOptions {
  readonly target: Target;
  /** Whether the programs may be started, as they are and fixed, in every environment there is. */
  readonly run: boolean;
  /** What they are given then. */
  readonly args: readonly string[];
  /** As `sandfit verify --folder`. */
  readonly folder?: string;
  readonly now: Date;
  /** Hears how many runs of a program there will be, and of each that is done. */
  readonly progress?: NonNullable<VerifyOptions["progress"]>;
}

const RUN_LIMITS = { timeout: 60_000, maxOutput: 8 * 1024 * 1024 };
const CHUNK = 1 << 20;

/** Investigates a file, an archive or a folder. Throws InputError where there is nothing that can be read. */
export async function investigate(name: string, options: InvestigateOptions): Promise<Investigation> {
  const { kind, programs, errors } = await investigateAll(name, options);
  const rank = ({ report }: InvestigatedProgram) => outcomes.indexOf(outcomeOf(report));
  programs.sort((a, b) => rank(b) - rank(a));
  return {
    version: INVESTIGATION_VERSION,
    sandfit: VERSION,
    made: options.now.toISOString(),
    machine: `${type()} ${release()}, ${process.arch}`,
    target: options.target,
    subject: { name, kind },
    here: options.run ? await hereNow() : null,
    programs,
    errors,
  };
}

interface Gathered {
  readonly kind: Investigation["subject"]["kind"];
  readonly programs: InvestigatedProgram[];
  readonly errors: FileError[];
}

async function investigateAll(name: string, options: InvestigateOptions): Promise<Gathered> {
  const programs: InvestigatedProgram[] = [];
  const errors: FileError[] = [];
  const below = programsBelow(name);
  if (below === undefined && !isArchive(name)) return { kind: "file", programs: [await investigateFile(name, options)], errors };
  const noting = async (path: string, run: () => Promise<InvestigatedProgram>) => {
    try {
      programs.push(await run());
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.push({ name: path, error: error.message });
    }
  };
  const { programsIn } = await import("../../input/archive/programs.js");
  if (below !== undefined) {
    for (const path of below.programs) await noting(path, () => investigateFile(path, options));
    for (const archive of below.archives) {
      try {
        for await (const { name: path, source, surroundings } of programsIn(archive)) {
          const inside = { ...source, name: `${archive}!/${path}` };
          await noting(inside.name, () => investigateSource(inside, surroundings, options));
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        errors.push({ name: archive, error: error.message });
      }
    }
    return { kind: "folder", programs, errors: [...errors, ...below.unread] };
  }
  for await (const { name: path, source, surroundings } of programsIn(name)) {
    await noting(path, () => investigateSource(source, surroundings, options));
  }
  return { kind: "archive", programs, errors };
}

async function investigateFile(path: string, options: InvestigateOptions): Promise<InvestigatedProgram> {
  const source = openFile(path);
  try {
    await refuseInterrupted(source);
    return await investigateSource(source, surroundingsOf(path), options);
  } finally {
    source.close();
  }
}

async function investigateSource(
  source: FileSource,
  surroundings: Surroundings,
  options: InvestigateOptions,
): Promise<InvestigatedProgram> {
  const image = await readImage(source);
  const report = await checkImage(source, image, options.target, surroundings);
  const plan = await planOrReasons(() => planFix(source, image, report));
  const isNative = report.views.some((view) => view.machine === "x86-64");
  const runs = options.run && isNative ? await runsOf(source, plan, options) : null;
  // Asking the package manager starts programs too.
  const isTelling = options.run && outcomeOf(report) !== "runs";
  const systemPackage = isTelling ? await (await import("./system-package.js")).systemPackageFor(source.name) : null;
  return { report, sha256: await sha256Of(source), repair: summaryOf(plan), runs, systemPackage };
}

async function planOrReasons(make: () => Promise<Plan>): Promise<Plan | readonly string[]> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof RefusedError) return error.reasons;
    throw error;
  }
}

const isRefused = (plan: Plan | readonly string[]): plan is readonly string[] => Array.isArray(plan);

function summaryOf(plan: Plan | readonly string[]): RepairSummary {
  if (isRefused(plan)) return { kind: "refused", edits: 0, bytes: 0, warnings: [], refusals: plan };
  const bytes = plan.edits.reduce((sum, edit) => sum + edit.before.length / 2, 0);
  const kind = isEmpty(plan) ? "none" : "possible";
  return { kind, edits: plan.edits.length, bytes, warnings: plan.warnings, refusals: [] };
}

/** Runs the program as it is, and as the plan would make it, in a private folder that is removed. */
async function runsOf(source: FileSource, plan: Plan | readonly string[], options: InvestigateOptions): Promise<VerifyReport> {
  const settings = {
    ...RUN_LIMITS,
    args: options.args,
    ...(options.folder !== undefined && { folder: options.folder }),
    ...(options.progress && { progress: options.progress }),
  };
  const workspace = temporaryFolder("report");
  try {
    const name = basename(source.name);
    const place = async (kind: string, patches: readonly Patch[]) => {
      const path = join(workspace.folder, kind, name);
      mkdirSync(dirname(path));
      await writePatched(source, path, patches, { overwrite: false, prove: async () => {} });
      chmodSync(path, 0o755);
      return path;
    };
    // What was unpacked from an archive has a name of Sandfit's own and cannot be executed.
    const original = source.path === source.name ? source.path : await place("original", []);
    const isFixable = !isRefused(plan) && !isEmpty(plan);
    const fixed = isFixable ? await place("fixed", forward(plan.edits)) : undefined;
    const report = await verify(original, fixed, settings);
    return { ...report, original: source.name, fixed: isFixable ? `${source.name}.gvisor` : null };
  } finally {
    workspace.remove();
  }
}

async function sha256Of(source: ByteSource): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < source.size; at += CHUNK) hash.update(await source.read(at, CHUNK));
  return hash.digest("hex");
}

async function hereNow(): Promise<Here> {
  const { kind, platform, signals, probes } = await probeEnvironment();
  const words =
    kind === "gvisor" ? `gVisor, platform ${platform ?? "unknown"}` : kind === "linux" ? "plain Linux, not gVisor" : "unknown";
  const refuses = probes.filter((probe) => probe.bites === true).map(({ id, result }) => ({ id, result }));
  return { words, signals, refuses };
}
