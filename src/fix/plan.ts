/** From findings to a plan: every byte that changes, why, and how it is known to be right. A plan is data; nothing is written here. */

import type { ByteSource } from "../bytes/source.js";
import { RefusedError } from "../errors.js";
import type { Image, Machine } from "../image/image.js";
import type { FileReport } from "../report/model.js";
import type { Edit, Finding, ModeChange, Repair } from "../rules/define.js";
import type { RuleId } from "../rules/index.js";
import { assimilate } from "./assimilate.js";
import { PLAN_VERSION } from "./plan-version.js";
import { notesOf, portableRefusals, portableWarnings } from "./portable.js";

/**
 * "elf": a native program for Linux. "ape": one file for all systems, as it was; what other systems than Linux load of it
 * behaves as before.
 */
export type ResultForm = "elf" | "ape";

/** Every byte that changes, and why. Data: it can be saved, shown, applied and taken back. */
export interface Plan {
  readonly version: typeof PLAN_VERSION;
  /** What the result is. Plans of before there was a choice do not say; they are "elf". */
  readonly as: ResultForm;
  /**
   * The file that the plan was made for. Its SHA-256, hexadecimal, where a command made the plan and the file has no more than 1 GiB.
   * `start`: of one that stays an APE its first 64 bytes, over which a program may write an ELF header when a shell starts it.
   */
  readonly input: { readonly name: string; readonly size: number; readonly sha256?: string; readonly start?: string };
  /** What the edits make of it; as the input's sum. */
  readonly output?: { readonly size: number; readonly sha256: string };
  /** Which program of the file it is about. */
  readonly machine: Machine | "any";
  /** In ascending order of file offset, not overlapping. Empty where nothing needs to change. */
  readonly edits: readonly Edit[];
  /** The permission bits, where those change too. */
  readonly mode?: ModeChange;
  /** Rules whose findings the edits repair. */
  readonly repairs: readonly RuleId[];
  /** Rules whose findings the result still has. */
  readonly leaves: readonly RuleId[];
  /** What a reader should know before using the result, one sentence each. */
  readonly warnings: readonly string[];
  /** Why the result is what it is, and what else there is, one sentence each. */
  readonly notes: readonly string[];
}

/** What a user may choose about a plan. */
export interface PlanOptions {
  /** Which program of a fat APE; the default is x86-64 where there is one. */
  readonly machine?: Machine;
  /** Rules whose refusal is accepted by name: only `cosmo-dlopen` can be. */
  readonly allow?: readonly RuleId[];
  /** Repair the findings of this rule and leave the others. */
  readonly only?: RuleId;
  /** What the result is to be; "elf" unless told. */
  readonly as?: ResultForm;
}

/**
 * Plans a native ELF for Linux that runs in gVisor, of a script the same script: everything that Sandfit can repair, for every
 * release that is known.
 * Throws RefusedError with every reason where it cannot be done safely.
 */
export async function planFix(source: ByteSource, image: Image, report: FileReport, options: PlanOptions = {}): Promise<Plan> {
  const index = chooseView(report, options.machine);
  const view = report.views[index];
  const findings = view.findings.filter((finding) => options.only === undefined || finding.rule === options.only);
  const form = options.as ?? "elf";
  const refusals = refusalsOf(findings, options.allow ?? [], form);
  if (form === "ape") refusals.push(...portableRefusals(image, findings));
  const edits: Edit[] = [];
  const repairs: RuleId[] = [];
  const modes: ModeChange[] = [];
  for (const finding of findings) {
    const { rule } = finding;
    const repair = repairOf(finding, form);
    if (repair === undefined || (repair.edits.length === 0 && repair.mode === undefined)) continue;
    for (const edit of repair.edits) edits.push(edit);
    if (repair.mode !== undefined) modes.push(repair.mode);
    repairs.push(rule);
  }
  for (const finding of findings) {
    if (finding.repair === undefined && finding.effects.systrap.consequence === "fails") {
      refusals.push(`${finding.rule}: an edit of the file cannot repair this`);
    }
  }
  if (refusals.length > 0)
    throw new RefusedError(form === "ape" ? [...refusals, ...offerElf(image, findings, options)] : refusals);
  if (image.kind === "ape" && form === "elf" && (options.only ?? "ape-not-elf") === "ape-not-elf") {
    edits.push(await assimilate(source, image.elf[index]));
    repairs.push("ape-not-elf");
  }
  const sorted = withoutRepeats(edits).sort((a, b) => a.fileOffset - b.fileOffset);
  refuseOverlaps(sorted);
  return {
    version: PLAN_VERSION,
    as: form,
    input: { name: image.name, size: image.size },
    machine: view.machine,
    edits: sorted,
    ...(modes[0] !== undefined && { mode: modes[0] }),
    repairs,
    leaves: view.findings.map((finding) => finding.rule).filter((rule) => !repairs.includes(rule)),
    warnings: [...warningsOf(findings, sorted), ...portableWarnings(form, report, view, repairs)],
    notes: notesOf(form, image, view, sorted),
  };
}

