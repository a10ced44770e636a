/** The page of ape-not-elf. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "An Actually Portable Executable begins with `MZqFpD='`, `jartsr='` or `APEDBG='`: a DOS header and a shell " +
    "script at once.\n\n" +
    "`execve` answers ENOEXEC, in gVisor as on plain Linux without a binfmt_misc entry. A shell runs the file as a " +
    "script, which unpacks a small loader to $TMPDIR or $HOME. Builds without a loader (apelink without `-l`, and all before 2022) change " +
    'themselves instead: `exec 7<> "$o"` and `printf` write an ELF header over the file\'s own first 64 bytes. For that the file has to be ' +
    "writable; from then on it is an ELF for Linux alone, which starts as `./file`, while a second `sh ./file` is a syntax error. What starts programs directly (a container's entry " +
    'point, most language runtimes) gets "exec format error". It is no fault in gVisor: an APE of the `%fs` era runs ' +
    'there when a shell starts it. So the verdict stays "runs".',
  known:
    "The first bytes are one of the three. A script that opens `$o`, which is the file, for writing and names no place for a loader or a " +
    "copy ($TMPDIR, or `cp`) changes the file itself.",
  remedy:
    "Start it as `sh ./file`, or let `sandfit fix` write the ELF: the 64-byte header that the script would print " +
    "goes over the first 64 bytes, and nothing moves. `--arch` picks the program of a fat APE. Of an APE that changes itself keep a copy " +
    "that was never started, if other systems are to have it; `sandfit undo` gives back one that `fix --as ape` repaired, started or not.",
  evidence:
    "The `ape-…` programs in `test/fixtures/programs`; their zip is read from inside and proved intact.\n\n" +
    "Cosmopolitan's side: ape/specification.md, tool/build/assimilate.c.",
  unprobed: "No probe tries it: gVisor answers as plain Linux does, so there is nothing to tell apart.",
};
