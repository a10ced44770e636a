/** The main path: bytes → image → code → findings → report. */

import type { ByteSource } from "../bytes/source.js";
import type { Doubt } from "../code/doubts.js";
import { InputError, NoProgramError } from "../errors.js";
import { type Behaviour, effectsOf } from "../gvisor/behaviour.js";
import { newest, type Platform, type Target } from "../gvisor/gvisor.js";
import { readImage } from "../image/detect.js";
import { ET_CORE, ET_REL } from "../image/elf-header.js";
import { missingPages } from "../image/elf-segments.js";
import type { ElfView, Image } from "../image/image.js";
import type { Change, FileSubject, Finding, Found, Repair, Subject } from "../rules/define.js";
import type { RuleId } from "../rules/ids.js";
import { rules } from "../rules/index.js";
import { refusalsByPlace } from "../rules/shared/data-in-code.js";
import { prepareSubject } from "../rules/subject.js";
import type { Surroundings } from "../rules/surroundings.js";
import type { FileReport, Verdict, ViewReport } from "./model.js";
import { verdictOf } from "./model.js";

/**
 * Says whether the program or script in `source` will run in gVisor, and why not. `surroundings`: what is known of the file besides
 * its bytes; without it, rules that need it stay silent.
 * Throws InputError where it cannot be read, or is no program for Linux at all. Never executes or changes anything.
 */
export async function check(source: ByteSource, target: Target = newest, surroundings: Surroundings = {}): Promise<FileReport> {
  refuseOthers(source);
  return checkImage(source, await readImage(source), target, surroundings);
}

/** Throws TypeError for a path or for bytes: JavaScript's callers have no compiler that tells them. */
function refuseOthers(source: unknown): void {
  if (typeof source === "object" && source !== null && "read" in source && "size" in source) return;
  const what = typeof source === "string" ? "a string" : source instanceof Uint8Array ? "bytes" : String(source);
  throw new TypeError(
    `check(source): source has to be a ByteSource, such as memorySource(bytes, name) or blobSource(file), but it is ${what}`,
  );
}

/** As `check`, for an image that was read already. */
export async function checkImage(
  source: ByteSource,
  image: Image,
  target: Target = newest,
  surroundings: Surroundings = {},
): Promise<FileReport> {
  const file: FileSubject = { source, image, target, surroundings };
  if (image.elf.length === 0 && image.kind !== "script") {
    const reason = image.kind === "ape" && image.notes.length > 0 ? `; ${image.notes[0]}` : "";
    throw new NoProgramError(`${image.name} is no Linux program: ${image.description}${reason}`);
  }
  if (image.elf.length > 0 && image.elf.every((view) => view.type === ET_REL || view.type === ET_CORE)) {
    throw new NoProgramError(`${image.name} is no program: ${image.description}`);
  }
  for (const view of image.elf) {
    const missing = missingPages(view.programHeaders, image.size);
    if (missing !== undefined) throw new InputError(`${image.name} is cut off: ${missing}`);
  }
  const views: ViewReport[] = [];
  for (const view of image.elf) views.push(await checkView(file, view));
  if (image.kind === "script") views.push(await checkScript(file));
  const notes = [...image.notes, ...image.elf.flatMap((view) => view.notes)];
  return { name: image.name, size: image.size, kind: image.kind, description: image.description, views, notes };
}

async function checkView(file: FileSubject, view: ElfView): Promise<ViewReport> {
  const subject = await prepareSubject(file, view);
  const findings: Finding[] = [];
  for (const rule of rules) {
    const found = await ("find" in rule ? rule.find(subject) : rule.findInFile(subject));
    if (found !== undefined)
      findings.push(findingOf(rule, await withoutData(rule.id, found, subject), view.machine, file.target));
  }
  const runtime = await subject.runtime();
  const undecided = await subject.undecided();
  return {
    machine: view.machine,
    type: typeOf(view),
    runtime,
    hasSymbols: await subject.hasSymbols(),
    findings,
    undecided,
    verdicts: verdictsOf(findings, file.target, undecided),
  };
}

/** What a rule finds, with a refusal where an edit would change what is no code by all that is known. */
async function withoutData(rule: RuleId, found: Found, subject: Subject): Promise<Found> {
  const edits = (found.repair?.edits ?? []).filter(({ evidence }) => evidence !== "header" && evidence !== "text");
  if (found.repair === undefined || edits.length === 0 || subject.view.machine !== "x86-64") return found;
  const refusals = refusalsByPlace(await subject.code(), edits, rule === "tls-in-gs" || rule === "rewrites-itself");
  const more = (repair: Repair<Change>) => ({ ...repair, refusals: [...repair.refusals, ...refusals] });
  return { ...found, repair: more(found.repair), ...(found.portable && { portable: more(found.portable) }) };
}

/** A script is judged by what execve makes of its first line and its mode; what its interpreter does is the interpreter's. */
async function checkScript(file: FileSubject): Promise<ViewReport> {
  const findings: Finding[] = [];
  for (const rule of rules) {
    const found = "findInFile" in rule ? await rule.findInFile(file) : undefined;
    if (found !== undefined) findings.push(findingOf(rule, found, "any", file.target));
  }
  const runtime = { name: "unknown", era: undefined, evidence: [] } as const;
  const verdicts = verdictsOf(findings, file.target, []);
  return { machine: "any", type: "script", runtime, hasSymbols: false, findings, undecided: [], verdicts };
}

function findingOf(rule: (typeof rules)[number], found: Found, machine: Finding["machine"], target: Target): Finding {
  const behaviour = found.behaviour ?? rule.behaviour;
  // gVisor for arm64 could not be run.
  const known: Behaviour = machine === "aarch64" ? { ...behaviour, basis: "source" } : behaviour;
  const withRule = (repair: Repair<Change>) => ({
    ...repair,
    edits: repair.edits.map((change) => ({ ...change, rule: rule.id })),
  });
  return {
    rule: rule.id,
    machine,
    effects: effectsOf(rule.id, known, target.release),
    sites: found.sites,
    leftAlone: found.leftAlone ?? [],
    facts: found.facts ?? {},
    repair: found.repair && withRule(found.repair),
    ...(found.portable && { portable: withRule(found.portable) }),
    ...(found.keeping && { keeping: withRule(found.keeping) }),
  };
}

function verdictsOf(
  findings: readonly Finding[],
  target: Target,
  undecided: readonly Doubt[],
): Partial<Record<Platform, Verdict>> {
  const verdicts: Partial<Record<Platform, Verdict>> = {};
  for (const platform of target.platforms) verdicts[platform] = verdictOf(findings, platform, undecided);
  return verdicts;
}

function typeOf(view: ElfView): string {
  if (view.soname !== undefined || (view.entry === 0 && view.type === 3)) return "shared library";
  const linkage = view.isStatic ? "static" : "dynamic";
  const packed = view.isPacked ? " packed by UPX (what is inside is not seen)" : "";
  return `${linkage} ${view.isPositionIndependent ? "PIE" : "executable"}${packed}`;
}