/** Two rules may ask for the very same change, such as an empty segment taken out. */
function withoutRepeats(edits: readonly Edit[]): Edit[] {
  const keyOf = ({ fileOffset, before, after }: Edit): string => `${fileOffset} ${before} ${after}`;
  return [...new Map(edits.map((edit) => [keyOf(edit), edit])).values()];
}

function chooseView(report: FileReport, machine: Machine | undefined): number {
  const machines = report.views.map((view) => view.machine);
  const wanted = machine ?? (machines.includes("x86-64") ? "x86-64" : machines[0]);
  const index = machines.indexOf(wanted);
  if (index < 0) throw new RefusedError([`there is no ${wanted} program in ${report.name}, only ${machines.join(" and ")}`]);
  return index;
}

/** Whether a plan changes nothing at all. */
export function isEmpty(plan: Plan): boolean {
  return plan.edits.length === 0 && plan.mode === undefined;
}

/** What is done about a finding for a result of some form. */
function repairOf(finding: Finding, form: ResultForm): Repair | undefined {
  return form === "ape" ? finding.portable : finding.repair;
}

function refusalsOf(findings: readonly Finding[], allow: readonly RuleId[], form: ResultForm): string[] {
  const refusals = findings.flatMap((finding) =>
    (repairOf(finding, form)?.refusals ?? []).map((reason) => `${finding.rule}: ${reason}`),
  );
  const changesThreadState = findings.some((finding) => finding.rule === "tls-in-gs");
  const sharesProcess = findings.some((finding) => finding.rule === "cosmo-dlopen");
  if (changesThreadState && sharesProcess && !allow.includes("cosmo-dlopen")) {
    refusals.push(
      "cosmo-dlopen: the host's C library keeps its own thread state behind %fs, and most of it breaks when the program moves there; " +
        "--allow cosmo-dlopen converts it all the same",
    );
  }
  return refusals;
}

/** For those who asked for an APE and cannot get one. */
function offerElf(image: Image, findings: readonly Finding[], options: PlanOptions): string[] {
  const isPossible = image.kind === "ape" && refusalsOf(findings, options.allow ?? [], "elf").length === 0;
  return isPossible ? ["without --as ape, `sandfit fix` writes a native ELF for Linux of it"] : [];
}

function warningsOf(findings: readonly Finding[], edits: readonly Edit[]): string[] {
  const warnings: string[] = [];
  if (edits.length > 0 && findings.some((finding) => finding.rule === "cosmo-dlopen")) {
    warnings.push(
      "functions of the host's C library that use thread state will crash or give wrong values in the result, on plain Linux too",
    );
  }
  if (edits.some((edit) => edit.evidence === "swept")) {
    warnings.push("some edits rest on form and context only: nothing is seen to reach that code (marked `swept`)");
  }
  return warnings;
}

/** Throws RefusedError where one of the edits, which are in ascending order, reaches into the next. */
export function refuseOverlaps(edits: readonly Edit[]): void {
  for (let i = 1; i < edits.length; i++) {
    const before = edits[i - 1];
    if (before.fileOffset + before.before.length / 2 > edits[i].fileOffset) {
      throw new RefusedError([
        `two edits overlap at file offset 0x${edits[i].fileOffset.toString(16)} (${before.what}; ${edits[i].what})`,
      ]);
    }
  }
}
