/** Where a command ran, in the words and with the target that an explanation needs. */

import { probeEnvironment } from "../../environments/probe/environment.js";
import type { RunscSandbox } from "../../environments/run/sandbox.js";
import { newest, platforms, type RanReleaseId, type ReleaseId, releaseIds, type Target } from "../../gvisor/gvisor.js";
import type { Environment, ProbeResult } from "../../report/environment.js";

export interface Setting {
  /** "linux": gVisor's refusals do not apply. "unknown": they may. */
  readonly kind: "linux" | "gvisor" | "rehearsal" | "unknown";
  /** One line: what it is, and how that is known. */
  readonly words: string;
  readonly target: Target;
  /** What was tried here; nothing where the command ran elsewhere. */
  readonly probes: readonly ProbeResult[];
}

/** The environment of this process itself. */
export async function ownSetting(): Promise<Setting> {
  let environment: Environment;
  try {
    environment = await probeEnvironment();
  } catch {
    environment = { version: 1, kind: "unknown", signals: [], probes: [] };
  }
  const { kind, platform, release, probes } = environment;
  const known = { release: releaseOf(release?.notBefore), platforms: platform === undefined ? platforms : [platform] };
  if (kind === "linux") return { kind, words: "plain Linux, not gVisor", target: newest, probes };
  if (kind === "unknown") return { kind, words: "could not be told apart (plain Linux or gVisor)", target: known, probes };
  const dates = [release?.notBefore && `from ${release.notBefore} on`, release?.before && `before ${release.before}`];
  const parts = [
    "gVisor",
    platform === undefined ? "platform not told" : `platform ${platform}`,
    dates.some(Boolean) ? `source ${dates.filter(Boolean).join(", ")}` : "release not told",
  ];
  return { kind, words: parts.join(", "), target: known, probes };
}

/** A runsc that the command was put into. */
export function settingOf(sandbox: RunscSandbox): Setting {
  return {
    kind: "gvisor",
    words: `gVisor, platform ${sandbox.platform}, release ${sandbox.release} (${sandbox.runsc})`,
    target: { release: releaseOf(sandbox.release), platforms: [sandbox.platform] },
    probes: [],
  };
}

/** A rehearsal of a release. */
export function rehearsalSetting(release: RanReleaseId): Setting {
  return {
    kind: "rehearsal",
    words: `rehearsal of gVisor ${release} on plain Linux`,
    target: { release, platforms: ["ptrace"] },
    probes: [],
  };
}

/** The newest release whose behaviour is known that is no newer than a date (2024-07-29 or 20240729). */
function releaseOf(date: string | undefined): ReleaseId {
  if (date === undefined || !/^20\d\d/.test(date)) return newest.release;
  const month = `${date.slice(0, 4)}-${date.replaceAll("-", "").slice(4, 6)}`;
  return [...releaseIds].sort().findLast((id) => id <= month) ?? [...releaseIds].sort()[0];
}
