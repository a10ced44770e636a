/** `sandfit rules`: what Sandfit looks for. */

import { Command } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { InputError } from "../../errors.js";
import { effectsOf } from "../../gvisor/behaviour.js";
import { newest, releases } from "../../gvisor/gvisor.js";
import { findRule, rules } from "../../rules/index.js";
import type { ExitCode } from "../exit-code.js";
import { print } from "../output.js";
import { pageOf } from "../rule-pages.js";

const declared = new Command("rules")
  .description("list the rules, or explain one")
  .argument("[id]", "a rule, such as tls-in-gs")
  .option("--json", "print a JSON document (schema/rules-1.json)");

export const command = declared.action(async (id, options) => {
  process.exitCode = await rulesCommand(id, options);
});

/** Prints the list, or the page of one rule. Returns the exit code. */
async function rulesCommand(id: string | undefined, options: ReturnType<typeof declared.opts>): Promise<ExitCode> {
  const named = id === undefined ? undefined : findRule(id);
  if (id !== undefined && named === undefined) throw new InputError(`there is no rule ${id}; \`sandfit rules\` lists them`);
  const chosen = named === undefined ? rules : [named];
  const widest = Math.max(...chosen.map((rule) => rule.id.length));
  if (options.json) {
    const list = chosen.map(({ id: ruleId, fixable, words, behaviour, probe }) => ({
      id: ruleId,
      fixable,
      title: words.title,
      why: words.why,
      effects: effectsOf(ruleId, behaviour, newest.release),
      ...(probe && { probe: probe.id }),
      links: words.links,
    }));
    const known = releases.map(({ id: releaseId, date, commit, ran }) => ({ id: releaseId, date, commit, ran }));
    await print(`${jsonText({ version: 1, release: newest.release, releases: known, rules: list }, 2)}\n`);
  } else if (named === undefined) {
    await print(
      chosen.map((rule) => `${rule.id.padEnd(widest)}  ${rule.words.title}${rule.fixable ? " (fixable)" : ""}\n`).join(""),
    );
  } else await print(pageOf(named.id));
  return 0;
}
