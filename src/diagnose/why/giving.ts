/** Rules for the tracer that give a run the answers of another one. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../../environments/trace/events.js";
import { isNetlink } from "../../environments/trace/netlink.js";
import { type Action, type Condition, failsWith, type Rule } from "../../environments/trace/rules.js";
import type { Asked, Reading } from "./align.js";
import type { Differing } from "./compare.js";

export interface Given {
  readonly rules: readonly Rule[];
  /** Answers that no rule can give: a descriptor, or data that was cut off. */
  readonly impossible: readonly string[];
}

/** Puts files where both sides see them. */
export class Files {
  #count = 0;
  constructor(readonly work: string) {}
  path(): string {
    return join(this.work, `answer-${++this.#count}`);
  }
  file(bytes: Uint8Array): string {
    const path = this.path();
    writeFileSync(path, bytes, { mode: 0o644 });
    return path;
  }
}

const RECEIVING = new Set(["read", "readv", "recvmsg", "recvfrom", "recvmmsg"]);
const SENDING = new Set(["sendto", "sendmsg", "sendmmsg", "write", "writev"]);
const READING = new Set(["read", "pread64", "readv", "getdents64"]);
const UNSAFE = new Set(["execve", "execveat", "clone", "clone3", "fork", "vfork", "mmap", "mremap"]);

/** Rules that give the answers that `from` got to all that the difference is about. */
export function giving({ differences, isFamily }: Differing, from: Reading, files: Files): Given {
  const keys = [...new Set(differences.map(({ linux }) => linux.question.key))];
  const results = keys.map((key) => givingKey(from.byKey.get(key) ?? [], from, files));
  const rules = results.flatMap((one) => one.rules);
  return {
    // Redirects first: they hold for every call about their path.
    rules: (isFamily ? rules.map(widened) : rules).toSorted((a, b) => Number(isRedirect(b)) - Number(isRedirect(a))),
    impossible: results.flatMap((one) => one.impossible),
  };
}

const isRedirect = ({ actions }: Rule): boolean => actions[0]?.do === "redirect";
const constantFile = (path: string | undefined): path is string =>
  path !== undefined && /^\/(proc|sys)\//.test(path) && !/^\/proc\/(\d|self|thread-self)/.test(path);

function givingKey(asked: readonly Asked[], from: Reading, files: Files): Given {
  const [first] = asked;
  if (first === undefined) return { rules: [], impossible: [] };
  const { path, key } = first.question;
  const isRead = READING.has(first.event.call.name) && first.answer.errno === undefined;
  if (isRead && constantFile(path))
    return first.event.call.name === "getdents64" ? givingNames(path, asked, files) : givingContent(path, asked, files);
  // A file's size and its content come together with the redirect.
  if (constantFile(path) && /^(fstat|lseek|close)\|/.test(key) && first.answer.errno === undefined)
    return { rules: [], impossible: [] };
  const isConstant =
    asked.every(({ answer }) => JSON.stringify(answer) === JSON.stringify(first.answer)) &&
    (first.answer.errno !== undefined || !RECEIVING.has(first.event.call.name));
  const rules: Rule[] = [];
  const impossible: string[] = [];
  for (const one of isConstant ? [first] : asked) {
    const actions = actionsFor(one);
    if (actions === undefined) impossible.push(key);
    else
      rules.push({ call: one.event.call.name, conditions: one.question.conditions, actions, ...(isConstant ? {} : only(one)) });
  }
  void from;
  return { rules: isConstant ? rules : rules.map((rule, i) => within(rule, asked[i]!)), impossible };
}

const only = ({ occurrence }: Asked) => ({ first: occurrence, last: occurrence });

function within(rule: Rule, { process }: Asked): Rule {
  return { ...rule, conditions: [...rule.conditions, { if: "process", is: { text: process } }] };
}

/** The answer as actions; undefined where it cannot be given. */
export function actionsFor({ event, answer }: Asked): Action[] | undefined {
  const { call, result, parts, origins } = event;
  if (event.errno !== undefined) return [failsWith(event.errno)];
  if (answer.value === "fd" || UNSAFE.has(call.name)) return undefined;
  const out = parts.filter(({ kind }) => kind === "out" || kind === "control");
  if (out.some(({ isCut }) => isCut)) return undefined;
  const isSocket = isNetlink(origins.get(0));
  // What is received is taken out of its queue, and what is sent is sent; the answer is put over it then.
  const perform = RECEIVING.has(call.name) || SENDING.has(call.name);
  return [
    { do: "result", result: BigInt(result), ...(perform && { perform }) },
    ...out.map((part): Action => bytesOf(part, call.meanings[part.argument] ?? "-", isSocket)),
  ];
}

function bytesOf({ argument, kind, offset, bytes }: Part, meaning: string, netlink: boolean): Action {
  const isContent = offset === 0 && meaning === "msg-out";
  const where = kind === "control" ? "control" : isContent ? "message" : meaning === "vec-out" ? "vector" : "buffer";
  return {
    do: "bytes",
    argument,
    where,
    offset: kind === "control" ? 0 : offset,
    bytes,
    ...(netlink && (isContent || where === "buffer") ? { netlink } : {}),
  };
}

/** A file's content, whole: the program may ask for it in other pieces, or with another room. */
export function givingContent(path: string, asked: readonly Asked[], files: Files): Given {
  const pieces: Uint8Array[] = [];
  const { process } = asked[0]!;
  for (const { event, process: by } of asked) {
    if (by !== process) break;
    if (event.result === 0) break;
    if (event.result < 0) return { rules: [], impossible: [`${path} could not be read`] };
    const part = event.parts.find(({ kind, argument }) => kind === "out" && argument === 1);
    if (part === undefined || part.isCut) return { rules: [], impossible: [`${path} was cut off`] };
    pieces.push(part.bytes);
  }
  return { rules: [redirect(path, files.file(Buffer.concat(pieces)))], impossible: [] };
}

/** A directory with the same names in it (struct linux_dirent64: inode, offset, length, type, name). */
function givingNames(path: string, asked: readonly Asked[], files: Files): Given {
  const directory = files.path();
  mkdirSync(directory, { mode: 0o755 });
  for (const { event } of asked) {
    const part = event.parts.find(({ kind }) => kind === "out");
    if (event.result <= 0 || part === undefined) continue;
    if (part.isCut) return { rules: [], impossible: [`${path} was cut off`] };
    const bytes = Buffer.from(part.bytes);
    for (let at = 0; at + 19 <= bytes.length; ) {
      const length = bytes.readUInt16LE(at + 16);
      if (length < 19) break;
      const name = bytes.toString("latin1", at + 19, at + length).split("\0")[0]!;
      if (name !== "." && name !== ".." && !name.includes("/")) {
        if (bytes[at + 18] === 4) mkdirSync(join(directory, name), { recursive: true });
        else writeFileSync(join(directory, name), "");
      }
      at += length;
    }
  }
  return { rules: [redirect(path, directory)], impossible: [] };
}

/** Whoever asks for a path gets another one. With `tree`, all below it too. */
export function redirect(path: string, to: string, tree = false): Rule {
  const from = { text: path, ...(tree && { tree }) };
  return { conditions: [{ if: "path", is: from }], actions: [{ do: "redirect", from, to }] };
}

/** The same for every number in the paths. */
function widened(rule: Rule): Rule {
  const wide = (condition: Condition): Condition =>
    condition.if === "path" || condition.if === "origin"
      ? { ...condition, is: { ...condition.is, text: condition.is.text.replace(/\d+/g, "{n}") } }
      : condition;
  return { ...rule, conditions: rule.conditions.map(wide) };
}
