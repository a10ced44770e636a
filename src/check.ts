/** The main path: bytes → image → code → findings → report. */

import type { ByteSource } from "./bytes/source.js";
import { InputError } from "./errors.js";
import { readImage } from "./image/detect.js";
import { ET_CORE, ET_REL } from "./image/elf-header.js";
import type { ElfView, Image } from "./image/image.js";
import type { FileReport, Verdict, ViewReport } from "./report/model.js";
import { verdictOf } from "./report/model.js";
import type { Finding } from "./rules/define.js";
import { rules } from "./rules/index.js";
import { prepareSubject } from "./rules/subject.js";
import { newest, type Platform, type Target } from "./sandbox/gvisor.js";

/**
 * Says whether the program in `source` will run in gVisor, and why not.
 * Throws InputError where it cannot be read, or is no program for Linux at all. Never executes or changes anything.
 */
export async function check(source: ByteSource, target: Target = newest): Promise<FileReport> {
  const image = await readImage(source);
  return checkImage(source, image, target);
}

/** As `check`, for an image that was read already. */
export async function checkImage(source: ByteSource, image: Image, target: Target = newest): Promise<FileReport> {
  if (image.elf.length === 0) throw new InputError(`${image.name} is no Linux program: ${image.description}`);
  if (image.elf.every((view) => view.type === ET_REL || view.type === ET_CORE)) {
    throw new InputError(`${image.name} is no program: ${image.description}`);
  }
  const views: ViewReport[] = [];
  for (const view of image.elf) views.push(await checkView(source, image, view, target));
  const notes = [...image.notes, ...image.elf.flatMap((view) => view.notes)];
  return { name: image.name, size: image.size, kind: image.kind, description: image.description, views, notes };
}

async function checkView(source: ByteSource, image: Image, view: ElfView, target: Target): Promise<ViewReport> {
  const subject = await prepareSubject(source, image, view, target);
  const findings: Finding[] = [];
  for (const rule of rules) {
    const finding = await rule.find(subject);
    if (finding !== undefined) findings.push(finding);
  }
  const verdicts: Partial<Record<Platform, Verdict>> = {};
  for (const platform of target.platforms) verdicts[platform] = verdictOf(findings, platform);
  return {
    machine: view.machine,
    type: typeOf(view),
    runtime: await subject.runtime(),
    hasSymbols: await subject.hasSymbols(),
    findings,
    verdicts,
  };
}

function typeOf(view: ElfView): string {
  if (view.soname !== undefined || (view.entry === 0 && view.type === 3)) return "shared library";
  const linkage = view.isStatic ? "static" : "dynamic";
  return view.isPositionIndependent ? `${linkage} PIE` : `${linkage} executable`;
}
