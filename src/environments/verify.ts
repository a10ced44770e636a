/** Runs one or two programs alike in every environment there is, and holds each run against the original's on the host. */

import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors.js";
import { openFile } from "../files/file-source.js";
import { temporaryFolder } from "../files/private-folder.js";
import { type Platform, ranReleaseIds } from "../gvisor/gvisor.js";
import { readImage } from "../image/detect.js";
import type { Outcome, VerifyReport } from "../report/verify-model.js";
import { probeEnvironment } from "./probe/environment.js";
import { rehearsalCommand } from "./rehearsal/rehearse.js";
import { describeEnding } from "./run/ending.js";
import { type Evidence, readEvidence, watched } from "./run/evidence.js";
import { execute } from "./run/execute.js";
import { HOST, hostRunsLinux, type Sandbox } from "./run/sandbox.js";
import { type AbsentSandbox, findSandboxes } from "./run/sandboxes.js";
import { isProgram } from "./run/search-path.js";
import { makeWorkFolder } from "./run/work-folder.js";

export interface VerifyOptions {
  readonly args: readonly string[];
  readonly stdin?: Uint8Array;
  /** Runs in every environment; one by default. */
  readonly times?: number;
  /** Each run starts in a fresh copy of this folder; in an empty one without it. */
  readonly folder?: string;
  /** In milliseconds, for one run. */
  readonly timeout: number;
  /** In bytes, for each stream. */
  readonly maxOutput: number;
  /** Address space in bytes. */
  readonly maxMemory?: number;
  readonly platforms?: readonly Platform[];
  /** Hears how many runs there will be, and of each that is done. */
  readonly progress?: { start(what: string, total: number): void; advance(count: number): void };
}

/** Characters of each stream that a report keeps. */
const MOST_PRINTED = 2000;

interface Place {
  readonly id: string;
  readonly launcher: readonly string[];
  readonly sandbox: Sandbox;
  wrap(command: readonly string[]): Promise<{ command: readonly string[]; dispose(): void }>;
}

interface Run {
  readonly ending: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: string | undefined;
}

/** Verifies. Throws InputError where a program cannot be read or nothing can be run here. */
export async function verify(original: string, fixed: string | undefined, options: VerifyOptions): Promise<VerifyReport> {
  if (!hostRunsLinux())
    throw new InputError("programs can only be run on Linux on x86-64; `sandfit check` and `fix` work here too");
  const { places, notRun, host } = await placesFor(options.platforms);
  const times = options.times ?? 1;
  const { folder: scratch, remove } = temporaryFolder("verify");
  try {
    options.progress?.start("running", places.length * times * (fixed === undefined ? 1 : 2));
    const all: { id: string; launcher: readonly string[]; original: Run[]; fixed: Run[] | undefined }[] = [];
    for (const place of places) {
      const before = await runs(original, original, place, scratch, times, options);
      const after = fixed === undefined ? undefined : await runs(fixed, original, place, scratch, times, options);
      all.push({ id: place.id, launcher: place.launcher, original: before, fixed: after });
    }
    const reference = host ? all[0].original : undefined;
    const rows = all.map((one) => ({
      id: one.id,
      launcher: one.launcher,
      original: outcome(one.original, reference),
      fixed: one.fixed && outcome(one.fixed, reference),
    }));
    const remarks = remarksOn(
      reference,
      all.flatMap((one) => [...one.original, ...(one.fixed ?? [])]),
    );
    remarks.push(...remarksOnArguments(options));
    const judged = rows.map((row) => row.fixed ?? row.original);
    const isSound = reference?.every((run) => /^exit \d+$/.test(run.ending));
    const passed = reference === undefined ? null : isSound === true && judged.every((one) => one.sameAsHost === true);
    return { version: 1, original, fixed: fixed ?? null, args: options.args, times, rows, notRun, passed, remarks };
  } finally {
    remove();
  }
}

