/** Every rule there is, in the order in which findings are shown. */

import { apeNotElf } from "./ape-not-elf.js";
import { cosmoDlopen } from "./cosmo-dlopen.js";
import type { Rule, RuleId } from "./define.js";
import { gsBesideFs } from "./gs-beside-fs.js";
import { stackGrowsdown } from "./stack-growsdown.js";
import { tlsInGs } from "./tls-in-gs.js";
import { wrongClass } from "./wrong-class.js";

/** Total by type: a rule id without its record does not compile. */
export const ruleById: Readonly<Record<RuleId, Rule>> = {
  "wrong-class": wrongClass,
  "tls-in-gs": tlsInGs,
  "gs-beside-fs": gsBesideFs,
  "stack-growsdown": stackGrowsdown,
  "cosmo-dlopen": cosmoDlopen,
  "ape-not-elf": apeNotElf,
};

export const rules: readonly Rule[] = Object.values(ruleById);
