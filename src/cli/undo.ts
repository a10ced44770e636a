/** `sandfit undo`: the edits backwards, after checking that every byte is the one that fix wrote. */

import { openFile } from "../disk/file-source.js";
import { readPlan, recordOf, removeRecord } from "../disk/record.js";
import { writePatched } from "../disk/replace.js";
import { InputError } from "../errors.js";
import { backward } from "../fix/apply.js";
import { plural } from "../report/words.js";
import type { ExitCode } from "./main.js";
import { print } from "./output.js";

export interface UndoOptions {
  readonly plan?: string;
  readonly output?: string;
  readonly force: boolean;
}

/** Brings the original back. Returns the exit code. */
export async function undoCommand(name: string, options: UndoOptions): Promise<ExitCode> {
  const record = recordOf(name);
  const plan = readPlan(options.plan ?? record);
  const source = openFile(name);
  const { size } = source;
  source.close();
  if (size !== plan.input.size) {
    throw new InputError(`${name} has ${size} bytes, but the plan was made for a file of ${plan.input.size}`);
  }
  const output = options.output ?? name;
  const inPlace = options.output === undefined;
  await writePatched(name, output, backward(plan.edits), { overwrite: inPlace || options.force }, async () => {});
  if (inPlace) removeRecord(record);
  await print(`${output}   the original again, ${plural(plan.edits.length, "edit")} taken back\n`);
  return 0;
}
