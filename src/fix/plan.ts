/** From findings to a plan: every byte that changes, why, and how it is known to be right. A plan is data; nothing is written here. */

import type { ByteSource } from "../bytes/source.js";
import type { FileReport } from "../check/model.js";
import { undecidedWords } from "../code/doubts.js";
import { RefusedError } from "../errors.js";
import type { Image, Machine } from "../image/image.js";
import type { Edit, Finding, ModeChange, Repair } from "../rules/define.js";
import type { RuleId } from "../rules/ids.js";
import { assimilate } from "./assimilate.js";
import type { ResultForm } from "./form.js";
import { PLAN_VERSION } from "./plan-version.js";
import { notesOf, portableRefusals, portableWarnings } from "./portable.js";

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

/** What a repair can be wanted in spite of: the host's C library in the process, and a runtime that is not one of those known. */
export type Allowance = "cosmo-dlopen" | "unknown-runtime";

/** What a user may choose about a plan. */
export interface PlanOptions {
  /** Which program of a fat APE; the default is x86-64 where there is one. */
  readonly machine?: Machine;
  /**
   * What is accepted by name although it speaks against a repair. With "cosmo-dlopen" the program keeps cosmo_dlopen (`--keep-dlopen`),
   * which is right where it loads no library of the host, or only simple ones.
   */
  readonly allow?: readonly Allowance[];
  /** Repair the findings of this rule and leave the others. */
  readonly only?: RuleId;
  /** What the result is to be; "elf" by default. */
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
  const findings = view.findings.filter((finding) => options.only === undefined || isPartOf(finding, options.only));
  const form = options.as ?? "elf";
  const allow = options.allow ?? [];
  const refusals = refusalsOf(findings, allow, form);
  if (form === "ape") refusals.push(...portableRefusals(image, findings));
  // What is not found might have to be changed as well, or forbid the change.
  if (view.undecided.length > 0) refusals.push(undecidedWords(view.undecided));
  const edits: Edit[] = [];
  const repairs: RuleId[] = [];
  const modes: ModeChange[] = [];
  for (const finding of findings) {
    const { rule } = finding;
    const repair = repairOf(finding, form, allow);
    if (repair === undefined || (repair.edits.length === 0 && repair.mode === undefined)) continue;
    for (const edit of repair.edits) edits.push(edit);
    if (repair.mode !== undefined) modes.push(repair.mode);
    // What is kept is not repaired, though a constructor of v3.2.2 to v3.2.4 may have to be changed all the same.
    if (!isKept(finding, allow)) repairs.push(rule);
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
    warnings: [...warningsOf(findings, sorted, repairs), ...portableWarnings(form, report, view, repairs)],
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

/** Whether a finding is repaired when only a rule's findings are to be: moving thread state without cosmo_dlopen would break programs. */
function isPartOf(finding: Finding, only: RuleId): boolean {
  return finding.rule === only || (only === "tls-in-gs" && finding.rule === "cosmo-dlopen");
}

/** Whether the program is to keep cosmo_dlopen. */
function isKept({ rule }: Finding, allow: readonly Allowance[]): boolean {
  return rule === "cosmo-dlopen" && allow.includes(rule);
}

/** What is done about a finding for a result of some form. */
function repairOf(finding: Finding, form: ResultForm, allow: readonly Allowance[]): Repair | undefined {
  if (isKept(finding, allow)) return finding.keeping;
  return form === "ape" ? finding.portable : finding.repair;
}

function refusalsOf(findings: readonly Finding[], allow: readonly Allowance[], form: ResultForm): string[] {
  const refusals = findings.flatMap((finding) =>
    (repairOf(finding, form, allow)?.refusals ?? []).map((reason) => `${finding.rule}: ${reason}`),
  );
  const isHopeless = refusals.length > 0;
  for (const finding of allow.includes("unknown-runtime") ? [] : findings) {
    const { unproven = [] } = repairOf(finding, form, allow) ?? { unproven: [] };
    for (const [index, doubt] of unproven.entries()) {
      const isLast = index === unproven.length - 1;
      const offer = isLast && !isHopeless ? "; --allow unknown-runtime converts it all the same" : "";
      refusals.push(`${finding.rule}: it is not proven to be built with Cosmopolitan v3.3 to v4.0.2: ${doubt}${offer}`);
    }
  }
  return refusals;
}

/** For those who asked for an APE and cannot get one. */
function offerElf(image: Image, findings: readonly Finding[], options: PlanOptions): string[] {
  const isPossible = image.kind === "ape" && refusalsOf(findings, options.allow ?? [], "elf").length === 0;
  return isPossible ? ["without --as ape, `sandfit fix` writes a native ELF for Linux of it"] : [];
}

/** Rules whose repair takes headers out or gives them another order. */
const SEEN_IN_HEADERS: readonly RuleId[] = ["load-order", "interp-duplicate", "phdr-count", "phdr-not-in-first-load"];

function warningsOf(findings: readonly Finding[], edits: readonly Edit[], repairs: readonly RuleId[]): string[] {
  const warnings: string[] = [];
  if (
    edits.some(({ rule }) => findings.some((finding) => finding.rule === rule && (finding.repair?.unproven?.length ?? 0) > 0))
  ) {
    warnings.push(
      "the program's runtime is not known, so nothing proves that it does not read its own code, or make code that uses %gs: " +
        "compare what both do with `sandfit verify`",
    );
  }
  if (repairs.includes("cosmo-dlopen")) {
    warnings.push(
      'cosmo_dlopen answers "dlopen() isn\'t supported on this platform" in the result, as on a machine without a C compiler: no GPU, sound or ' +
        "plugins (--keep-dlopen leaves it as it is)",
    );
  } else if (edits.length > 0 && findings.some((finding) => finding.rule === "cosmo-dlopen")) {
    warnings.push(
      "functions of the host's C library that use thread state will crash or give wrong values in the result, on plain Linux too",
    );
  }
  if (edits.some(({ rule }) => rule === "exec-stack")) {
    warnings.push(
      "the program can see that it starts elsewhere: AT_ENTRY in the auxiliary vector is the address of the code in front of its entry " +
        "point, and bytes of padding are no longer zero",
    );
  }
  if (edits.some(({ rule, evidence }) => SEEN_IN_HEADERS.includes(rule) && evidence === "header")) {
    warnings.push("a program that walks its own program headers (AT_PHDR, dl_iterate_phdr) meets others, or in another order");
  }
  const unreached = edits.filter((edit) => edit.evidence === "swept").length;
  if (unreached > 0) {
    warnings.push(
      `${unreached} of the ${edits.length} edits ${unreached === 1 ? "is" : "are"} in code that nothing is seen to call, and known by the ` +
        "bytes around it alone; try what you need of the result, or let `fix --verify` run it",
    );
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
