/** `sandfit skill`: the skill for coding agents, printed or put in place. */

import skill from "../../skills/sandfit/SKILL.md";
import { installSkill } from "../disk/skill.js";
import type { ExitCode } from "./exit-code.js";
import { print } from "./output.js";

/** Prints the skill, or writes DIR/sandfit/SKILL.md and says so. Returns the exit code. */
export async function skillCommand(options: { readonly install?: string }): Promise<ExitCode> {
  if (options.install === undefined) await print(skill);
  else await print(`wrote ${installSkill(options.install, skill)}\n`);
  return 0;
}
