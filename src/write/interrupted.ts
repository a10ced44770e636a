/** A file whose change was cut off half-way: told by its bytes and by the record beside it (`write/in-place.ts`). */

import { existsSync } from "node:fs";
import { InputError } from "../errors.js";
import type { FileSource } from "../files/file-source.js";
import { realPlace } from "../files/place.js";
import { backward, forward, growth, isBetween, keepsLength, type Patch } from "../fix/apply.js";
import type { Plan } from "../fix/plan.js";
import { readPlan, recordOf } from "./record.js";

/** The plan by which the file is half changed; undefined for every other file. */
export async function interruptedChange(source: FileSource): Promise<Plan | undefined> {
  return changeInState(source, "between");
}

/** The plan by which the file was changed, and from which it can come back; undefined for every other file. */
export async function standingChange(source: FileSource): Promise<Plan | undefined> {
  return changeInState(source, "after");
}

/** A record that cannot be read, or is not about these bytes, says nothing about the file. */
async function changeInState(source: FileSource, state: State): Promise<Plan | undefined> {
  const record = recordOf(realPlace(source.path));
  if (!existsSync(record)) return undefined;
  try {
    const plan = readPlan(record);
    return (await stateOf(source, plan)) === state ? plan : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

type State = "before" | "after" | "between" | "other";

/** Whether the bytes of the edits are those before, those after, a mixture, or others altogether. */
export async function stateOf(source: FileSource, plan: Plan): Promise<State> {
  if (!keepsLength(backward(plan.edits))) return stateOfText(source, plan);
  if (source.size !== plan.input.size) return "other";
  let [before, after] = [true, true];
  for (const { fileOffset, expected, replacement } of backward(plan.edits)) {
    const found = await source.read(fileOffset, expected.length);
    if (!isBetween(expected, replacement, found)) return "other";
    after &&= Buffer.compare(found, expected) === 0;
    before &&= Buffer.compare(found, replacement) === 0;
  }
  return after ? "after" : before ? "before" : "between";
}

/** A change of length is only ever written as a whole. */
async function stateOfText(source: FileSource, plan: Plan): Promise<State> {
  const holds = async (patches: readonly Patch[]): Promise<boolean> => {
    for (const { fileOffset, expected } of patches) {
      if (Buffer.compare(await source.read(fileOffset, expected.length), expected) !== 0) return false;
    }
    return true;
  };
  if (source.size === plan.input.size + growth(plan.edits) && (await holds(backward(plan.edits)))) return "after";
  return source.size === plan.input.size && (await holds(forward(plan.edits))) ? "before" : "other";
}

/** Throws InputError, with the way out, for a file that is half changed. */
export async function refuseInterrupted(source: FileSource): Promise<void> {
  if ((await interruptedChange(source)) === undefined) return;
  throw new InputError(
    `${source.name} is half changed, since a sandfit was cut off: \`sandfit undo\` brings the original back, \`sandfit fix --in-place\` finishes it`,
  );
}
