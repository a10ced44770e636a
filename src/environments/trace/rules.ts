/** Rules by which the tracer changes answers, and their binary form (tracer/FORMAT.md). */

import { concat } from "../../asm/bytes.js";
import { callNamed, callsWith } from "./calls.js";

/** Text with two signs for what varies: `{n}` is a number, `{*}` anything. With `tree` it stands for a directory and all below it. */
export interface Pattern {
  readonly text: string;
  readonly tree?: boolean;
}

/** What has to hold of a call. `not` turns it round. */
export type Condition = { readonly not?: boolean } & (
  | { readonly if: "bits"; readonly argument: number; readonly mask: bigint; readonly value: bigint }
  | { readonly if: "range"; readonly argument: number; readonly from: bigint; readonly to: bigint }
  /** A path argument, as given, or behind its directory's path where it is relative to a descriptor. Any argument where none is named. */
  | { readonly if: "path"; readonly argument?: number; readonly is: Pattern }
  /** What made a descriptor, in the words of CallEvent.origins. */
  | { readonly if: "origin"; readonly argument: number; readonly is: Pattern }
  /** Bytes of the question. */
  | { readonly if: "bytes"; readonly argument: number; readonly offset: number; readonly bytes: Uint8Array }
  /** Bytes of the first 16 that were last sent on the descriptor in this argument: a netlink question. */
  | { readonly if: "sent"; readonly argument: number; readonly offset: number; readonly bytes: Uint8Array }
  /** The process's path in the tree, "0.1". */
  | { readonly if: "process"; readonly is: Pattern }
);

/** Where bytes go: the memory an argument points to, or what it lists. */
export type Where = "buffer" | "message" | "control" | "vector" | "name";

export type Action =
  /** The call is not performed, and this is its result (-errno for an error). With `perform` it is, and its result is replaced. */
  | { readonly do: "result"; readonly result: bigint; readonly perform?: boolean }
  /**
   * Bytes of the answer: of the call that was performed, or, beside a result, instead of it. Cut to the caller's memory, which the
   * trace then says. `netlink` renews sequence numbers and ports in them.
   */
  | {
      readonly do: "bytes";
      readonly argument: number;
      readonly where?: Where;
      readonly offset?: number;
      readonly bytes: Uint8Array;
      readonly netlink?: boolean;
    }
  /** What the pattern matches of a path is replaced; in any path argument where none is named. */
  | { readonly do: "redirect"; readonly argument?: number; readonly from: Pattern; readonly to: string }
  /** Another call instead, whose result is a descriptor that stands in for the one that was wanted. */
  | { readonly do: "replace"; readonly call: string; readonly args: readonly bigint[] };

export interface Rule {
  /** Name of the call; any where missing. */
  readonly call?: string;
  readonly conditions: readonly Condition[];
  readonly actions: readonly Action[];
  /** Of the calls that meet the conditions, counted over all processes together: from this to that one (1 is the first). All by default. */
  readonly first?: number;
  readonly last?: number;
}

const conditionKinds = { bits: 1, path: 2, origin: 3, bytes: 4, sent: 5, process: 6, range: 7 } as const;
const actionKinds = { result: 16, bytes: 17, redirect: 18, replace: 19 } as const;
const places: Record<Where, number> = { buffer: 0, message: 1, control: 2, vector: 3, name: 4 };
const ANY_CALL = 0xffff;
const ANY_ARGUMENT = 0xff;
const [TREE, NOT, PERFORM, NETLINK] = [1, 0x8000, 1, 16];
const EM_X86_64 = 62;

/** The answer "this failed with …". */
export function failsWith(errno: number): Action {
  return { do: "result", result: BigInt(-errno) };
}

/** A descriptor that stands in for one that cannot be made: an eventfd that is always ready. */
export function standIn(): Action {
  return { do: "replace", call: "eventfd2", args: [1n, 0x80000n] };
}

export interface Selection {
  /**
   * The tracer stops at nothing but these calls, by number, and the rest of the program runs at full speed; `watchedBy` gives those
   * that rules need. A seccomp filter: it stays with the processes, so that they need the tracer to their end.
   */
  readonly stopAt?: readonly number[];
  /** All calls are stopped at, and only these recorded. */
  readonly record?: readonly number[];
}

/** The table for the tracer. */
export function encodeRules(rules: readonly Rule[], { stopAt, record }: Selection = {}): Uint8Array {
  const head = new Uint8Array(80);
  const view = new DataView(head.buffer);
  head.set([0x53, 0x46, 0x52, 0x55, 1]); // "SFRU", version 1
  view.setUint16(8, EM_X86_64, true);
  view.setUint16(10, stopAt !== undefined ? 1 : record !== undefined ? 2 : 0, true);
  view.setUint32(12, rules.length, true);
  for (const number of stopAt ?? record ?? []) head[16 + (number >> 3)] |= 1 << (number & 7);
  return concat([head, ...rules.map(encodeRule)]);
}

