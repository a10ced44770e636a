/** Finds out which sandboxes there are on this machine and which of them really start a program. */

import { closeSync, existsSync, openSync, readdirSync, realpathSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { readFully } from "../../files/read-fully.js";
import type { Platform } from "../../gvisor/gvisor.js";
import { execute } from "./execute.js";
import { HOST, hostRunsLinux, type RunscSandbox, type Sandbox } from "./sandbox.js";
import { allInPath, isProgram } from "./search-path.js";

/** Where scripts/install-gvisor.sh puts releases, one folder each. */
const INSTALLED = "/opt/gvisor";

/** A sandbox that could be expected and is not there. */
export interface AbsentSandbox {
  readonly id: string;
  /** One sentence. */
  readonly reason: string;
}

export interface Sandboxes {
  readonly present: readonly Sandbox[];
  readonly absent: readonly AbsentSandbox[];
}

export interface FindOptions {
  /** Platforms to try; systrap and ptrace by default (kvm is never tried by itself). */
  readonly platforms?: readonly Platform[];
  /** runsc executables to use instead of those that are found. */
  readonly runsc?: readonly string[];
}

const cache = new Map<string, Promise<Sandboxes>>();

/** The host, and every runsc found times every platform that starts `/bin/true`. Tried once a process and set of options. */
export function findSandboxes(options: FindOptions = {}): Promise<Sandboxes> {
  const key = JSON.stringify(options);
  const known = cache.get(key);
  if (known) return known;
  const found = find(options);
  cache.set(key, found);
  return found;
}

async function find(options: FindOptions): Promise<Sandboxes> {
  const present: Sandbox[] = [];
  const absent: AbsentSandbox[] = [];
  if (!hostRunsLinux()) {
    absent.push({ id: "host", reason: "this machine does not run x86-64 Linux programs" });
    return { present, absent };
  }
  present.push(HOST);
  const paths = options.runsc ?? runscPaths();
  if (paths.length === 0) absent.push({ id: "runsc", reason: `no runsc in ${INSTALLED}, $SANDFIT_RUNSC or PATH` });
  for (const runsc of paths) {
    const release = await releaseOf(runsc);
    if (release === undefined) {
      absent.push({ id: basename(dirname(runsc)), reason: `${runsc} does not tell its version` });
      continue;
    }
    for (const platform of options.platforms ?? (["systrap", "ptrace"] as const)) {
      const id = `${release}-${platform}`;
      const result = await tryOut({ kind: "runsc", id, runsc, release, platform, flags: [] });
      if (typeof result === "string") absent.push({ id, reason: result });
      else if (!present.some((other) => other.id === id)) present.push(result);
    }
  }
  return { present, absent };
}

/** Every runsc: installed ones, then those named in $SANDFIT_RUNSC, then the one in PATH; each file once. */
export function runscPaths(): string[] {
  const installed = existsSync(INSTALLED)
    ? readdirSync(INSTALLED)
        .sort()
        .map((name) => join(INSTALLED, name, "runsc"))
    : [];
  const named = (process.env.SANDFIT_RUNSC ?? "").split(delimiter).filter(Boolean);
  const files = [
    ...[...installed, ...named.map((path) => (isProgram(path) ? path : join(path, "runsc")))].filter(isProgram),
    ...allInPath("runsc"),
  ];
  const seen = new Set<string>();
  return files.filter((path) => {
    const real = realpathSync(path);
    return !seen.has(real) && seen.add(real);
  });
}

/** Tries with as few flags as will do. An ordinary user needs --rootless; a machine without writable cgroups --ignore-cgroups. */
async function tryOut(sandbox: RunscSandbox): Promise<RunscSandbox | string> {
  const own = userInfo().uid === 0 ? [] : ["--rootless"];
  let reason = "";
  for (const flags of [own, [...own, "--ignore-cgroups"]]) {
    const candidate = { ...sandbox, flags };
    const run = await execute(["/bin/true"], { sandbox: candidate, timeout: 20_000, cwd: "/" });
    if (run.exitCode === 0) return candidate;
    reason = run.timedOut
      ? "/bin/true did not end within 20 seconds"
      : (run.startError ?? `/bin/true ended with ${run.signal ?? run.exitCode}`);
    if (reason.includes("unknown platform")) return `this release has no platform ${sandbox.platform}`;
  }
  return reason;
}

/** Eight digits from `runsc --version` ("0.0~20240729.0", "release-20240729.0"), else from the build that is noted in the file. */
async function releaseOf(runsc: string): Promise<string | undefined> {
  const run = await execute([runsc, "--version"], { timeout: 20_000 });
  if (run.exitCode !== 0) return undefined;
  return /\b(20\d{6})\b/.exec(run.stdout)?.[1] ?? builtFrom(runsc) ?? "unknown";
}

/**
 * The date in the module version that Go notes in every executable ("gvisor.dev/gvisor<tab>v0.0.0-20260905035102-..."): a runsc made
 * by `go install` calls its version VERSION_MISSING.
 */
function builtFrom(runsc: string): string | undefined {
  const size = 1 << 20;
  const overlap = 128;
  const buffer = Buffer.alloc(size + overlap);
  const file = openSync(runsc, "r");
  try {
    for (let at = 0; ; at += size) {
      const read = readFully(file, buffer, at);
      const found = /gvisor\.dev\/gvisor\tv0\.0\.0-(20\d{6})/.exec(buffer.toString("latin1", 0, read))?.[1];
      if (found !== undefined || read < buffer.length) return found;
    }
  } finally {
    closeSync(file);
  }
}
