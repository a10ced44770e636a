/** Every rule there is, in the order in which findings are shown. */

import { abiTag } from "./abi-tag/rule.js";
import { apeNotElf } from "./ape-not-elf/rule.js";
import { bssPastEof } from "./bss-past-eof/rule.js";
import { cosmoDlopen } from "./cosmo-dlopen/rule.js";
import type { Rule } from "./define.js";
import { elfIdent } from "./elf-ident/rule.js";
import { execOnlyMode } from "./exec-only-mode/rule.js";
import { execStack } from "./exec-stack/rule.js";
import { growsdown } from "./growsdown/rule.js";
import { gsBesideFs } from "./gs-beside-fs/rule.js";
import { gsSelectorLoad } from "./gs-selector-load/rule.js";
import { int80 } from "./int80/rule.js";
import { interpDuplicate } from "./interp-duplicate/rule.js";
import { jumpToSyscall } from "./jump-to-syscall/rule.js";
import { loadOrder } from "./load-order/rule.js";
import { loadTailData } from "./load-tail-data/rule.js";
import { mapFixedNoreplace } from "./map-fixed-noreplace/rule.js";
import { mapSharedValidate } from "./map-shared-validate/rule.js";
import { phdrCount } from "./phdr-count/rule.js";
import { phdrNotInFirstLoad } from "./phdr-not-in-first-load/rule.js";
import { pieAlign } from "./pie-align/rule.js";
import { rewritesItself } from "./rewrites-itself/rule.js";
import { shebangLong } from "./shebang-long/rule.js";
import { shebangTrailingBlank } from "./shebang-trailing-blank/rule.js";
import { stackGrowsdown } from "./stack-growsdown/rule.js";
import { syscallMispatch } from "./syscall-mispatch/rule.js";
import { tlsInGs } from "./tls-in-gs/rule.js";
import { wrfsbase } from "./wrfsbase/rule.js";
import { wrgsbase } from "./wrgsbase/rule.js";
import { wrongClass } from "./wrong-class/rule.js";

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
