/** Several PT_INTERPs: Linux takes the first, gVisor the last. */

import { always } from "../../gvisor/behaviour.js";
import { PT_INTERP } from "../../image/elf-segments.js";
import { defineRule } from "../define.js";
import { HeaderTable, headerSite, isStarted, loaderSource, PT_NULL } from "../shared/headers.js";
import { interpDuplicateProbe } from "../shared/loader-probes.js";

export const interpDuplicate = defineRule({
  id: "interp-duplicate",
  fixable: true,
  words: {
    title: "two dynamic linkers named",
    summary: ({ facts }) => `gVisor starts ${facts["last"]}, Linux ${facts["first"]}`,
    why: "gVisor's loader keeps the last PT_INTERP that it meets, Linux stops at the first. Where the last names another file, that one is started, or execve fails.",
    remedy: () => "`sandfit fix` keeps the first PT_INTERP",
    links: [loaderSource(431)],
  },
  behaviour: always("fails"),
  probe: interpDuplicateProbe,
  signature: { execve: ["ENOENT", "ENOEXEC", "EACCES"] },
  async find(subject) {
    if (!isStarted(subject)) return undefined;
    const all = subject.view.programHeaders.flatMap((header, index) => (header.type === PT_INTERP ? [{ ...header, index }] : []));
    if (all.length < 2) return undefined;
    const paths: string[] = [];
    for (const { offset, fileSize } of all) {
      const bytes = await subject.source.read(offset, Math.min(fileSize, 4096));
      paths.push(new TextDecoder().decode(bytes).split("\0", 1)[0]);
    }
    const [first, last] = [paths[0], paths[paths.length - 1]];
    if (first === last) return undefined;
    const table = await HeaderTable.read(subject);
    for (const { index } of all.slice(1)) table.set(index, "type", PT_NULL);
    return {
      sites: [
        await headerSite(subject, all[0].index, `PT_INTERP ${first}`),
        await headerSite(subject, all[all.length - 1].index, `PT_INTERP ${last}`),
      ],
      facts: { first, last },
      repair: { edits: table.changes(() => "a further PT_INTERP → PT_NULL"), refusals: [] },
    };
  },
});
