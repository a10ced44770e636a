/** `sandfit undo`: the edits backwards, after checking that every byte is the one that fix wrote, or the original's already. */

import { existsSync } from "node:fs";
import { Command } from "@commander-js/extra-typings";
import { patchedSource } from "../../bytes/patched.js";
import { printable } from "../../bytes/printable.js";
import { InputError, RefusedError } from "../../errors.js";
import { type FileSource, openFile } from "../../files/file-source.js";
import { realPlace } from "../../files/place.js";
import { backward, growth, keepsLength, type Patch } from "../../fix/apply.js";
import type { Plan } from "../../fix/plan.js";
import { undoneWords } from "../../report/undo.js";
import { bytesOf } from "../../rules/shared/sites.js";
import { type Destination, openDestination } from "../../write/destination.js";
import { stateOf } from "../../write/interrupted.js";
import { readPlan, recordOf } from "../../write/record.js";
import { refuseOther, type Step, writePatched } from "../../write/replace.js";
import { sumOf } from "../../write/sums.js";
import type { ExitCode } from "../exit-code.js";
import { print } from "../output.js";

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

/** How far an undo is; tests swap files in between. */
export type UndoStep = "opened" | "resolved" | Step;

/** Brings the original back, from a file that was half changed too. Returns the exit code: 1 where the result is not the original. */
export async function undoCommand(
  name: string,
  options: UndoOptions,
  reached: (step: UndoStep) => void = () => {},
): Promise<ExitCode> {
  const source = openFile(name);
  let destination: Destination | undefined;
  try {
    reached("opened");
    const output = options.output ?? name;
    destination = openDestination(output);
    const itself = options.output === undefined;
    if (itself) refuseOther(destination, source);
    if (options.plan === undefined) refuseUnchanged(name);
    const plan = readPlan(options.plan ?? recordOf(realPlace(name)));
    reached("resolved");
    const sizes = [...new Set([plan.input.size + growth(plan.edits), plan.input.size])];
    if (!sizes.includes(source.size)) {
      throw new InputError(`${name} has ${source.size} bytes, but the plan was made for a file of ${sizes.join(" or ")}`);
    }
    const state = await stateOf(source, plan);
    const isBack = state === "before" && !keepsLength(backward(plan.edits));
    const header = await ownHeader(source, plan);
    const patches = isBack ? [] : [...header, ...backward(plan.edits)];
    let words = "";
    let isOriginal: boolean | undefined;
    await writePatched(source, destination, patches, {
      overwrite: itself || options.force === true,
      itself,
      ...(plan.mode !== undefined && { mode: plan.mode.before }),
      prove: async (result) => {
        const { sha256 } = plan.input;
        isOriginal = sha256 === undefined ? undefined : (await sumOf(result)) === sha256;
        if (isOriginal === false && plan.output !== undefined && (await sumOf(source)) === plan.output.sha256)
          throw new RefusedError([`${name} is as \`sandfit fix\` wrote it, but the record does not lead back to the original`]);
        words = undoneWords({ plan, before: state, isOriginal, wroteHeader: header.length > 0 });
      },
      reached,
    });
    await print(`${printable(output)}   ${words}\n`);
    return isOriginal === false ? 1 : 0;
  } finally {
    destination?.close();
    source.close();
  }
}

/** For those who name the input of a fix in place of its output. */
function refuseUnchanged(name: string): void {
  const fixed = `${name}.gvisor`;
  if (!existsSync(recordOf(realPlace(name))) && existsSync(recordOf(realPlace(fixed))))
    throw new InputError(`${name} was not changed; its fixed copy is ${fixed}: sandfit undo ${fixed}`);
}

/**
 * The patch for an APE that has written an ELF header over its own start, as a shell's first start of it does; none unless that and
 * the edits are all that keeps the file from being the original.
 */
async function ownHeader(source: FileSource, { as, input, edits }: Plan): Promise<Patch[]> {
  const replacement = bytesOf(input.start ?? "");
  const expected = await source.read(0, replacement.length);
  const [first] = edits;
  const isApart = first === undefined || first.fileOffset >= replacement.length;
  if (as !== "ape" || input.sha256 === undefined || !isApart || Buffer.compare(expected, replacement) === 0) return [];
  const header = { fileOffset: 0, expected, replacement };
  const isOriginal = (await sumOf(patchedSource(source, [header, ...backward(edits)]))) === input.sha256;
  return isOriginal ? [header] : [];
}
