/** `sandfit undo`: the edits backwards, after checking that every byte is the one that fix wrote, or the original's already. */

import { openFile } from "../disk/file-source.js";
import { stateOf } from "../disk/interrupted.js";
import { realPlace } from "../disk/place.js";
import { readPlan, recordOf } from "../disk/record.js";
import { writePatched } from "../disk/replace.js";
import { InputError } from "../errors.js";
import { backward, growth, keepsLength } from "../fix/apply.js";
import { plural, printable } from "../report/words.js";
import type { ExitCode } from "./exit-code.js";
import { print } from "./output.js";

export interface UndoOptions {
  readonly plan?: string;
  readonly output?: string;
  readonly force: boolean;
}

const endings = { after: "", before: "; it was already", between: "; a change of it had been cut off", other: "" };

/** Brings the original back, from a file that was half changed too. Returns the exit code. */
export async function undoCommand(name: string, options: UndoOptions): Promise<ExitCode> {
  const source = openFile(name);
  try {
    const plan = readPlan(options.plan ?? recordOf(realPlace(name)));
    const sizes = [...new Set([plan.input.size + growth(plan.edits), plan.input.size])];
    if (!sizes.includes(source.size)) {
      throw new InputError(`${name} has ${source.size} bytes, but the plan was made for a file of ${sizes.join(" or ")}`);
    }
    const output = options.output ?? name;
    const state = await stateOf(source, plan);
    const isBack = state === "before" && !keepsLength(backward(plan.edits));
    await writePatched(source, output, isBack ? [] : backward(plan.edits), {
      overwrite: options.output === undefined || options.force,
      ...(plan.mode !== undefined && { mode: plan.mode.before }),
      prove: async () => {},
    });
    await print(`${printable(output)}   the original again, ${plural(plan.edits.length, "edit")} taken back${endings[state]}\n`);
    return 0;
  } finally {
    source.close();
  }
}
