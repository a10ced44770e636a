/** Thread state from %gs to %fs, byte by byte: which accesses and constants there are, and what becomes of each. */

import { ArchCode } from "../../code/abi.js";
import type { SegmentAccess } from "../../code/accesses.js";
import { evidenceAt } from "../../code/code.js";
import type { EvidenceName } from "../../code/evidence.js";
import { immediateAt } from "../../code/system-calls.js";
import type { Analysis, Change, LeftAlone, Site } from "../define.js";
import { refusalsByUse, strictEvidence } from "./data-in-code.js";
import { doubtsAboutRuntime } from "./known-runtime.js";
import { besidesTheMove } from "./only-move.js";
import { portableSites } from "./portable/sites.js";
import { unreachedSetCalls } from "./set-calls.js";
import { editAt, hexOf, siteAt } from "./sites.js";

/** What is known of a program's thread state, and the edits that move it from %gs to %fs. */
export interface Move {
  readonly sites: readonly Site[];
  readonly leftAlone: readonly LeftAlone[];
  readonly edits: readonly Change[];
  /** Why it must not be done, one sentence each. */
  readonly refusals: readonly string[];
  /** Why it is not known to be Cosmopolitan's runtime, one clause each; empty where it is. */
  readonly unproven: readonly string[];
  readonly reads: number;
  readonly sets: number;
}

/** Looks at every access through %gs and every constant of arch_prctl; where a rewriter is told to run on Linux, that ends too. */
export function moveToFs(analysis: Analysis): Move {
  const { code, gs } = analysis;
  const unproven = doubtsAboutRuntime(analysis);
  const isKnown = unproven.length === 0;
  const sites: Site[] = [];
  const changed: number[] = [];
  const leftAlone: LeftAlone[] = [];
  const edits: Change[] = [];
  const refusals: string[] = [];
  let reads = 0;
  for (const access of gs.found) {
    // Compilers lay no data behind what ends; what else there may be is not known of other programs.
    const evidence = isKnown || access.evidence === "swept" ? access.evidence : strictEvidence(analysis, access.position);
    const site = siteAt(code, access.position, "access to thread state", evidence);
    const isFirm = access.evidence === "entry" || access.evidence === "symbol" || access.evidence === "unwind";
    if (access.use === "windows-slot" && isOwn(access)) {
      refusals.push(
        `${hex(site.address)} is on Linux's path, and no slot that its runtime is known to use on Windows (${site.text})`,
      );
    } else if (access.use === "windows-slot") {
      leftAlone.push({ ...site, reason: "a slot of the Windows thread environment block, never reached on Linux" });
    } else if (isFirm && !access.onLinux) {
      leftAlone.push({ ...site, reason: "only reached on other systems than Linux" });
    } else if (access.use === "other" && !(isFirm && access.onLinux)) {
      leftAlone.push({ ...site, reason: "no form of thread state, and nothing firm says that it is code" });
    } else if (access.use === "other") {
      refusals.push(`${hex(site.address)} uses %gs for something other than thread state (${site.text})`);
    } else {
      reads++;
      sites.push(site);
      if (access.evidence === "swept" && !isThreadStateForm(code.space.bytes, access)) {
        refusals.push(
          `${hex(site.address)} looks like an access to thread state (${site.text}) but is not reached by any code that is known`,
        );
      } else {
        edits.push(prefixEdit(analysis, access, site));
        changed.push(access.position);
      }
    }
  }
  for (const dismissed of gs.dismissed) {
    const reason = dismissalWords[dismissed.reason];
    leftAlone.push({ ...textSite(analysis, dismissed.position, dismissed.length), reason });
  }
  const constants = new Map<number, number>();
  for (const call of analysis.archPrctls) {
    if (call.code === ArchCode.SET_GS || call.code === ArchCode.GET_GS) constants.set(call.constant.position, call.code);
  }
  for (const [position, value] of constants) {
    const name = value === ArchCode.SET_GS ? "ARCH_SET_GS" : "ARCH_GET_GS";
    sites.push(siteAt(code, position, name));
    const edit = constantEdit(
      analysis,
      position,
      value,
      isKnown ? evidenceAt(code, position) : strictEvidence(analysis, position),
    );
    if (edit === undefined)
      refusals.push(`the constant ${name} at ${hex(code.space.addressOf(position))} has a form that cannot be changed in place`);
    else {
      edits.push(edit);
      changed.push(position);
    }
  }
  for (const position of unreachedSetCalls(analysis, ArchCode.SET_GS)) {
    changed.push(position);
    sites.push(siteAt(code, position, "ARCH_SET_GS", "swept"));
    edits.push(editAt(code, position + 1, "02", "ARCH_SET_GS (0x1001) → ARCH_SET_FS (0x1002)", "swept"));
  }
  edits.push(...withoutRewriting(analysis));
  refusals.push(...besidesTheMove(analysis, isKnown));
  if (!isKnown) refusals.push(...refusalsByUse(analysis, changed));
  edits.sort((a, b) => a.fileOffset - b.fileOffset);
  return { sites, leftAlone, edits, refusals, unproven, reads, sets: constants.size };
}

