/** `sandfit undo`: the edits backwards, after checking that every byte is the one that fix wrote, or the original's already. */

import { Command } from "@commander-js/extra-typings";
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

const declared = new Command("undo")
  .description("bring the original back, byte for byte")
  .argument("<file>", "a file that `sandfit fix` wrote")
  .option("--plan <file>", "the plan that was saved; the default is the record beside the file")
  .option("-o, --output <file>", "write the original there and leave the file alone")
  .option("--force", "replace an output that exists");

type UndoOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (file, options) => {
  process.exitCode = await undoCommand(file, options);
});

const endings = { after: "", before: "; it was already", between: "; a change of it had been cut off", other: "" };

/** Brings the original back, from a file that was half changed too. Returns the exit code. */
async function undoCommand(name: string, options: UndoOptions): Promise<ExitCode> {
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
      overwrite: options.output === undefined || options.force === true,
      ...(plan.mode !== undefined && { mode: plan.mode.before }),
      prove: async () => {},
    });
    await print(`${printable(output)}   the original again, ${plural(plan.edits.length, "edit")} taken back${endings[state]}\n`);
    return 0;
  } finally {
    source.close();
  }
}
