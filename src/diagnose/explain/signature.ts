/** Whether an ending looks like what a rule says its programs end like. */

import type { Signature } from "../../rules/define.js";
import type { Explanation } from "./explanation.js";

/** "fits": all that is known agrees. "open": it may be or not. "contradicts": it cannot be this rule. */
export type Fit = "fits" | "open" | "contradicts";

const ERRORS: readonly [RegExp, string][] = [
  [/ENOEXEC|exec format/i, "ENOEXEC"],
  [/ENOENT|no such file/i, "ENOENT"],
  [/EACCES|permission denied/i, "EACCES"],
  [/EFAULT|bad address/i, "EFAULT"],
];

/** The error of execve in what the system or runsc said. */
export function startErrorOf(words: string): string | undefined {
  return ERRORS.find(([pattern]) => pattern.test(words))?.[1];
}

/** Compares a signature with how a command ended. */
export function fitOf(signature: Signature | undefined, { kind, signal, startError, place }: Explanation): Fit {
  if (signature === undefined || kind === "maybe") return "open";
  if (kind === "start") {
    if (signature.execve === undefined || startError === undefined) return "open";
    return signature.execve.some((error) => error === startError) ? "fits" : "contradicts";
  }
  // What never starts does not crash.
  if (signature.execve !== undefined && signature.signals === undefined) return "contradicts";
  // A crash may show late and otherwise (a handler, abort in a library): what does not agree proves nothing.
  if (signature.signals === undefined || signal === undefined || !signature.signals.includes(signal)) return "open";
  const agrees = (pattern: RegExp | undefined, text: string | undefined): boolean =>
    pattern === undefined || text === undefined || pattern.test(text);
  const isAlike = agrees(signature.instruction, place?.site?.text) && agrees(signature.address, place?.death.address);
  return isAlike ? "fits" : "open";
}
