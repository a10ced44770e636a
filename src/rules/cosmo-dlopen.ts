/** Cosmopolitan programs that load the host's C library into their process, where both want %fs. */

import { segmentAccesses } from "../code/accesses.js";
import type { CosmopolitanEra } from "../code/runtime.js";
import { always } from "../sandbox/behaviour.js";
import { defineRule } from "./define.js";
import { hostLibcMarker } from "./gs.js";
import { page } from "./pages/cosmo-dlopen.js";

export const cosmoDlopen = defineRule({
  id: "cosmo-dlopen",
  fixable: false,
  words: {
    title: "loads the host's C library (cosmo_dlopen)",
    summary: ({ facts }) =>
      facts["morphs"] === true
        ? "cosmo_dlopen is linked, so the program rewrites its own thread state to %gs at start"
        : "cosmo_dlopen is linked: the host's C library would share %fs with the program",
    why:
      "The host's C library keeps its thread state behind %fs. A program whose own thread state is there too takes it away: of 14 uses tried " +
      "after moving to %fs, ten crashed or gave wrong values (strtod, ctype, strerror, pthread_create, fork in the host's library), on plain " +
      "Linux as well. Cosmopolitan v3.2.2 to v3.2.4 avoid that by moving themselves to %gs at start, which gVisor refuses.",
    remedy: ({ facts }) =>
      facts["morphs"] === true
        ? "cannot be fixed by an edit; build it without cosmo_dlopen, or with another release"
        : "where the program does not load host libraries, or only simple ones, `sandfit fix --allow cosmo-dlopen` converts it all the same",
    links: ["https://github.com/jart/cosmopolitan/issues/1478"],
    page,
  },
  behaviour: always("runs"),
  async find(subject) {
    if (!subject.isCosmopolitan) return undefined;
    const analysis = await subject.code();
    if (!hostLibcMarker(analysis)) return undefined;
    const era: CosmopolitanEra | undefined = analysis.runtime.era;
    const morphs = era === "fs-early" && segmentAccesses(analysis.code, "fs").found.length > 0;
    return {
      behaviour: always(morphs ? "fails" : "runs"),
      sites: [],
      facts: { morphs, era: era ?? "unknown" },
      repair: morphs
        ? {
            edits: [],
            refusals: ["the program rewrites its own thread state to %gs at start (cosmo_dlopen of v3.2.2 to v3.2.4)"],
          }
        : undefined,
    };
  },
});
