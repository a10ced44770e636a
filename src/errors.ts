/** The errors that Sandfit declares. Anything else that is thrown is a bug in Sandfit and keeps its stack. */

/** The input cannot be read as what it claims to be, or cannot be read at all. One sentence: what, and where. Exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
  /** File offset in bytes that the sentence speaks of, where there is one. */
  readonly offset: number | undefined;
  constructor(message: string, offset?: number) {
    super(offset === undefined ? message : `${message} (at file offset ${hex(offset)})`);
    this.offset = offset;
  }
}

/** The input is sound, and no program for Linux: a text, an archive, a program for another system. */
export class NoProgramError extends InputError {}

/** The disk, or another part of the system, failed: nothing is wrong with the input itself. */
export class DiskError extends InputError {}

/** A change was asked for that cannot be made safely. Nothing was written. Exit code 1. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** One sentence each: every reason, not only the first. */
  readonly reasons: readonly string[];
  constructor(reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.reasons = reasons;
  }
}

/** `0x1f` style, as addresses and offsets are written in all output. Damaged fields may be larger than a number can be (`bytes/struct.ts`). */
export function hex(value: number): string {
  return Number.isFinite(value) ? `0x${value.toString(16)}` : "above 2^53";
}