/** Fields of the Windows thread block that the runtime reads plainly, at times where the walk cannot tell that Linux never gets there. */
const PLAIN_FIELDS: readonly (number | undefined)[] = [undefined, 0x60, 0x178, 0x17c, 0x180];

/** Whether an access to such a field is more likely the program's own: Linux gets there from the entry point. */
function isOwn({ evidence, onLinux, offset }: SegmentAccess): boolean {
  return evidence === "entry" && onLinux && !PLAIN_FIELDS.includes(offset);
}

const dismissalWords = {
  text: "text, not code",
  inside: "inside another instruction",
  "not-code": "not reached, and the bytes around it are no code",
} as const;

const hex = (address: number | undefined) => `0x${(address ?? 0).toString(16)}`;

function textSite(analysis: Analysis, position: number, length: number): Site {
  const { space } = analysis.code;
  const bytes = space.bytes.subarray(position, position + length);
  const printable = [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  return {
    address: space.addressOf(position),
    fileOffset: space.fileOffsetOf(position),
    bytes: hexOf(bytes),
    text: JSON.stringify(printable),
    inFunction: undefined,
    evidence: "text",
    role: "look-alike",
  };
}

/**
 * In code that nothing is seen to reach, only the forms that Cosmopolitan has are taken for an access:
 *
 *     65 {48,4c} 8b /r 25 30 00 00 00   mov %gs:0x30,%r64
 *     65 48 8b 00                       mov %gs:(%rax),%rax, shortly behind mov $0x30,%eax
 */
function isThreadStateForm(bytes: Uint8Array, access: SegmentAccess): boolean {
  const at = access.position;
  if (access.length === 4) return bytes[at] === 0x65 && bytes[at + 1] === 0x48 && bytes[at + 2] === 0x8b && bytes[at + 3] === 0;
  return (
    access.length === 9 &&
    bytes[at] === 0x65 &&
    (bytes[at + 1] === 0x48 || bytes[at + 1] === 0x4c) &&
    bytes[at + 2] === 0x8b &&
    (bytes[at + 3] & 0xc7) === 0x04 &&
    bytes[at + 4] === 0x25 &&
    bytes[at + 5] === 0x30 &&
    bytes[at + 6] === 0 &&
    bytes[at + 7] === 0 &&
    bytes[at + 8] === 0
  );
}

/** 0x65, the %gs override, becomes 0x64, the %fs override (SDM vol. 2A, 2.1.1). */
function prefixEdit(analysis: Analysis, access: SegmentAccess, site: Site): Change {
  const what = `${site.text} → ${site.text.replace("%gs:", "%fs:")}`;
  return editAt(analysis.code, access.prefixAt, "64", what, site.evidence as EvidenceName);
}

/** `mov $0x1001,%edi` (ARCH_SET_GS) becomes `mov $0x1002,%edi` (ARCH_SET_FS); GET_GS 0x1004 becomes GET_FS 0x1003. */
function constantEdit(analysis: Analysis, position: number, value: number, evidence: EvidenceName): Change | undefined {
  const { code } = analysis;
  const immediate = immediateAt(code, position);
  const at = position + (immediate.fileOffset - code.space.fileOffsetOf(position));
  if (immediate.size < 4 || code.space.bytes[at] !== (value & 0xff)) return undefined;
  const isSet = value === ArchCode.SET_GS;
  const what = isSet ? "ARCH_SET_GS (0x1001) → ARCH_SET_FS (0x1002)" : "ARCH_GET_GS (0x1004) → ARCH_GET_FS (0x1003)";
  return editAt(code, at, isSet ? "02" : "03", what, evidence);
}

/** A rewriter that was told to run on Linux is not needed any more, and would be refused where nothing may write to code. */
function withoutRewriting(analysis: Analysis): Change[] {
  const masks = portableSites(analysis)?.masks.filter((site) => site.done) ?? [];
  const what = "Linux does not call __morph_tls any more (0x55 → 0x54)";
  return masks.map((site) => editAt(analysis.code, site.byteAt, "54", what, evidenceAt(analysis.code, site.position)));
}
