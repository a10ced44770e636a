/** What an undo has brought back, in words. */

import { isEmpty, type Plan } from "../fix/plan.js";
import { plural } from "./words.js";

/** How the file was when the undo began. */
export type Before = "after" | "before" | "between" | "other";

export interface Undone {
  readonly plan: Plan;
  readonly before: Before;
  /** Whether every byte is the original's; undefined where the record has no sum to tell by. */
  readonly isOriginal: boolean | undefined;
  /** Whether the program had written an ELF header over its own start, which was taken back as well. */
  readonly wroteHeader: boolean;
}

const endings: Record<Before, string> = {
  after: "",
  before: "; it was already",
  between: "; an in-place fix of it had been interrupted",
  other: "",
};

/** One line without the file's name. "The original" only where that is so. */
export function undoneWords({ plan, before, isOriginal, wroteHeader }: Undone): string {
  const header = wroteHeader ? ", and the ELF header that it wrote over its first bytes when a shell started it" : "";
  const taken = `${plural(plan.edits.length, "edit")} reverted${header}`;
  if (isOriginal === true && isEmpty(plan)) return "the original already: there was nothing to revert";
  if (isOriginal === true) return `restored the original (${taken})${endings[before]}`;
  if (isOriginal === undefined)
    return isEmpty(plan)
      ? "nothing was reverted: the record holds no edits"
      : `${taken}${endings[before]}; whether all else is the original's is not known, since the record has no checksum`;
  return `${taken}, but it is not the original: other bytes have changed since it was fixed, and no record has what they were`;
}
