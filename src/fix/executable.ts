/** The permission that a program needs to be started, where a download left it out. */

import type { Image } from "../image/image.js";
import { isEmpty, type Plan } from "./plan.js";

const ET_EXEC = 2;
const ET_DYN = 3;

/**
 * The plan with x added where there is r, for a program that nobody may execute: `sh ./file` does with reading an APE, and what `fix`
 * writes is started by execve. Libraries and plans that change nothing stay as they are. `mode` is the input's.
 */
export function withExecutableMode(plan: Plan, image: Image, mode: number): Plan {
  const before = mode & 0o777;
  if (isEmpty(plan) || plan.mode !== undefined || (before & 0o111) !== 0 || !isProgram(image)) return plan;
  const after = before | ((before & 0o444) >> 2);
  return after === before ? plan : { ...plan, mode: { before, after } };
}

function isProgram({ kind, elf }: Image): boolean {
  if (kind === "ape") return true;
  const [view] = elf;
  if (view === undefined || kind !== "elf") return false;
  const isLibrary = view.soname !== undefined || (view.interpreter === undefined && !view.isStatic);
  return view.type === ET_EXEC || (view.type === ET_DYN && !isLibrary);
}
