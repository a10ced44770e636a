/** %gs is used and %fs is too: Wine, Firefox from 136, SQL Server, sandboxed WebAssembly. Cannot be fixed by swapping registers. */

import { asciiOf, positionsOf } from "../../bytes/find.js";
import type { ByteSource } from "../../bytes/source.js";
import { ArchCode } from "../../code/abi.js";
import type { SegmentAccess } from "../../code/accesses.js";
import { loadDataSpace } from "../../code/data-space.js";
import { baseWrites } from "../../code/selectors.js";
import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { addressOfOffset } from "../../image/address.js";
import { readImage } from "../../image/detect.js";
import { defineRule, type Found, type Site, type Subject } from "../define.js";
import { strictEvidence } from "../shared/data-in-code.js";
import { UNDER_QEMU } from "../shared/emulation.js";
import { canSetGs, setGsPatterns, setGsProbe, usesFs, wrgsbasePatterns } from "../shared/gs.js";
import { isProgram } from "../shared/reach.js";
import { hexOf, siteAt } from "../shared/sites.js";
import { prepareSubject } from "../subject.js";

/** Programs that are known to need both registers, by a string that only they carry, with what to use instead. */
const knownPrograms: readonly { case: string; name: string; marker: string; instead: string }[] = [
  {
    case: "segue",
    name: "Firefox 136 or newer (WebAssembly memory through %gs)",
    marker: "wasm_rt_syscall_set_segue_base",
    instead: "use Firefox ESR 128, Firefox up to 135, or Chromium",
  },
  {
    case: "wine",
    name: "Wine (Windows thread block in %gs)",
    marker: "__wine_unix_call",
    instead: "run it outside gVisor, or put qemu-user in the place of its preloader (`sandfit rules gs-beside-fs` says how)",
  },
  { case: "sql-server", name: "Microsoft SQL Server", marker: "sqlservr", instead: "run it outside gVisor" },
];

export const gsBesideFs = defineRule({
  id: "gs-beside-fs",
  fixable: false,
  words: {
    title: "%gs used beside %fs",
    summary: ({ facts }) => {
      if (facts["library"] !== "") return `opens ${facts["library"]} at start, which uses %gs beside %fs: ${facts["program"]}`;
      if (facts["case"] === BASELESS)
        return `${facts["accesses"]} accesses through %gs on Linux's path, and nothing sets its base: there they crash on plain Linux too`;
      const what = [count(facts["sets"], "arch_prctl(ARCH_SET_GS)"), count(facts["wrgsbase"], "wrgsbase")].filter(
        (text) => text !== "",
      );
      return `${what.join(" and ")}, ${facts["accesses"]} accesses through %gs${facts["program"] === "" ? "" : `: ${facts["program"]}`}`;
    },
    why: "gVisor refuses ARCH_SET_GS with EINVAL on every platform, and on systrap %gs belongs to gVisor itself. %fs holds the C library's thread pointer, so the accesses cannot be moved to it.",
    remedy: ({ facts }) =>
      facts["instead"] === ""
        ? `not fixable by an edit of the same length; a build without %gs is needed, ${UNDER_QEMU}`
        : `not fixable by an edit; ${facts["instead"]}`,
    links: [
      "https://github.com/google/gvisor/issues/11567",
      "https://github.com/google/gvisor/issues/11112",
      gvisorSource("pkg/sentry/syscalls/linux/sys_tls_amd64.go", 48),
    ],
  },
  behaviour: always("fails"),
  probe: setGsProbe,
  signature: { signals: ["SIGSEGV"], instruction: /%gs:/ },
  patterns: [...setGsPatterns, ...wrgsbasePatterns],
  async find(subject) {
    if (!(await canSetGs(subject))) return (await baselessAccesses(subject)) ?? openedLibrary(subject);
    const analysis = await subject.code();
    const { code, gs } = analysis;
    const sets = analysis.archPrctls.filter((call) => call.code === ArchCode.SET_GS);
    if (sets.length === 0) return baselessAccesses(subject);
    const bases = baseWrites(code, subject.sightings(...wrgsbasePatterns), "gs");
    const isSure = (access: SegmentAccess) => access.evidence !== "swept" && access.onLinux && access.use === "thread-state";
    const accesses = gs.found.filter(isSure);
    // Cosmopolitan up to v3.2.4 has accesses through a register for the case that it moved itself to %gs; it does not here.
    if (subject.isCosmopolitan && !accesses.some((access) => access.offset !== undefined)) return undefined;
    if (accesses.length === 0 && bases.length === 0) return undefined;
    if (!usesFs(subject, analysis) && bases.length === 0) return undefined;
    const sites: Site[] = [
      ...sets.map((call) => siteAt(code, call.constant.position, "ARCH_SET_GS")),
      ...bases.map((position) => siteAt(code, position, "wrgsbase")),
      ...accesses.map((access) => siteAt(code, access.position, "access through %gs", access.evidence)),
    ];
    const known = knownPrograms.find((program) => code.data.includesText(program.marker));
    return {
      // A library only fails the programs that call that part of it.
      behaviour: always(isProgram(subject.view) ? "fails" : "may-fail"),
      sites,
      facts: {
        sets: sets.length,
        wrgsbase: bases.length,
        accesses: accesses.length,
        library: "",
        case: known?.case ?? "",
        program: known?.name ?? "",
        instead: known?.instead ?? "",
      },
    };
  },
});

