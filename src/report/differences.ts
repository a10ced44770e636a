/** A known difference with what was seen of it, as one value: `differences --json` prints it, the table and the pages are made of it. */

import { answerIn, answersTo, answerWithFlag, FLAGS_WITH, metIn, type Setting, settings } from "../gvisor/differences/answers.js";
import type { Cure, Difference, Kind, Question, Subject } from "../gvisor/differences/define.js";
import { gvisorSource, ranReleaseIds } from "../gvisor/gvisor.js";

/** Raised when the JSON shape changes in a way that breaks readers (schema/differences-1.json). */
export const DIFFERENCES_VERSION = 1;

/** Something that helps, and whether that was seen. */
export interface RemedyReport {
  readonly by: "flag" | "release" | "other";
  readonly use: string;
  readonly basis: "run" | "not run here";
  /** What the probe answers with it, where it was run. */
  readonly answer?: string;
  readonly note?: string;
}

export interface DifferenceReport {
  readonly id: string;
  readonly subject: Subject;
  readonly kind: Kind;
  readonly title: string;
  readonly asks: readonly Question[];
  readonly linux: { readonly answer: string; readonly basis: "run" | "documented"; readonly since?: string };
  readonly gvisor: Partial<Record<Setting, string>>;
  readonly consequence: string;
  readonly remedies: readonly RemedyReport[];
  readonly source: readonly string[];
  readonly reports: readonly string[];
  readonly cure: Cure;
}

export function reportDifference(difference: Difference): DifferenceReport {
  const { id, subject, kind, title, asks, linux, consequence, source = [], reports = [], cure } = difference;
  return {
    id,
    subject,
    kind,
    title,
    asks,
    linux: {
      answer: linux.answer,
      basis: linux.documented ? "documented" : "run",
      ...(linux.since !== undefined && { since: linux.since }),
    },
    gvisor: answersTo(id),
    consequence,
    remedies: remediesOf(difference),
    source: source.map(({ path, line }) => gvisorSource(path, line)),
    reports,
    cure,
  };
}

function remediesOf(difference: Difference): RemedyReport[] {
  const { id, linux, remedies = [] } = difference;
  const since = fixedSince(difference);
  return [
    ...(since === undefined ? [] : [{ by: "release", use: since, basis: "run", answer: linux.answer } as const]),
    ...remedies.map((remedy): RemedyReport => {
      if ("option" in remedy) return { by: "other", use: remedy.option, basis: "not run here" };
      const answer = answerWithFlag(id, remedy.flag);
      const known = { by: "flag", use: remedy.flag, ...(remedy.note !== undefined && { note: remedy.note }) } as const;
      return answer === undefined ? { ...known, basis: "not run here" } : { ...known, basis: "run", answer };
    }),
  ];
}

/** The release from which on every platform answers as Linux does; undefined where there is none, or it is the first. */
function fixedSince({ id, linux }: Difference): string | undefined {
  const differs = (release: string) =>
    settings.some((setting) => setting.startsWith(`${release}/`) && answerIn(id, setting) !== linux.answer);
  const last = ranReleaseIds.findLastIndex(differs);
  return ranReleaseIds[last + 1];
}

/** Where it is met: "all", or which releases and platforms. */
export function metInWords(difference: Difference): string {
  const met = metIn(difference);
  if (met.length === settings.length) return "all";
  const parts = ranReleaseIds.flatMap((release) => {
    const here = met.filter((setting) => setting.startsWith(`${release}/`));
    if (here.length === 0) return [];
    const run = settings.filter((setting) => setting.startsWith(`${release}/`));
    return here.length === run.length ? [release] : here;
  });
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** What `FLAGS_WITH` is in words, for the remark beside a flag. */
export const flagsWith = `gVisor ${FLAGS_WITH.replace("/", " ")}`;
