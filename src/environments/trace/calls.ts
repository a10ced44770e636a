/** System calls by number and by name, and what each argument means, from the table that the tracer is built from. */

import table from "../../../tracer/calls.json" with { type: "json" };

/**
 * What an argument is. Read by the kernel: path, text, data (as long as the next argument says), in:N, address, msg-in, vec-in, argv;
 * written: buf (as long as the result), out:N, changed, msg-out, vec-out, fds; both: polled. `num` is a number that belongs to the
 * question, `-` one that does not (a pointer, a length, a process id).
 */
export type Meaning = string;

export interface Call {
  readonly name: string;
  readonly number: number;
  readonly meanings: readonly Meaning[];
  /** Whether the result is a descriptor. */
  readonly makesDescriptor: boolean;
}

const calls = new Map<number, Call>();
const byName = new Map<string, Call>();
for (const [name, row] of Object.entries(table as unknown as Record<string, [number, number, string]>)) {
  const [number, , words] = row;
  const [given, result] = words.split(">").map((part) => part.trim());
  const call = { name, number, meanings: given.split(" ").filter(Boolean), makesDescriptor: result === "fd" };
  calls.set(number, call);
  byName.set(name, call);
}

/** The call of a number on x86-64; one that the table does not know is named after it. */
export function callNumbered(number: number): Call {
  return calls.get(number) ?? { name: `call_${number}`, number, meanings: [], makesDescriptor: false };
}

export function callNamed(name: string): Call {
  const call = byName.get(name);
  if (call === undefined) throw new Error(`there is no system call ${name} in tracer/calls.json`);
  return call;
}

/** Numbers of all calls that have something in common. */
export function callsWith(has: (call: Call) => boolean): number[] {
  return [...calls.values()].filter(has).map(({ number }) => number);
}
