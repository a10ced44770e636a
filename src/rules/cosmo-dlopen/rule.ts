/** Cosmopolitan programs that can load the host's C library into their process, where both want %fs. */

import { type Code, evidenceAt } from "../../code/code.js";
import { always, type Consequence } from "../../gvisor/behaviour.js";
import { type Analysis, type Change, defineRule, type Finding, type Repair, type Site } from "../define.js";
import { isRepairedPortably } from "../shared/portable/repair.js";
import { editAt, siteAt } from "../shared/sites.js";
import { type DlopenSwitch, findDlopenSwitch, linksDlopen } from "./dlopen-site.js";
import { findMoveAtStart, isMadeToMove, type MoveAtStart } from "./dlopen-start.js";

/** Where the program keeps its thread state on Linux, as far as cosmo_dlopen minds. */
type ThreadState = "gs" | "moves-to-gs" | "fs" | "unknown";

const consequenceOf: Record<ThreadState, Consequence> = {
  // What fails there is tls-in-gs; the host's C library is no trouble until the program is moved to %fs.
  gs: "runs",
  "moves-to-gs": "fails",
  // Where there is a C compiler, or the helper that one made before, and the program loads a library.
  fs: "may-fail",
  unknown: "runs",
};

export const cosmoDlopen = defineRule({
  id: "cosmo-dlopen",
  fixable: true,
  words: {
    title: "can load the host's C library (cosmo_dlopen)",
    summary: ({ facts }) => summaries[facts["state"] as ThreadState],
    why:
      "The host's C library keeps its thread state behind %fs. A program whose own thread state is there too takes it away: of 14 uses tried " +
      "so, ten crashed or gave wrong values (strtod, ctype, strerror, pthread_create, fork in the host's library), on plain Linux as well. " +
      "Cosmopolitan v3.2.2 to v3.2.4 move themselves to %gs at start for its sake, v3.3 to v4.0.2 are there, which gVisor refuses; later " +
      "ones share %fs with it.",
    remedy,
    links: ["https://github.com/jart/cosmopolitan/issues/1478"],
  },
  behaviour: always("may-fail"),
  async find(subject) {
    if (!subject.isCosmopolitan) return undefined;
    const analysis = await subject.code();
    const { code } = analysis;
    if (!linksDlopen(code)) return undefined;
    const decision = findDlopenSwitch(code);
    const move = analysis.runtime.era === "fs-early" ? findMoveAtStart(code) : undefined;
    const state = threadStateOf(analysis, move);
    if (state === undefined || (decision?.isOff && state !== "moves-to-gs")) return undefined;
    const repair = repairOf(code, state, decision, move);
    return {
      behaviour: always(consequenceOf[state]),
      sites: sitesOf(code, state, decision, move),
      facts: { state, era: analysis.runtime.era ?? "unknown", proven: repair !== undefined && repair.refusals.length === 0 },
      repair,
      portable: repair,
      ...(state === "moves-to-gs" && {
        keeping: move === undefined ? repair : { edits: [leaveLinuxOut(code, move)], refusals: [] },
      }),
    };
  },
});

const summaries: Record<ThreadState, string> = {
  gs: "can load the host's C library (cosmo_dlopen), which wants %fs for itself",
  "moves-to-gs": "cosmo_dlopen is linked, so the program moves its own thread state to %gs at start",
  fs: "can load the host's C library (cosmo_dlopen), which shares %fs with the program, on plain Linux too",
  unknown: "can load the host's C library (cosmo_dlopen), which wants %fs for itself",
};

function remedy({ facts, repair }: Finding): string {
  const { state, proven } = facts as { state: ThreadState; proven: boolean };
  if (proven && repair !== undefined) {
    const what =
      '`sandfit fix` makes cosmo_dlopen answer "dlopen() isn\'t supported on this platform", as on a machine without a C compiler: no GPU, ' +
      "sound or plugins";
    return state === "fs" ? what : `${what}; --keep-dlopen leaves it as it is, for programs that load only simple libraries`;
  }
  if (state === "moves-to-gs") return "cannot be fixed by an edit; build it without cosmo_dlopen, or with another release";
  if (state === "gs")
    return "where the program loads no library of the host, or only simple ones, `sandfit fix --keep-dlopen` moves it to %fs all the same";
  return "nothing to do where it loads no library of the host, or only simple ones, or where there is no C compiler; else build it without cosmo_dlopen";
}

/**
 * undefined: v3.1 to v3.2.1, which exchange the thread pointer around every call of the host's C library (foreign_tramp of
 * libc/dlopen/dlopen.c), so that both have %fs to themselves.
 */
function threadStateOf(analysis: Analysis, move: MoveAtStart | undefined): ThreadState | undefined {
  switch (analysis.runtime.era) {
    case "gs":
      // Repaired by `sandfit fix --as ape --keep-dlopen`: in %fs when it runs.
      return isRepairedPortably(analysis) ? "fs" : "gs";
    case "fs-late":
      return "fs";
    case "fs-early":
      if (move?.isOff) return "fs";
      return move !== undefined || isMadeToMove(analysis.code) ? "moves-to-gs" : undefined;
    default:
      return "unknown";
  }
}

/** undefined where nothing has to be repaired, or where the result would be no better than the file. */
function repairOf(
  code: Code,
  state: ThreadState,
  decision: DlopenSwitch | undefined,
  move: MoveAtStart | undefined,
): Repair<Change> | undefined {
  if (state === "unknown") return undefined;
  if (state === "moves-to-gs" && move === undefined) {
    return {
      edits: [],
      refusals: ["the program moves its own thread state to %gs at start, by code of a form that is not known"],
    };
  }
  if (decision === undefined) {
    const refusal =
      "the host's C library keeps its own thread state behind %fs, and most of it breaks when the program moves there; the place that " +
      "decides whether cosmo_dlopen is supported is not proven in this file, so it cannot be switched off; --keep-dlopen converts it all the same";
    return state === "fs" ? undefined : { edits: [], refusals: [refusal] };
  }
  const edits: Change[] = [];
  if (!decision.isOff) edits.push(switchOff(code, decision));
  if (move !== undefined && !move.isOff) edits.push(leaveLinuxOut(code, move));
  return { edits: edits.sort((a, b) => a.fileOffset - b.fileOffset), refusals: [] };
}

/** The function that is called once returns at once: an instruction of one byte for one of one byte, or for the first of a longer one. */
function switchOff(code: Code, { position }: DlopenSwitch): Change {
  const before = siteAt(code, position, "").text;
  return editAt(code, position, "c3", `${before} → ret: cosmo_dlopen and its kin answer "not supported"`);
}

function leaveLinuxOut(code: Code, { position, maskAt }: MoveAtStart): Change {
  const what = "the move to %gs at start leaves Linux out (0x21 → 0x20)";
  return editAt(code, maskAt, "20", what, evidenceAt(code, position));
}

function sitesOf(code: Code, state: ThreadState, decision: DlopenSwitch | undefined, move: MoveAtStart | undefined): Site[] {
  const sites: Site[] = [];
  if (decision !== undefined && !decision.isOff)
    sites.push(siteAt(code, decision.position, "decides whether cosmo_dlopen is supported"));
  if (state === "moves-to-gs" && move !== undefined)
    sites.push(siteAt(code, move.position, "moves thread state to %gs at start"));
  return sites;
}
