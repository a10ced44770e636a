/** Which known differences an event of a trace may be: for `run` and `why`. Pure; a suspect is no proof. */

import { answerIn, answersTo, type Setting } from "./answers.js";
import type { ArgumentIs, Difference, Question } from "./define.js";
import { differences } from "./index.js";

/** A system call that a program made, and what came of it. */
export interface TracedEvent {
  readonly call: string;
  /** By position; a text where an argument points to one. */
  readonly args?: readonly (number | bigint | string | undefined)[];
  /** The path that it was about, absolute. */
  readonly path?: string;
  /** "ok", an error name, or what a probe calls it ("hangs", "NLMSG_ERROR"); anything fits where it is not known. */
  readonly answer?: string;
  /** The call that made its descriptor. */
  readonly of?: TracedEvent;
}

/** Those that fit, in the order of the table. With a setting, only those that differ there, by what they answer there. */
export function suspectsFor(event: TracedEvent, setting?: Setting): Difference[] {
  return differences.filter((difference) => difference.asks.some((question) => fits(question, event, difference, setting)));
}

function fits(question: Question, event: TracedEvent, difference: Difference, setting: Setting | undefined): boolean {
  if (!asks(question, event)) return false;
  if (setting !== undefined && answerIn(difference.id, setting) === difference.linux.answer) return false;
  return event.answer === undefined || (question.answers ?? expected(difference, setting)).includes(event.answer);
}

function asks({ call, args, path, of }: Question, event: TracedEvent): boolean {
  if (call === undefined && path === undefined) return false;
  if (call !== undefined && !(typeof call === "string" ? [call] : call).includes(event.call)) return false;
  if (path !== undefined && (event.path === undefined || !pathFits(path, event.path))) return false;
  if (of !== undefined && (event.of === undefined || !asks(of, event.of))) return false;
  return Object.entries(args ?? {}).every(([position, is]) => argumentFits(is, event.args?.[Number(position)]));
}

/** What the probe saw where it was not what Linux says; a probe's own words and numbers mean that the call itself succeeds. */
function expected({ id, linux }: Difference, setting: Setting | undefined): string[] {
  const seen = setting === undefined ? Object.values(answersTo(id)) : [answerIn(id, setting)];
  const others = seen.filter((answer): answer is string => answer !== undefined && answer !== linux.answer);
  return others.map((answer) => (/^(E[A-Z0-9]+|SIG[A-Z]+|hangs)$/.test(answer) ? answer : "ok"));
}

function argumentFits(is: ArgumentIs, argument: number | bigint | string | undefined): boolean {
  if (argument === undefined) return false;
  if (typeof is === "string")
    return typeof argument === "string" && (is.endsWith("*") ? argument.startsWith(is.slice(0, -1)) : argument === is);
  if (typeof argument === "string") return false;
  const low = Number(BigInt.asUintN(32, BigInt(argument)));
  if (typeof is === "number") return low === is >>> 0;
  if ("bits" in is) return (low & is.bits) !== 0;
  if ("not" in is) return !is.not.includes(low);
  return is.includes(low);
}

/** Name by name: `*` is one name, a last `**` this and all that is below. */
function pathFits(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const names = path.split("/");
  for (const [i, name] of wanted.entries()) {
    if (name === "**") return true;
    if (i >= names.length || (name !== "*" && name !== names[i])) return false;
  }
  return wanted.length === names.length;
}
