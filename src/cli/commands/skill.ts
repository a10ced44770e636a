/** `sandfit skill`: the skill for coding agents, printed or put in place. */

import { Command } from "@commander-js/extra-typings";
import skill from "../../../skills/sandfit/SKILL.md";
import type { ExitCode } from "../exit-code.js";
import { print } from "../output.js";
import { installSkill } from "../skill.js";

const declared = new Command("skill")
  .description("print the skill for coding agents: what to do when a binary crashes in a sandbox")
  .option("--install <folder>", "put it into this directory of skills, as sandfit/SKILL.md, with sandfit.cjs beside it");

export const command = declared.action(async (options) => {
  process.exitCode = await skillCommand(options);
});

/** Prints the skill, or writes DIR/sandfit/SKILL.md and sandfit.cjs and says so. Returns the exit code. */
async function skillCommand(options: ReturnType<typeof declared.opts>): Promise<ExitCode> {
  if (options.install === undefined) await print(skill);
  else
    await print(
      installSkill(options.install, skill)
        .map((path) => `wrote ${path}\n`)
        .join(""),
    );
  return 0;
}
