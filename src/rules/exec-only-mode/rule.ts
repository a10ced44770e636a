/** A file that some may execute and not read: gVisor has to read what it starts. */

import { always } from "../../gvisor/behaviour.js";
import { defineFileRule } from "../define.js";
import { site } from "../shared/headers.js";
import { execOnlyModeProbe } from "../shared/loader-probes.js";

export const execOnlyMode = defineFileRule({
  id: "exec-only-mode",
  fixable: true,
  words: {
    title: "executable, not readable",
    summary: ({ facts }) => `mode ${facts["mode"]}: who may execute it and not read it gets EACCES in gVisor`,
    why: "gVisor's loader opens the file for reading with the rights of who starts it, so execve answers EACCES where only execution is allowed. Linux needs no right to read.",
    remedy: () => "`chmod a+r`, or `sandfit fix`, which writes a file that whoever may execute it may read",
    links: ["https://github.com/google/gvisor/issues/160"],
  },
  behaviour: always("may-fail"),
  probe: execOnlyModeProbe,
  signature: { execve: ["EACCES"] },
  findInFile({ surroundings, image }) {
    const mode = surroundings.mode === undefined ? undefined : surroundings.mode & 0o777;
    // Libraries are read by ld.so on any system.
    const isProgram =
      image.kind !== "elf" || image.elf.some((view) => view.interpreter !== undefined || view.type === 2 || view.isStatic);
    if (mode === undefined || !isProgram) return undefined;
    const after = mode | ((mode & 0o111) << 2);
    if (after === mode) return undefined;
    return {
      sites: [site(0, new Uint8Array(0), `mode ${octal(mode)}`, "permission bits")],
      facts: { mode: octal(mode) },
      repair: { edits: [], mode: { before: mode, after }, refusals: [] },
    };
  },
});

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");
