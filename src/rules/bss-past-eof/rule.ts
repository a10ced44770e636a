/** A PT_LOAD that takes more from the file than there is and has zeros behind that: gVisor cannot clear them. */

import { always } from "../../gvisor/behaviour.js";
import { defineRule } from "../define.js";
import { HeaderTable, headerSite, isStarted, loaderSource, loadsOf, PAGE } from "../shared/headers.js";
import { bssPastEofProbe } from "../shared/loader-probes.js";

export const bssPastEof = defineRule({
  id: "bss-past-eof",
  fixable: true,
  words: {
    title: "zeros behind the end of the file",
    summary: ({ facts }) =>
      `a PT_LOAD takes ${facts["missing"]} bytes that the file does not have, with zeros behind them: execve answers EFAULT`,
    why:
      "gVisor maps the file and clears the rest of the last page by writing to it, which fails with EFAULT where that page lies behind the end of the " +
      "file; then the program is not started. Linux does not mind in a segment that is not writable.",
    remedy: () => "`sandfit fix` lowers p_filesz to what the file has; the copy may also have been cut off",
    links: [loaderSource(247)],
  },
  behaviour: always("fails"),
  probe: bssPastEofProbe,
  signature: { execve: ["EFAULT"] },
  async find(subject) {
    if (!isStarted(subject)) return undefined;
    const { size } = subject.source;
    const pages = Math.ceil(size / PAGE) * PAGE;
    const wrong = loadsOf(subject.view).find((load) => {
      const end = load.offset + load.fileSize;
      return load.memorySize > load.fileSize && end % PAGE !== 0 && end > pages && (load.flags & 2) === 0;
    });
    if (wrong === undefined) return undefined;
    const there = Math.max(0, size - wrong.offset);
    const table = await HeaderTable.read(subject);
    table.set(wrong.index, "fileSize", there);
    return {
      sites: [await headerSite(subject, wrong.index, "reaches behind the end of the file")],
      facts: { missing: wrong.fileSize - there },
      repair: { edits: table.changes(() => `p_filesz ${wrong.fileSize} → ${there}`), refusals: [] },
    };
  },
});
