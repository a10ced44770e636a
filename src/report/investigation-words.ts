/** What an investigation says beside the findings: what is not the cause, and what else could be done at which cost. */

import { isRepairable, outcomeOf } from "../check/model.js";
import type { Finding } from "../rules/define.js";
import type { RuleId } from "../rules/ids.js";
import type { InvestigatedProgram } from "./investigation.js";

/** What people take for the cause, and what runs have shown instead. */
const notTheCause: Partial<Record<RuleId, readonly string[]>> = {
  "tls-in-gs": [
    "Assimilation: it only writes a 64-byte ELF header over the start of an APE. An assimilated program of the %fs era runs in gVisor; one of the %gs era crashes there in either form.",
    "The APE format, the zip archive at the end or the shell script at the start: none of them is there any more when the crash happens.",
    "A missing system call: `arch_prctl` is there, only its codes ARCH_SET_GS and ARCH_GET_GS are refused.",
  ],
  "stack-growsdown": ["Too small a stack limit: the mapping is accepted and never grows, whatever the limit is."],
  "gs-beside-fs": ["Writing to executable memory (W^X, JIT): gVisor allows that."],
};

/** Sentences for the section "What is not the cause". */
export function notCausesOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap((finding) => notTheCause[finding.rule] ?? []))];
}

export interface Alternative {
  readonly what: string;
  readonly cost: string;
  /** What a run here showed, or that there was none. */
  readonly tried: string;
}

const NOT_TRIED = "not run here";

/** What could be done, the best first. */
export function alternativesOf(program: InvestigatedProgram): Alternative[] {
  const { report, repair, runs, systemPackage } = program;
  const findings = report.views.flatMap((view) => view.findings);
  const all: Alternative[] = [];
  if (repair.kind === "possible") {
    const isApe = report.kind === "ape";
    all.push({
      what: "the fixed binary (`sandfit fix`)",
      cost:
        `${repair.edits} edits, ${repair.bytes} bytes, same length; the same instructions, so nothing at run time` +
        (isApe ? "; a native ELF for Linux, other systems need the original" : ""),
      tried: runs === null ? NOT_TRIED : triedFixed(program),
    });
  }
  if (systemPackage !== null) {
    all.push({
      what: `the distribution's package ${systemPackage.name} (\`${systemPackage.install}\`)`,
      cost: "another build and version, needs installing; without what the shipped program has beyond it",
      tried: systemPackage.tried ?? (systemPackage.installed ? `installed; ${NOT_TRIED}` : `not installed; ${NOT_TRIED}`),
    });
  } else if (outcomeOf(report) !== "runs") {
    all.push({
      what: "the distribution's package, where it has one (`sandfit tools NAME` asks and tries it)",
      cost: "another build and version, needs installing; without what the shipped program has beyond it",
      tried: runs === null ? NOT_TRIED : "no package of that name is known here",
    });
  }
  const isGsEra = report.views.some((view) => view.runtime.name === "cosmopolitan" && view.runtime.era === "gs");
  if (isGsEra) {
    all.push({
      what: "an APE built with a %fs Cosmopolitan: v3.2.4 or older, or the source after November 2025; it need not be assimilated",
      cost: "a rebuild with a toolchain that no release has now; started through a shell; thread stacks that grow still fail there with the newest source",
      tried: `${NOT_TRIED}: it needs the program's source`,
    });
    all.push({
      what: "a standard build (gcc with glibc or musl)",
      cost: "a rebuild for each system and architecture; not one portable file",
      tried: `${NOT_TRIED}: it needs the program's source`,
    });
  }
  const healthy = healthyPlatforms(findings);
  if (healthy.length > 0) {
    all.push({
      what: `another gVisor platform: ${healthy.join(", ")}`,
      cost: "a setting of whoever runs the sandbox; ptrace makes system calls slower",
      tried: runs === null ? NOT_TRIED : (rowWords(program, healthy) ?? NOT_TRIED),
    });
  }
  return all;
}

function healthyPlatforms(findings: readonly Finding[]): string[] {
  if (findings.every((finding) => isRepairable(finding))) return [];
  return (["systrap", "ptrace"] as const).filter((platform) =>
    findings.every((finding) => finding.effects[platform].consequence === "runs"),
  );
}

function rowWords({ runs }: InvestigatedProgram, platforms: readonly string[]): string | undefined {
  const rows = runs?.rows.filter((row) => platforms.some((platform) => row.id.endsWith(platform))) ?? [];
  return rows.length === 0 ? undefined : rows.map((row) => `${row.id}: ${row.original.endings.join(", ")}`).join("; ");
}

function triedFixed({ runs }: InvestigatedProgram): string {
  const rows = runs?.rows.filter((row) => row.fixed !== undefined) ?? [];
  if (rows.length === 0) return NOT_TRIED;
  if (runs?.passed === true) return `passed: in all ${rows.length} environments as the original on the host`;
  const failed = rows.filter((row) => row.fixed?.sameAsHost === false).map((row) => row.id);
  return failed.length > 0
    ? `not passed: differs in ${failed.join(", ")}`
    : `run in ${rows.map((row) => row.id).join(", ")} only`;
}

/** What to do now, and what to ask for later. */
export function recommendationsOf(program: InvestigatedProgram): { now: string[]; later: string[] } {
  const { report, repair, systemPackage } = program;
  const now: string[] = [];
  const later: string[] = [];
  if (repair.kind === "possible") {
    now.push(
      "Run `sandfit fix` on it, or `sandfit pack` on the archive that it comes in, and ship the result beside the original.",
    );
    if (report.kind === "ape") now.push("Keep the original for systems other than Linux.");
  }
  if (repair.kind === "refused" || repair.kind === "none") {
    for (const finding of new Set(report.views.flatMap((view) => view.findings.map((one) => one.rule)))) {
      now.push(`See \`sandfit rules ${finding}\` for what helps against ${finding}.`);
    }
  }
  if (systemPackage !== null) now.push(`Where it serves, use the distribution's ${systemPackage.name}.`);
  if (report.views.some((view) => view.runtime.era === "gs")) {
    later.push("Ask for a build with a Cosmopolitan release that keeps thread state in %fs on Linux, once there is one.");
    later.push("Until then check in CI: `sandfit check` on what is built, `sandfit rehearse` where there is no gVisor.");
  } else if (report.views.some((view) => view.findings.length > 0)) {
    later.push("Check what you ship in CI: `sandfit check`, and `sandfit rehearse` where there is no gVisor.");
  }
  return { now, later };
}
