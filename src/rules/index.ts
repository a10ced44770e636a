/** Every rule there is, in the order in which findings are shown. */

import { apeNotElf } from "./ape-not-elf.js";
import { cosmoDlopen } from "./cosmo-dlopen.js";
import type { Rule } from "./define.js";
import { gsBesideFs } from "./gs-beside-fs.js";
import { stackGrowsdown } from "./stack-growsdown.js";
import { tlsInGs } from "./tls-in-gs.js";
import { wrongClass } from "./wrong-class.js";

const all = [wrongClass, tlsInGs, gsBesideFs, stackGrowsdown, cosmoDlopen, apeNotElf] as const;

export type RuleId = (typeof all)[number]["id"];

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
