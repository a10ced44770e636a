/** Data behind the end of its PT_LOAD, on a page that is mapped anyway: gVisor up to April 2025 clears it. */

import { hex } from "../../errors.js";
import { until } from "../../gvisor/behaviour.js";
import { PT_DYNAMIC, PT_NOTE } from "../../image/elf-segments.js";
import type { ElfView } from "../../image/image.js";
import { defineRule } from "../define.js";
import { HeaderTable, headerSite, isStarted, type Load, loaderSource, loadsOf, PAGE } from "../shared/headers.js";
import { loadTailDataProbe } from "../shared/loader-probes.js";

const SHF_ALLOC = 2;
const SHT_NOBITS = 8;

export const loadTailData = defineRule({
  id: "load-tail-data",
  fixable: true,
  words: {
    title: "data behind the end of a segment",
    summary: ({ facts }) =>
      `${facts["what"]} at ${facts["address"]} lies behind the end of its PT_LOAD and reads as zeros in gVisor before April 2025`,
    why:
      "A page is mapped whole, so Linux shows what the file has behind p_filesz where p_memsz is no larger. gVisor cleared it until 9 April 2025 " +
      "(8aa38502d), so a dynamic section or a table there read as zeros.",
    remedy: () => "`sandfit fix` makes the PT_LOAD long enough; or use gVisor from April 2025 on",
    links: [loaderSource(301), "https://github.com/google/gvisor/pull/11622"],
  },
  behaviour: until("2025-04-09", "fails"),
  probe: loadTailDataProbe,
  signature: { signals: ["SIGSEGV"] },
  async find(subject) {
    if (!isStarted(subject)) return undefined;
    const loads = loadsOf(subject.view);
    for (const load of loads) {
      const cut = cutOff(subject.view, load, loads);
      if (cut === undefined) continue;
      const table = await HeaderTable.read(subject);
      const size = cut.address + cut.size - load.address;
      table.set(load.index, "fileSize", size);
      table.set(load.index, "memorySize", size);
      return {
        sites: [await headerSite(subject, load.index, `ends before ${cut.what}`)],
        facts: { what: cut.what, address: hex(cut.address) },
        repair: { edits: table.changes(() => `p_filesz and p_memsz ${hex(load.fileSize)} → ${hex(size)}`), refusals: [] },
      };
    }
    return undefined;
  },
});

interface Part {
  readonly what: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** The part that is used at run time and reaches furthest behind the end of the load, on its last page. */
function cutOff(view: ElfView, load: Load, loads: readonly Load[]): Part | undefined {
  if (load.fileSize === 0 || load.fileSize !== load.memorySize) return undefined;
  const end = load.address + load.fileSize;
  const pageEnd = Math.ceil(end / PAGE) * PAGE;
  const isBehind = (part: Part): boolean =>
    part.size > 0 &&
    part.address + part.size > end &&
    part.address >= load.address &&
    part.address + part.size <= pageEnd &&
    part.address - part.offset === load.address - load.offset &&
    !loads.some((other) => other !== load && part.address >= other.address && part.address < other.address + other.memorySize);
  return partsOf(view)
    .filter(isBehind)
    .sort((a, b) => b.address + b.size - (a.address + a.size))[0];
}

function partsOf(view: ElfView): Part[] {
  const segments = view.programHeaders.flatMap((header) => {
    const what = header.type === PT_DYNAMIC ? "the dynamic section" : header.type === PT_NOTE ? "a note" : undefined;
    return what === undefined ? [] : [{ what, address: header.address, offset: header.offset, size: header.fileSize }];
  });
  const sections = view.sections
    .filter((section) => (section.flags & SHF_ALLOC) !== 0 && section.type !== SHT_NOBITS)
    .map((section) => ({
      what: `section ${section.name}`,
      address: section.address,
      offset: section.offset,
      size: section.size,
    }));
  return [...segments, ...sections];
}
