/** The first line of a script, as Linux and gVisor read it. */

import { gvisorSource } from "../../gvisor/gvisor.js";
import type { FileSubject } from "../define.js";

/** Linux reads 256 bytes of a file that is executed (BINPRM_BUF_SIZE, since 5.1), gVisor 127 (pkg/sentry/loader/interpreter.go). */
export const LINUX_READS = 256;
export const GVISOR_READS = 127;

/** Address of what reads `#!` lines in gVisor, at a line. */
export const interpreterSource = (line: number) => gvisorSource("pkg/sentry/loader/interpreter.go", line);

export interface FirstLine {
  /** Without the line feed, as bytes and as latin1 text of the same length. */
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The interpreter's path, and where it ends in the line. */
  readonly interpreter: string;
  readonly interpreterEnd: number;
  /** What is between the interpreter and the end of the line without the blanks around it. */
  readonly argument: string;
  /** Blanks at the end. */
  readonly trailing: string;
}

/** The first line of a script that Linux can start; undefined for anything else. */
export async function firstLineOf({ source, image }: FileSubject): Promise<FirstLine | undefined> {
  if (image.kind !== "script") return undefined;
  const start = await source.read(0, LINUX_READS);
  const end = start.indexOf(0x0a);
  if (end < 0 && start.length >= LINUX_READS - 1) return undefined;
  const bytes = end < 0 ? start : start.subarray(0, end);
  const text = String.fromCharCode(...bytes);
  const [, head, interpreter, rest] = /^(#![ \t]*)([^ \t]+)(.*)$/s.exec(text) ?? [];
  if (interpreter === undefined) return undefined;
  const trailing = /[ \t]*$/.exec(rest)?.[0] ?? "";
  return { bytes, text, interpreter, interpreterEnd: head.length + interpreter.length, argument: rest.trim(), trailing };
}
