/** The record beside a fixed file: its plan, which is all that is needed to bring the original back. */

import { readFileSync, rmSync } from "node:fs";
import { InputError } from "../errors.js";
import { PLAN_VERSION, type Plan } from "../fix/plan.js";
import { reasonOf } from "./file-source.js";
import { writeWhole } from "./replace.js";

const MOST_BYTES = 64 * 1024 * 1024;

/** Path of the record that belongs to a file. */
export function recordOf(path: string): string {
  return `${path}.sandfit-undo.json`;
}

/** Writes the record whole or not at all. Throws InputError. */
export function saveRecord(path: string, plan: Plan): void {
  writeWhole(path, `${JSON.stringify(plan)}\n`);
}

/** Removes a record that is no longer true. */
export function removeRecord(path: string): void {
  rmSync(path, { force: true });
}

/** Reads a plan or record. Throws InputError where it is missing or is not one. */
export function readPlan(path: string): Plan {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${reasonOf(error)}`);
  }
  if (text.length > MOST_BYTES) throw new InputError(`${path} is too large for a plan`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${path} is not JSON`);
  }
  if (!isPlan(value)) throw new InputError(`${path} is not a plan of \`sandfit fix\`, version ${PLAN_VERSION}`);
  return value;
}

const hexadecimal = /^([0-9a-f]{2})+$/;

function isPlan(value: unknown): value is Plan {
  const plan = value as Plan;
  if (typeof plan !== "object" || plan === null || plan.version !== PLAN_VERSION || !Array.isArray(plan.edits)) return false;
  if (typeof plan.input !== "object" || plan.input === null || !Number.isSafeInteger(plan.input.size)) return false;
  return plan.edits.every(
    (edit) =>
      typeof edit === "object" &&
      edit !== null &&
      Number.isSafeInteger(edit.fileOffset) &&
      edit.fileOffset >= 0 &&
      hexadecimal.test(edit.before) &&
      hexadecimal.test(edit.after) &&
      edit.before.length === edit.after.length,
  );
}