/** The case of a program that never asks for a base. */
const BASELESS = "no-base";

/**
 * In a Cosmopolitan program with thread state in %fs, an access through %gs of its own: it has one for macOS and some for Windows, but
 * Linux does not get there.
 */
async function baselessAccesses(subject: Subject): Promise<Found | undefined> {
  if (!subject.isCosmopolitan) return undefined;
  const analysis = await subject.code();
  const setsFs = analysis.archPrctls.some((call) => call.code === ArchCode.SET_FS);
  if (!setsFs || analysis.runtime.era === "gs" || !usesFs(subject, analysis)) return undefined;
  const accesses = analysis.gs.found.filter(
    ({ use, onLinux, position }) => use === "thread-state" && onLinux && strictEvidence(analysis, position) === "entry",
  );
  if (accesses.length === 0) return undefined;
  return {
    behaviour: always("may-fail"),
    sites: accesses.map(({ position }) => siteAt(analysis.code, position, "access through %gs", "entry")),
    facts: { sets: 0, wrgsbase: 0, accesses: accesses.length, library: "", case: BASELESS, program: "", instead: "" },
  };
}

/** Larger than any program that only opens what it consists of. */
const MOST_BYTES = 16 << 20;

/** A program that opens one of the known cases as a library: by its surroundings, and by the name of that in the program itself. */
async function openedLibrary(subject: Subject): Promise<Found | undefined> {
  const { surroundings, source, view } = subject;
  const opened = isProgram(view) && source.size <= MOST_BYTES ? ((await surroundings.openedAtStart?.(view)) ?? []) : [];
  for (const { path, text, read } of opened) {
    const fileOffset = positionsOf(asciiOf(text), await source.read(0, source.size))[0];
    const known = fileOffset === undefined ? undefined : await read((library) => knownCase(subject, library));
    if (fileOffset === undefined || known === undefined) continue;
    const { case: which, name, instead } = known;
    const address = addressOfOffset(view, fileOffset);
    const site = {
      fileOffset,
      bytes: hexOf(Uint8Array.from(asciiOf(text))),
      text: JSON.stringify(text),
      evidence: "text",
    } as const;
    return {
      sites: [{ ...site, address, inFunction: undefined, role: "by which it finds what it opens" }],
      facts: { sets: 0, wrgsbase: 0, accesses: 0, library: path, case: which, program: name, instead },
    };
  }
  return undefined;
}

/** Which of the known cases a library is, if it can set %gs at all; that is a look at its bytes, not a walk. */
async function knownCase(subject: Subject, library: ByteSource): Promise<(typeof knownPrograms)[number] | undefined> {
  const image = await readImage(library);
  const view = image.elf.find(({ machine }) => machine === subject.view.machine);
  if (view === undefined) return undefined;
  const data = await loadDataSpace(library, view);
  const known = knownPrograms.find(({ marker }) => data.includesText(marker));
  if (known === undefined) return undefined;
  const { target } = subject;
  return (await canSetGs(await prepareSubject({ source: library, image, target, surroundings: {} }, view))) ? known : undefined;
}

function count(value: string | number | boolean, what: string): string {
  return value === 0 ? "" : `${value} ${what}`;
}