/** The host first. Inside gVisor there is none, only the sandbox that this process is in. */
async function placesFor(
  platforms: readonly Platform[] | undefined,
): Promise<{ places: Place[]; notRun: AbsentSandbox[]; host: boolean }> {
  const plain = async (command: readonly string[]) => ({ command, dispose: () => {} });
  const here = await probeEnvironment();
  if (here.kind === "gvisor") {
    const id = `here (gVisor${here.platform === undefined ? "" : `, ${here.platform}`})`;
    const reason = "this process is itself in gVisor";
    const notRun = [
      { id: "host", reason },
      { id: "rehearsal", reason },
      { id: "runsc", reason },
    ];
    return { places: [{ id, launcher: [], sandbox: HOST, wrap: plain }], notRun, host: false };
  }
  const places: Place[] = [{ id: "host", launcher: [], sandbox: HOST, wrap: plain }];
  const notRun: AbsentSandbox[] = [];
  for (const release of ranReleaseIds) {
    const id = `rehearsal-${release}`;
    try {
      (await rehearsalCommand(["/bin/true"], release)).dispose();
      const launcher = ["sandfit", "rehearse", "--release", release, "--"];
      places.push({ id, launcher, sandbox: HOST, wrap: (command) => rehearsalCommand(command, release) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      notRun.push({ id, reason: error.message });
    }
  }
  const { present, absent } = await findSandboxes(platforms ? { platforms } : {});
  for (const sandbox of present) {
    if (sandbox.kind !== "runsc") continue;
    const launcher = [sandbox.runsc, `--platform=${sandbox.platform}`, "--network=none", ...sandbox.flags, "do"];
    places.push({ id: sandbox.id, launcher, sandbox, wrap: plain });
  }
  notRun.push(...absent);
  if (!platforms?.includes("kvm")) notRun.push({ id: "kvm", reason: "used only where it is asked for by name (--platform kvm)" });
  return { places, notRun, host: true };
}

/** Runs under the original's name and at the same path, so that what a program says of itself is alike. */
async function runs(program: string, original: string, place: Place, scratch: string, times: number, options: VerifyOptions) {
  const isApe = await isApeFile(program);
  const path = join(scratch, "bin", basename(original));
  const done: Run[] = [];
  for (let i = 0; i < times; i++) {
    rmSync(dirname(path), { recursive: true, force: true });
    mkdirSync(dirname(path));
    // APEs may write to themselves when a shell starts them; others find their libraries by where they really are. A download may not
    // be executable yet, which is not what is asked about.
    if (isApe || !isProgram(program)) {
      copyFileSync(program, path);
      chmodSync(path, 0o755);
    } else symlinkSync(realpathSync(program), path);
    const folder = join(scratch, "work");
    makeWorkFolder(folder, options.folder);
    const wrapped = await place.wrap([...(isApe ? ["/bin/sh"] : []), path, ...options.args]);
    const watch = watched(wrapped.command, options.maxMemory);
    try {
      const execution = await execute(watch.command, {
        sandbox: place.sandbox,
        cwd: folder,
        timeout: options.timeout,
        maxOutput: options.maxOutput + watch.room,
        ...(options.stdin && { stdin: options.stdin }),
      });
      const evidence = readEvidence(execution.stderrBytes, watch);
      const own = (text: string) => text.replaceAll(realpathSync(program), path);
      const tooMuch = Math.max(execution.stdoutBytes.length, evidence.stderr.length) > options.maxOutput;
      done.push({
        ending: tooMuch ? "too much output" : endingOf(execution, evidence),
        stdout: own(Buffer.from(execution.stdoutBytes).toString("latin1")),
        stderr: own(evidence.stderr),
        files: evidence.files,
      });
    } finally {
      wrapped.dispose();
      options.progress?.advance(1);
    }
  }
  return done;
}

function endingOf(execution: Awaited<ReturnType<typeof execute>>, { signal }: Evidence): string {
  if (execution.timedOut || execution.outputExceeded || execution.startError !== undefined) return describeEnding(execution);
  return signal ?? describeEnding(execution);
}

function outcome(done: readonly Run[], reference: readonly Run[] | undefined): Outcome {
  const endings = done.map((run) => run.ending);
  const printed = { stdout: done[0].stdout.slice(0, MOST_PRINTED), stderr: done[0].stderr.slice(0, MOST_PRINTED) };
  if (reference === undefined) return { endings, sameAsHost: undefined, differences: [], printed };
  const differences = new Set<string>();
  for (const run of done) {
    for (const [name, key] of [
      ["exit", "ending"],
      ["stdout", "stdout"],
      ["stderr", "stderr"],
      ["files", "files"],
    ] as const) {
      // Files can only be compared where both runs came to their end.
      if (key === "files" && (run.files === undefined || reference[0].files === undefined)) continue;
      if (!reference.some((one) => one[key] === run[key])) differences.add(name);
    }
  }
  return { endings, sameAsHost: differences.size === 0, differences: [...differences], printed };
}

function remarksOn(reference: readonly Run[] | undefined, all: readonly Run[]): string[] {
  const remarks: string[] = [];
  if (reference === undefined) {
    const crashed = all.some((run) => !/^exit \d+$/.test(run.ending));
    remarks.push(
      `there is no plain Linux in here to compare with: whether the output is right is not shown${crashed ? "; a run did not come to its own end" : ""}`,
    );
    return remarks;
  }
  const bad = reference.find((run) => !/^exit \d+$/.test(run.ending));
  if (bad !== undefined)
    remarks.push(
      `the original does not come to its own end on the host (${bad.ending}), so there is nothing to hold others against`,
    );
  else if (reference[0].ending !== "exit 0")
    remarks.push(
      `the original itself ends with ${reference[0].ending} on the host; arguments with which it does its job prove more`,
    );
  if (reference.some((run) => run.stdout !== reference[0].stdout || run.ending !== reference[0].ending))
    remarks.push("the original does not do the same each time on the host: any of its runs there is accepted");
  if (all.some((run) => run.files === undefined))
    remarks.push("files were not compared where a run was ended or the tools for it are missing");
  return remarks;
}

/** An argument that names a file from here means nothing in an empty folder. */
function remarksOnArguments({ args, folder }: VerifyOptions): string[] {
  if (folder !== undefined) return [];
  const lost = args.filter((argument) => !argument.startsWith("/") && existsSync(argument));
  if (lost.length === 0) return [];
  return [
    `the programs start in an empty folder, so that ${lost.join(", ")} is not there for them; give absolute paths, or --folder`,
  ];
}

async function isApeFile(path: string): Promise<boolean> {
  const source = openFile(path);
  try {
    return (await readImage(source)).kind === "ape";
  } finally {
    source.close();
  }
}
