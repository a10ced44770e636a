/** More than 73 program headers: gVisor reads at most a page of them. */

import { always } from "../../gvisor/behaviour.js";
import { type Change, defineRule, type Repair, type Subject } from "../define.js";
import { change, ENTRY, HeaderTable, isStarted, loaderSource, PAGE, PT_NULL, site } from "../shared/headers.js";
import { phdrCountProbe } from "../shared/loader-probes.js";

const MOST = Math.floor(PAGE / ENTRY);
/** Offset of e_phnum in an Elf64_Ehdr. */
const E_PHNUM = 56;

export const phdrCount = defineRule({
  id: "phdr-count",
  fixable: true,
  words: {
    title: "too many program headers",
    summary: ({ facts }) => `${facts["count"]} program headers where gVisor takes ${MOST}: execve answers ENOEXEC`,
    why: "gVisor reads at most 4,096 bytes of program headers, 73 of them, and answers ENOEXEC for more. Linux takes 65,536 bytes.",
    remedy: (finding) =>
      (finding.repair?.refusals.length ?? 1) === 0 ? "`sandfit fix` takes the empty ones out" : "link it with fewer segments",
    links: [loaderSource(186)],
  },
  behaviour: always("fails"),
  probe: phdrCountProbe,
  signature: { execve: ["ENOEXEC"] },
  async find(subject) {
    const count = subject.view.programHeaders.length;
    if (!isStarted(subject) || count <= MOST) return undefined;
    const bytes = subject.view.header.subarray(E_PHNUM, E_PHNUM + 2);
    return {
      sites: [site(E_PHNUM, bytes, `e_phnum ${count}`, "number of program headers")],
      facts: { count },
      repair: await repair(subject),
    };
  },
});

async function repair(subject: Subject): Promise<Repair<Change>> {
  const { programHeaders, header } = subject.view;
  const telling = programHeaders.flatMap((one, index) => (one.type === PT_NULL ? [] : [index]));
  if (telling.length > MOST)
    return { edits: [], refusals: [`${telling.length} program headers say something, and gVisor takes ${MOST}`] };
  const table = await HeaderTable.read(subject);
  const entries = telling.map((index) => table.entry(index));
  for (const [index] of programHeaders.entries()) table.put(index, entries[index] ?? new Uint8Array(ENTRY));
  const after = Uint8Array.of(telling.length, 0);
  return {
    edits: [
      change(E_PHNUM, header.subarray(E_PHNUM, E_PHNUM + 2), after, `e_phnum ${programHeaders.length} → ${telling.length}`),
      ...table.changes((index) => `program header ${index}: moved to the front of the table`),
    ],
    refusals: [],
  };
}
