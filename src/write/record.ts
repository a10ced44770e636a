/** The record beside a fixed file: its plan, which is all that is needed to bring the original back. */

import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { jsonText } from "../bytes/printable.js";
import { InputError } from "../errors.js";
import { readSmallFile, syncFolder, writeSmallFile } from "../files/small-file.js";
import type { Plan } from "../fix/plan.js";
import { isPlan } from "../fix/plan-shape.js";
import { PLAN_VERSION } from "../fix/plan-version.js";

/** Path of the record that belongs to a file. */
export function recordOf(path: string): string {
  return `${path}.sandfit-undo.json`;
}

/** What a record holds. */
export function recordText(plan: Plan): string {
  return `${jsonText(plan)}\n`;
}

/** Puts a record beside the file at `path`, whole or not at all, and, where that is asked for, has the disk remember it. */
export function saveRecord(path: string, text: string, lasting: boolean): void {
  writeSmallFile(recordOf(path), text, lasting);
}

/** The text of the record of the file at `path`, which the user calls `name`; undefined where there is none. Throws InputError. */
export function readRecord(path: string, name: string): string | undefined {
  return readSmallFile(recordOf(path), recordOf(name));
}

/** Removes the record of the file at `path`, which is no longer true. */
export function removeRecord(path: string): void {
  rmSync(recordOf(path), { force: true });
  syncFolder(dirname(path));
}

/** Reads a plan or record. Throws InputError where it is missing or is not one. */
export function readPlan(path: string): Plan {
  const text = readSmallFile(path);
  if (text === undefined) throw new InputError(`${path} cannot be read: there is no such file`);
  return planFrom(text, path);
}

/** What plans of before these were written mean. */
const withoutSaying = { as: "elf", repairs: [], leaves: [], warnings: [], notes: [] } as const;

/** A plan from its JSON. Throws InputError where it is not one. */
export function planFrom(text: string, name: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${name} is not JSON`);
  }
  if (!isPlan(value)) throw new InputError(`${name} is not a plan of \`sandfit fix\`, version ${PLAN_VERSION}`);
  return { ...withoutSaying, ...value };
}
