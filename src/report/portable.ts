/** What can be done about a finding in a file that stays one for all systems, in words for --why. */

import type { Finding } from "../rules/define.js";
import { plural, spaced } from "./words.js";

/** One line per edit, or why there is none; nothing for findings that have no such repair. */
export function portableLines({ portable }: Finding): string[] {
  if (portable === undefined) return [];
  if (portable.refusals.length > 0) return portable.refusals.map((reason) => `as ape  refused: ${reason}`);
  const edits = portable.edits.map(
    ({ address, before, after, what }) =>
      `as ape  0x${(address ?? 0).toString(16)}  ${spaced(before)} → ${spaced(after)}  ${what}`,
  );
  return [
    `as ape  ${plural(portable.edits.length, "edit")} that other systems do not notice: bit 0 of __hostos is set on Linux alone`,
    ...edits,
  ];
}
