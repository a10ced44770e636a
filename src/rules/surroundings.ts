/** What a file has around it that its bytes do not tell. In a browser there is nothing of it; `input/surroundings.ts` gives it elsewhere. */

import type { ByteSource } from "../bytes/source.js";
import type { ElfNote } from "../image/elf-notes.js";
import type { ElfView } from "../image/image.js";

/** What lies beside a program and matters to it. */
export interface Surroundings {
  /** Permission bits, st_mode & 0o7777. */
  readonly mode?: number;
  /** The shared libraries that a program would load, found as ld.so does. */
  libraries?(view: ElfView): Libraries;
  /** What programs of known kinds open by themselves at start (dlopen), which no header of theirs tells. */
  openedAtStart?(view: ElfView): Promise<readonly OpenedLibrary[]>;
}

/** A library that a program of a known kind opens by itself. */
export interface OpenedLibrary {
  readonly path: string;
  /** A text that a program of that kind has in it: by that it finds the library. */
  readonly text: string;
  /** Opens the library for as long as `look` takes; undefined where it cannot be read. */
  read<Result>(look: (library: ByteSource) => Promise<Result>): Promise<Result | undefined>;
}

/** The libraries that a program would load. Read when first asked for; nothing here throws. */
export interface Libraries {
  /** All of them, and what is missing. */
  all(): Promise<Closure>;
  /** The newest of the GNU C Library's versions that the one among them provides ("2.36" of GLIBC_2.36); undefined where there is none. */
  glibc(): Promise<string | undefined>;
}

/** All libraries that a program would load. */
export interface Closure {
  /** Those that DT_NEEDED names lead to, directly or through others, each once. The program's interpreter is the first. */
  readonly found: readonly Library[];
  /** Names that led to no file. */
  readonly missing: readonly string[];
}

/** One of them. */
export interface Library {
  readonly path: string;
  readonly notes: readonly ElfNote[];
}
