/** What `check` says of a program, and what stands at an address in it. */

import { checkImage } from "../../check/check.js";
import { type FileReport, type Outcome, worst } from "../../check/model.js";
import { InputError } from "../../errors.js";
import { openFile } from "../../files/file-source.js";
import type { Target } from "../../gvisor/gvisor.js";
import { readImage } from "../../image/detect.js";
import type { ElfView } from "../../image/image.js";
import { surroundingsOf } from "../../input/surroundings.js";
import type { Site } from "../../rules/define.js";
import { siteAt } from "../../rules/shared/sites.js";
import { prepareSubject } from "../../rules/subject.js";

export interface Known {
  /** The file, as it was named. */
  readonly path: string;
  readonly report: FileReport;
  /** What is expected on the target's platforms. */
  readonly outcome: Outcome;
  /** The same after `sandfit fix`. */
  readonly afterFix: Outcome;
  readonly isApe: boolean;
}

/** Checks a file; undefined where it cannot be read or is no program for Linux. */
export async function lookAt(path: string, target: Target): Promise<Known | undefined> {
  try {
    const source = openFile(path);
    try {
      const image = await readImage(source);
      const report = await checkImage(source, image, target, surroundingsOf(path));
      // Of a fat file, the part that runs here.
      const views = report.views.filter(({ machine }) => machine === "x86-64" || machine === "i386" || machine === "any");
      const verdicts = views.flatMap((view) => Object.values(view.verdicts));
      return {
        path,
        report: { ...report, views },
        outcome: worst(verdicts.map((verdict) => verdict.outcome)),
        afterFix: worst(verdicts.map((verdict) => verdict.afterFix)),
        isApe: image.ape !== undefined && image.kind === "ape",
      };
    } finally {
      source.close();
    }
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The interpreter (dynamic linker) that an ELF file names. */
export async function interpreterOf(path: string): Promise<string | undefined> {
  try {
    const source = openFile(path);
    try {
      return (await readImage(source)).elf[0]?.interpreter;
    } finally {
      source.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * The instruction at an address of a running process, where the program has a fixed address; of one that is loaded anywhere only the
 * place within the page is known, which is enough where exactly one of the sites of the findings lies there.
 */
export async function placeOf(known: Known, address: number, target: Target): Promise<Site | undefined> {
  const source = openFile(known.path);
  try {
    const image = await readImage(source);
    const view = image.elf.find((one) => one.machine === "x86-64" && one.class === 64);
    if (view === undefined) return undefined;
    if (view.isPositionIndependent) return siteInPage(known, address);
    if (!covers(view, address)) return undefined;
    const { code } = await (await prepareSubject({ source, image, target, surroundings: {} }, view)).code();
    const position = code.space.positionOf(address);
    return position < 0 ? undefined : siteAt(code, position, "crashed here");
  } finally {
    source.close();
  }
}

function siteInPage(known: Known, address: number): Site | undefined {
  const inPage = (site: Site) => site.address !== undefined && (site.address & 0xfff) === (address & 0xfff);
  const sites = known.report.views.flatMap((view) => view.findings.flatMap((finding) => finding.sites)).filter(inPage);
  return sites.length === 1 ? sites[0] : undefined;
}

function covers(view: ElfView, address: number): boolean {
  return view.ranges.some((range) => range.executable && address >= range.address && address < range.address + range.fileSize);
}
