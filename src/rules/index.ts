/** Every rule there is, in the order in which findings are shown. */

import { abiTag } from "./abi-tag.js";
import { apeNotElf } from "./ape-not-elf.js";
import { bssPastEof } from "./bss-past-eof.js";
import { cosmoDlopen } from "./cosmo-dlopen.js";
import type { Rule } from "./define.js";
import { elfIdent } from "./elf-ident.js";
import { execOnlyMode } from "./exec-only-mode.js";
import { execStack } from "./exec-stack.js";
import { growsdown } from "./growsdown.js";
import { gsBesideFs } from "./gs-beside-fs.js";
import { gsSelectorLoad } from "./gs-selector-load.js";
import { int80 } from "./int80.js";
import { interpDuplicate } from "./interp-duplicate.js";
import { jumpToSyscall } from "./jump-to-syscall.js";
import { loadOrder } from "./load-order.js";
import { loadTailData } from "./load-tail-data.js";
import { mapFixedNoreplace } from "./map-fixed-noreplace.js";
import { mapSharedValidate } from "./map-shared-validate.js";
import { phdrCount } from "./phdr-count.js";
import { phdrNotInFirstLoad } from "./phdr-not-in-first-load.js";
import { pieAlign } from "./pie-align.js";
import { rewritesItself } from "./rewrites-itself.js";
import { shebangLong } from "./shebang-long.js";
import { shebangTrailingBlank } from "./shebang-trailing-blank.js";
import { stackGrowsdown } from "./stack-growsdown.js";
import { syscallMispatch } from "./syscall-mispatch.js";
import { tlsInGs } from "./tls-in-gs.js";
import { wrfsbase } from "./wrfsbase.js";
import { wrgsbase } from "./wrgsbase.js";
import { wrongClass } from "./wrong-class.js";

const all = [
  wrongClass,
  phdrNotInFirstLoad,
  loadOrder,
  phdrCount,
  elfIdent,
  interpDuplicate,
  bssPastEof,
  loadTailData,
  pieAlign,
  execStack,
  abiTag,
  tlsInGs,
  gsBesideFs,
  wrgsbase,
  wrfsbase,
  gsSelectorLoad,
  int80,
  stackGrowsdown,
  growsdown,
  syscallMispatch,
  jumpToSyscall,
  mapSharedValidate,
  mapFixedNoreplace,
  cosmoDlopen,
  rewritesItself,
  apeNotElf,
  shebangLong,
  shebangTrailingBlank,
  execOnlyMode,
] as const;

/** Permanent: rule ids appear in reports, plans and CI configurations. */
export type RuleId = (typeof all)[number]["id"];

/** All rules, in the order of reports. */
export const rules: readonly (Rule & { readonly id: RuleId })[] = all;

const byId = new Map<string, Rule & { readonly id: RuleId }>(rules.map((rule) => [rule.id, rule]));

/** The rule of an id that is known to be one. */
export function ruleOf(id: RuleId): Rule {
  return byId.get(id)!;
}

/** The rule of that name; undefined where there is none. */
export function findRule(id: string): (Rule & { readonly id: RuleId }) | undefined {
  return byId.get(id);
}
