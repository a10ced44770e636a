/** What a file has around it that its bytes do not tell. In a browser there is nothing of it; `disk/surroundings.ts` gives it elsewhere. */

import type { ElfNote } from "../image/elf-notes.js";
import type { ElfView } from "../image/image.js";

/** What lies beside a program and matters to it. */
export interface Surroundings {
  /** Permission bits, st_mode & 0o7777. */
  readonly mode?: number;
  /** The shared libraries that a program would load, found as ld.so does. */
  libraries?(view: ElfView): Libraries;
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
