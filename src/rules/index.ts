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
import { type RuleId, ruleIds } from "./ids.js";
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

const byId: { readonly [Id in RuleId]: Rule & { readonly id: Id } } = {
  "wrong-class": wrongClass,
  "phdr-not-in-first-load": phdrNotInFirstLoad,
  "load-order": loadOrder,
  "phdr-count": phdrCount,
  "elf-ident": elfIdent,
  "interp-duplicate": interpDuplicate,
  "bss-past-eof": bssPastEof,
  "load-tail-data": loadTailData,
  "pie-align": pieAlign,
  "exec-stack": execStack,
  "abi-tag": abiTag,
  "tls-in-gs": tlsInGs,
  "gs-beside-fs": gsBesideFs,
  wrgsbase: wrgsbase,
  wrfsbase: wrfsbase,
  "gs-selector-load": gsSelectorLoad,
  int80: int80,
  "stack-growsdown": stackGrowsdown,
  growsdown: growsdown,
  "syscall-mispatch": syscallMispatch,
  "jump-to-syscall": jumpToSyscall,
  "map-shared-validate": mapSharedValidate,
  "map-fixed-noreplace": mapFixedNoreplace,
  "cosmo-dlopen": cosmoDlopen,
  "rewrites-itself": rewritesItself,
  "ape-not-elf": apeNotElf,
  "shebang-long": shebangLong,
  "shebang-trailing-blank": shebangTrailingBlank,
  "exec-only-mode": execOnlyMode,
};

/** All rules, in the order of reports. */
export const rules: readonly (Rule & { readonly id: RuleId })[] = ruleIds.map((id) => byId[id]);

/** The rule of an id that is known to be one. */
export function ruleOf(id: RuleId): Rule {
  return byId[id];
}

/** The rule of that name; undefined where there is none. */
export function findRule(id: string): (Rule & { readonly id: RuleId }) | undefined {
  return Object.hasOwn(byId, id) ? byId[id as RuleId] : undefined;
}
