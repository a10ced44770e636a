/** `sandfit rules`: what Sandfit looks for. */

import { InputError } from "../errors.js";
import type { RuleId } from "../rules/define.js";
import { ruleById, rules } from "../rules/index.js";
import type { ExitCode } from "./main.js";
import { print } from "./output.js";

/** Prints the list, or one rule. Returns the exit code. */
export async function rulesCommand(id: string | undefined, options: { json: boolean }): Promise<ExitCode> {
  const chosen = id === undefined ? rules : [ruleById[id as RuleId]];
  if (chosen.some((rule) => rule === undefined)) {
    throw new InputError(`there is no rule ${id}; \`sandfit rules\` lists them`);
  }
  if (options.json) {
    const list = chosen.map(({ id: ruleId, fixable, words }) => ({
      id: ruleId,
      fixable,
      title: words.title,
      why: words.why,
      links: words.links,
    }));
    await print(`${JSON.stringify(list, null, 2)}\n`);
  } else if (id === undefined) {
    await print(chosen.map((rule) => `${rule.id.padEnd(16)} ${rule.words.title}${rule.fixable ? " (fixable)" : ""}\n`).join(""));
  } else {
    const [{ words }] = chosen;
    await print(`${id}: ${words.title}\n\n${words.why}\n\n${words.links.map((link) => `see ${link}\n`).join("")}`);
  }
  return 0;
}
