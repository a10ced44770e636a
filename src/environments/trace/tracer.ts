/** Puts the tracer in front of a command, and gets what it wrote. */

import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { fromBase64 } from "../../bytes/base64.js";
import { placeProgram } from "../probe/place.js";
import { tracerBinary } from "./tracer-binary.js";

export interface TracerOptions {
  /** encodeRules; nothing is changed by default. */
  readonly rules?: Uint8Array;
  /** Milliseconds until the tracer kills the whole tree; no limit by default. */
  readonly timeout?: number;
  /** Most bytes of the record; calls beyond are counted and left out. 256 MiB by default, at least 4 MiB. */
  readonly limit?: number;
  /** What becomes of processes that the command leaves behind: by default they go on, untraced. */
  readonly left?: "wait" | "kill" | "detach";
  /**
   * How the record leaves: "file", which nothing inside a runsc can be read from afterwards; "mark", at the end on standard error,
   * behind a line of its own; "none", for rules without a record.
   */
  readonly record: "file" | "mark" | "none";
}

export interface Tracer {
  readonly command: string[];
  /** The line of standard error in front of the record, for "mark". */
  readonly mark: string | undefined;
  /** The record; `aside` is what came behind the mark. Undefined where there is none: the tracer could not start or was killed. */
  take(aside?: Uint8Array): Uint8Array | undefined;
  /** Removes the tracer's files. */
  dispose(): void;
}

/** The program itself. */
export function tracerProgram(): Uint8Array {
  return inflateRawSync(fromBase64(tracerBinary));
}

/** `command` under the tracer: it keeps its input, output and exit status. Whoever can run the command can run it so. */
export function underTracer(command: readonly string[], options: TracerOptions): Tracer {
  const placed = placeProgram(tracerProgram(), "trace");
  const beside = (name: string) => join(dirname(placed.path), name);
  const words = [placed.path];
  const mark = options.record === "mark" ? `sandfit-trace-${randomBytes(12).toString("hex")}` : undefined;
  if (options.record === "file") words.push("-o", beside("record"));
  if (mark !== undefined) words.push("-m", mark);
  if (options.rules !== undefined) {
    writeFileSync(beside("rules"), options.rules, { mode: 0o600 });
    words.push("-r", beside("rules"));
  }
  if (options.timeout !== undefined) words.push("-t", String(Math.ceil(options.timeout)));
  if (options.limit !== undefined) words.push("-b", String(options.limit));
  if (options.left !== undefined) words.push("-l", options.left);
  return {
    command: [...words, "--", ...command],
    mark,
    take(aside) {
      if (mark !== undefined) return aside !== undefined && aside.length > 0 ? aside : undefined;
      try {
        const record = readFileSync(beside("record"));
        // Ended by a signal before it had begun to write.
        return record.length > 0 ? record : undefined;
      } catch {
        return undefined;
      }
    },
    dispose: placed.dispose,
  };
}