/** Numbers of the calls that the tracer has to stop at for these rules. */
export function watchedBy(rules: readonly Rule[]): number[] {
  const watched = new Set<number>();
  const add = (numbers: readonly number[]) => {
    for (const number of numbers) watched.add(number);
  };
  for (const { call, conditions, actions } of rules) {
    if (call !== undefined) watched.add(callNamed(call).number);
    else add(callsWith(({ meanings }) => meanings.includes("path")));
    const follows = conditions.some((one) => one.if === "origin" || one.if === "sent");
    const standsIn = actions.some((one) => one.do === "replace");
    // Relative paths and descriptors have names only if the calls that made them were seen.
    if (follows || standsIn || conditions.some((one) => one.if === "path")) {
      add(callsWith((one) => one.makesDescriptor || one.name === "fcntl"));
    }
    if (conditions.some((one) => one.if === "sent")) add(["sendto", "sendmsg"].map((name) => callNamed(name).number));
    // What nobody has an answer for must not reach what stands in.
    if (standsIn) add(callsWith(({ meanings }) => meanings[0] === "fd"));
  }
  return [...watched].sort((a, b) => a - b);
}

function encodeRule({ call, conditions, actions, first = 0, last = 0 }: Rule): Uint8Array {
  const items = concat([...conditions.map(encodeCondition), ...actions.map(encodeAction)]);
  const head = new Uint8Array(32);
  const view = new DataView(head.buffer);
  view.setUint32(0, head.length + items.length, true);
  view.setUint16(4, call === undefined ? ANY_CALL : callNamed(call).number, true);
  view.setUint16(6, conditions.length, true);
  view.setUint16(8, actions.length, true);
  view.setUint32(12, first, true);
  view.setUint32(16, last, true);
  return concat([head, items]);
}

interface Item {
  readonly kind: number;
  readonly argument?: number | undefined;
  readonly flags?: number;
  readonly offset?: number | undefined;
  readonly a?: bigint;
  readonly b?: bigint;
  readonly data?: Uint8Array;
}

function encodeCondition(condition: Condition): Uint8Array {
  const kind = conditionKinds[condition.if];
  const not = condition.not ? NOT : 0;
  switch (condition.if) {
    case "bits":
      return encodeItem({ kind, argument: condition.argument, flags: not, a: condition.mask, b: condition.value });
    case "range":
      return encodeItem({ kind, argument: condition.argument, flags: not, a: condition.from, b: condition.to });
    case "bytes":
    case "sent":
      return encodeItem({ kind, argument: condition.argument, flags: not, offset: condition.offset, data: condition.bytes });
    default: {
      const argument = "argument" in condition ? condition.argument : undefined;
      const flags = not | (condition.is.tree ? TREE : 0);
      return encodeItem({ kind, argument, flags, data: patternBytes(condition.is) });
    }
  }
}

function encodeAction(action: Action): Uint8Array {
  const kind = actionKinds[action.do];
  switch (action.do) {
    case "result":
      return encodeItem({ kind, flags: action.perform ? PERFORM : 0, a: action.result });
    case "bytes": {
      const flags = places[action.where ?? "buffer"] | (action.netlink ? NETLINK : 0);
      return encodeItem({ kind, argument: action.argument, flags, offset: action.offset, data: action.bytes });
    }
    case "redirect": {
      const data = concat([patternBytes(action.from), new Uint8Array(1), new TextEncoder().encode(action.to)]);
      return encodeItem({ kind, argument: action.argument, flags: action.from.tree ? TREE : 0, data });
    }
    case "replace": {
      const args = new BigUint64Array(6);
      args.set(action.args);
      return encodeItem({ kind, a: BigInt(callNamed(action.call).number), data: new Uint8Array(args.buffer) });
    }
  }
}

function encodeItem({ kind, argument = ANY_ARGUMENT, flags = 0, offset = 0, a = 0n, b = 0n, data = new Uint8Array() }: Item) {
  const bytes = new Uint8Array(32 + ((data.length + 7) & ~7));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  bytes[4] = kind;
  bytes[5] = argument;
  view.setUint16(6, flags, true);
  view.setUint32(8, offset, true);
  view.setUint32(12, data.length, true);
  view.setBigUint64(16, BigInt.asUintN(64, a), true);
  view.setBigUint64(24, BigInt.asUintN(64, b), true);
  bytes.set(data, 32);
  return bytes;
}

/** 1 for a number, 2 for anything: bytes that no path of interest has. */
function patternBytes({ text }: Pattern): Uint8Array {
  return new TextEncoder().encode(text.replaceAll("{n}", "\u0001").replaceAll("{*}", "\u0002"));
}
