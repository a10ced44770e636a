/** The plan of a repair that keeps an APE one file for all systems: three classes of one-byte edits, all or nothing. */

import { RefusedError } from "../../errors.js";
import type { Analysis, Edit, Finding, RuleId } from "../../rules/define.js";
import { editAt } from "../../rules/sites.js";
import { type PortableSite, portableSites } from "./sites.js";

const rule: RuleId = "tls-in-gs";

/** What a reader has to know: the rewriter writes to code (`__morph_begin`, libc/runtime/morph.c). */
export const SELF_REWRITING =
  "the program rewrites its own code at start, so policies against writable code forbid it: PR_SET_MDWE, systemd's " +
  "MemoryDenyWriteExecute=, SELinux execmod; there use the ELF that `sandfit fix` writes without --as ape";

/**
 * The edits for one x86-64 view; finished places are left out, so a half-repaired file is completed and a repaired one gets none.
 * Throws RefusedError with every reason where the repair would not be whole.
 */
export function portableEdits(analysis: Analysis): Edit[] {
  const { constants, masks, pairs, problems } = portableSites(analysis);
  if (problems.length > 0) {
    throw new RefusedError(
      problems.map((problem) => `--as ape: ${problem}; \`sandfit fix\` without it writes an ELF for Linux instead`),
    );
  }
  const edits = (sites: readonly PortableSite[], what: string) =>
    sites.filter((site) => !site.done).map((site) => editAt(analysis.code, site.position, site.after, rule, what));
  return [
    ...edits(constants, "ARCH_SET_GS (0x1001) → ARCH_SET_FS (0x1002)"),
    ...edits(masks, "Linux joins the systems that call __morph_tls (0x54 → 0x55)"),
    ...edits(pairs, "Linux joins the systems that read %fs in __get_tls_privileged (0x50 → 0x51)"),
  ];
}

/** The edits for whole thread stacks, of every view. Throws RefusedError where one of them cannot be made. */
export function stackEdits(findings: readonly Finding[]): Edit[] {
  const stacks = findings.filter((finding) => finding.rule === "stack-growsdown");
  const refusals = stacks.flatMap((finding) => finding.repair?.refusals ?? []);
  if (refusals.length > 0) throw new RefusedError(refusals.map((reason) => `stack-growsdown: ${reason}`));
  return stacks.flatMap((finding) => finding.repair?.edits ?? []);
}
