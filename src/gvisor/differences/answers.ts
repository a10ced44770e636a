/** What gVisor answered in a run, by release and platform: answers.json, which test/proof/differences.test.ts writes and holds against new runs. */

import { type Platform, platforms, type RanReleaseId, ranReleaseIds } from "../gvisor.js";
import recorded from "./answers.json" with { type: "json" };
import type { Difference } from "./define.js";

/** "2024-07/systrap". */
export type Setting = `${RanReleaseId}/${Platform}`;

const table: Readonly<Record<string, Readonly<Record<string, string>>>> = recorded;

/** Every release and platform that was asked, oldest first. */
export const settings: readonly Setting[] = ranReleaseIds.flatMap((release) =>
  platforms.map((platform): Setting => `${release}/${platform}`).filter((setting) => setting in table),
);

/** The answer of one release and platform; undefined where it was not asked. */
export const answerIn = (id: string, setting: Setting): string | undefined => table[setting]?.[id];

/** The answer of every release and platform. */
export function answersTo(id: string): Partial<Record<Setting, string>> {
  return Object.fromEntries(
    settings.flatMap((setting) => (answerIn(id, setting) === undefined ? [] : [[setting, answerIn(id, setting)]])),
  );
}

/** The flags were tried with this one alone. */
export const FLAGS_WITH: Setting = "2026-09/systrap";

/** The answer with a flag of runsc; undefined where that was not run. A platform is a flag too. */
export function answerWithFlag(id: string, flag: string): string | undefined {
  const platform = platforms.find((one) => flag === `--platform=${one}`);
  return platform === undefined ? table[`${FLAGS_WITH} ${flag}`]?.[id] : answerIn(id, `2026-09/${platform}`);
}

/** Releases and platforms in which programs meet it. */
export const metIn = ({ id, linux }: Difference): readonly Setting[] =>
  settings.filter((setting) => answerIn(id, setting) !== undefined && answerIn(id, setting) !== linux.answer);
