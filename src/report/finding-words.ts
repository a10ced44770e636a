/** What a rule says of a finding, fit for a terminal: some of it comes from the file, such as a section's name. */

import { printable } from "../bytes/printable.js";
import type { Finding } from "../rules/define.js";
import { ruleOf } from "../rules/index.js";

/** What was found, in one line. */
export function summaryOf(finding: Finding): string {
  return printable(ruleOf(finding.rule).words.summary(finding));
}

/** What to do about it, in one line. */
export function remedyOf(finding: Finding): string {
  return printable(ruleOf(finding.rule).words.remedy(finding));
}
