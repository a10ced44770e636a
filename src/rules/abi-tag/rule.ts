/** Libraries that ask for a newer kernel than gVisor says that it is (NT_GNU_ABI_TAG), and a dynamic linker that listens to them. */

import type { Behaviour } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import type { ElfNote } from "../../image/elf-notes.js";
import { readElfNotes } from "../../image/elf-notes.js";
import { PT_NOTE } from "../../image/elf-segments.js";
import { neededGlibc } from "../../image/imported-names.js";
import { defineRule, type Site, type Subject } from "../define.js";
import { change, site } from "../shared/headers.js";
import { abiTagProbe } from "../shared/loader-probes.js";
import type { Closure } from "../surroundings.js";

const NT_GNU_ABI_TAG = 1;
const LINUX = 0;
type Version = readonly [number, number, number];

/** What uname says: 4.4.0 up to April 2026, 4.19.0-gvisor since (gVisor pkg/sentry/syscalls/linux/sys_utsname.go, ee08a593a). */
const BEFORE: Version = [4, 4, 0];
const SINCE: Version = [4, 19, 0];
const CHANGED = "2026-04-27";
/** glibc does not look at the tag any more (commit b46d250656, "Remove kernel version check"); it provides GLIBC_2.36. */
const GLIBC_WITHOUT = 36;
/** What distributions ask for. */
const LOWERED: Version = [3, 2, 0];

export const abiTag = defineRule({
  id: "abi-tag",
  fixable: true,
  words: {
    title: "library that asks for a newer kernel",
    summary: ({ facts }) =>
      `${facts["file"]} asks for Linux ${facts["version"]}, gVisor says it is ${facts["kernel"]}: ld.so before glibc 2.36 does not load it`,
    why:
      "uname says 4.4.0 in gVisor up to 26 April 2026 and 4.19.0-gvisor since. The dynamic linker of glibc before 2.36 passes over libraries whose " +
      'NT_GNU_ABI_TAG asks for a newer kernel, so the program ends with "cannot open shared object file", although the file is there.',
    remedy: ({ facts }) =>
      facts["own"] === true
        ? "`sandfit fix` lowers the version in the note; or use glibc 2.36 or gVisor from April 2026 on"
        : `${fixing(String(facts["file"]))} lowers the version in that library's note; or use glibc 2.36 or gVisor from April 2026 on`,
    links: ["https://github.com/google/gvisor/pull/13016", gvisorSource("pkg/sentry/syscalls/linux/sys_utsname.go", 34)],
  },
  behaviour: { clauses: [{ consequence: "fails", until: CHANGED }] },
  probe: abiTagProbe,
  async find(subject) {
    const { view, source } = subject;
    if (view.class !== 64) return undefined;
    // ld.so looks at libraries; the kernel loads a program whatever its tag says.
    const isLibrary =
      view.type === 3 &&
      view.interpreter === undefined &&
      (view.entry === 0 || view.soname !== undefined || view.needed.length > 0);
    const own = isLibrary ? await ownTag(subject) : undefined;
    if (own !== undefined && isNewer(own.version, BEFORE)) {
      const { fileOffset } = own.note;
      const bytes = await source.read(fileOffset + 4, 12);
      return {
        sites: [tagSite(own.note, own.version)],
        facts: { own: true, file: "it", ...kernelFacts(own.version) },
        behaviour: behaviourFor(own.version, "may-fail"),
        repair: {
          edits: [change(fileOffset + 4, bytes, wordsOf(LOWERED), `Linux ${own.version.join(".")} → ${LOWERED.join(".")}`)],
          refusals: [],
        },
      };
    }
    if (view.interpreter === undefined || view.needed.length === 0) return undefined;
    const libraries = subject.surroundings.libraries?.(view);
    // Its own names tell the most of programs that were built lately; only for others the C library is looked for.
    if (libraries === undefined || (await neededGlibc(source, view)) >= GLIBC_WITHOUT) return undefined;
    const glibc = await libraries.glibc();
    if (glibc !== undefined && isDeaf(glibc)) return undefined;
    const newest = newestTag(await libraries.all());
    if (newest === undefined || !isNewer(newest.version, BEFORE)) return undefined;
    return {
      sites: [tagSite(newest.note, newest.version)],
      facts: { own: false, file: newest.path, ...kernelFacts(newest.version) },
      // In an archive there often is none: the machine that it is unpacked on decides then.
      behaviour: behaviourFor(newest.version, glibc === undefined ? "may-fail" : "fails"),
    };
  },
});

/** The command that repairs a library; of one in an archive, the whole of that is written anew. */
function fixing(library: string): string {
  const [file, ...inside] = library.split("!/");
  if (inside.length === 0) return `\`sandfit fix ${file}\``;
  if (inside.length === 1) return `\`sandfit pack ${file}\``;
  return `\`sandfit pack ${inside[0]}\`, taken out of ${file},`;
}

async function ownTag({ view, source }: Subject): Promise<{ note: ElfNote; version: Version } | undefined> {
  if (!view.programHeaders.some((header) => header.type === PT_NOTE)) return undefined;
  return tagIn(await readElfNotes(source, view));
}

function tagIn(notes: readonly ElfNote[]): { note: ElfNote; version: Version } | undefined {
  const note = notes.find((one) => one.owner === "GNU" && one.type === NT_GNU_ABI_TAG && one.descriptor.length >= 16);
  if (note === undefined) return undefined;
  const words = new DataView(note.descriptor.buffer, note.descriptor.byteOffset, 16);
  const [os, ...version] = [0, 4, 8, 12].map((at) => words.getUint32(at, true));
  return os === LINUX ? { note, version: [version[0], version[1], version[2]] } : undefined;
}

function newestTag({ found }: Closure): { path: string; note: ElfNote; version: Version } | undefined {
  const tags = found.flatMap(({ path, notes }) => {
    const tag = tagIn(notes);
    return tag === undefined ? [] : [{ path, ...tag }];
  });
  return tags.sort((a, b) => (isNewer(a.version, b.version) ? -1 : 1))[0];
}

/** Whether the C library is one that does not look. */
function isDeaf(glibc: string): boolean {
  const [major, minor] = glibc.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= GLIBC_WITHOUT);
}

function isNewer(a: Version, b: Version): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && a[at] > b[at];
}

function kernelFacts(version: Version): { version: string; kernel: string } {
  return { version: version.join("."), kernel: isNewer(version, SINCE) ? "4.19.0" : "4.4.0 up to April 2026" };
}

function behaviourFor(version: Version, consequence: "fails" | "may-fail"): Behaviour {
  return { clauses: [isNewer(version, SINCE) ? { consequence } : { consequence, until: CHANGED }] };
}

function wordsOf(version: Version): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  for (const [i, part] of version.entries()) view.setUint32(4 * i, part, true);
  return bytes;
}

function tagSite(note: ElfNote, version: Version): Site {
  return site(note.fileOffset, note.descriptor, `NT_GNU_ABI_TAG: Linux ${version.join(".")}`, "note");
}
