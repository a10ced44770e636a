/** Thread state through %gs, and nothing through %fs: Cosmopolitan v3.3 to v4.0.2. Can be moved to %fs byte by byte. */

import { changesGs, gsChangingBytes, type SegmentAccess } from "../code/accesses.js";
import { type Code, evidenceAt, forEachInstructionWith } from "../code/code.js";
import { functionStart } from "../code/paths.js";
import { ArchCode, immediateAt } from "../code/system-calls.js";
import { always } from "../sandbox/behaviour.js";
import { decode } from "../x86/decode.js";
import { Flow, Instruction } from "../x86/instruction.js";
import { type Analysis, type Change, defineRule, type Found, type LeftAlone, type Site } from "./define.js";
import { canSetGs, setGsProbe, usesFs } from "./gs.js";
import { page } from "./pages/tls-in-gs.js";
import { editAt, hexOf, siteAt } from "./sites.js";

export const tlsInGs = defineRule({
  id: "tls-in-gs",
  fixable: true,
  words: {
    title: "thread state through %gs",
    summary: ({ facts }) =>
      `${facts["reads"]} accesses to thread state through %gs, ${facts["sets"]} arch_prctl(ARCH_SET_GS) or ARCH_GET_GS`,
    why:
      "gVisor answers ARCH_SET_GS with EINVAL and the program does not look. Under ptrace and kvm the %gs base stays 0, so the first access " +
      "crashes; under systrap %gs points to gVisor's own memory, so the program works on that and dies later, sometimes after right output.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? "`sandfit fix` moves the thread state to %fs: same length, same instructions, and plain Linux runs it as before"
        : "cannot be moved to %fs safely in this file; build it with Cosmopolitan's current source, which uses %fs on Linux",
    links: [
      "https://github.com/google/gvisor/blob/master/pkg/sentry/syscalls/linux/sys_tls_amd64.go",
      "https://github.com/google/gvisor/blob/master/pkg/sentry/platform/systrap/subprocess_amd64.go",
    ],
    page,
  },
  behaviour: always("fails"),
  probe: setGsProbe,
  signature: { signals: ["SIGSEGV"] },
  async find(subject) {
    if (!(await canSetGs(subject))) return undefined;
    const analysis = await subject.code();
    const sets = analysis.archPrctls.filter((call) => call.code === ArchCode.SET_GS);
    const reads = analysis.gs.found.filter(
      (access) => access.use === "thread-state" && access.evidence !== "swept" && access.onLinux,
    );
    if (sets.length === 0 || reads.length === 0 || usesFs(subject, analysis)) return undefined;
    return describe(analysis);
  },
});

function describe(analysis: Analysis): Found {
  const { code, gs } = analysis;
  const sites: Site[] = [];
  const leftAlone: LeftAlone[] = [];
  const edits: Change[] = [];
  const refusals: string[] = [];
  let reads = 0;
  for (const access of gs.found) {
    const site = siteAt(code, access.position, "access to thread state", access.evidence);
    const isFirm = access.evidence === "entry" || access.evidence === "symbol" || access.evidence === "unwind";
    if (access.use === "windows-slot") {
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
      } else edits.push(prefixEdit(analysis, access, site));
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
    const edit = constantEdit(analysis, position, value);
    if (edit === undefined)
      refusals.push(`the constant ${name} at ${hex(code.space.addressOf(position))} has a form that cannot be changed in place`);
    else edits.push(edit);
  }
  for (const position of unreachedConstants(analysis, constants)) {
    sites.push(siteAt(code, position, "ARCH_SET_GS", "swept"));
    edits.push(editAt(code, position + 1, "02", "ARCH_SET_GS (0x1001) → ARCH_SET_FS (0x1002)", "swept"));
  }
  for (const other of otherUses(analysis)) refusals.push(other);
  edits.sort((a, b) => a.fileOffset - b.fileOffset);
  return {
    sites,
    leftAlone,
    facts: { reads, sets: constants.size },
    repair: { edits, refusals },
  };
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
  return editAt(analysis.code, access.prefixAt, "64", what, access.evidence);
}

/** `mov $0x1001,%edi` (ARCH_SET_GS) becomes `mov $0x1002,%edi` (ARCH_SET_FS); GET_GS 0x1004 becomes GET_FS 0x1003. */
function constantEdit(analysis: Analysis, position: number, value: number): Change | undefined {
  const { code } = analysis;
  const immediate = immediateAt(code, position);
  const at = position + (immediate.fileOffset - code.space.fileOffsetOf(position));
  if (immediate.size < 4 || code.space.bytes[at] !== (value & 0xff)) return undefined;
  const isSet = value === ArchCode.SET_GS;
  const what = isSet ? "ARCH_SET_GS (0x1001) → ARCH_SET_FS (0x1002)" : "ARCH_GET_GS (0x1004) → ARCH_GET_FS (0x1003)";
  return editAt(code, at, isSet ? "02" : "03", what, evidenceAt(code, position));
}

/**
 * `mov $0x1001,%edi` in code that nothing is seen to reach, but which goes on to call exactly the function that is known
 * to set the thread pointer: the thread entry of a program that never makes one.
 */
function unreachedConstants(analysis: Analysis, known: ReadonlyMap<number, number>): number[] {
  const { code } = analysis;
  const { bytes } = code.space;
  const stubs = new Set(analysis.archPrctls.map((call) => functionStart(code.walk, call.site.position)));
  const found: number[] = [];
  for (let at = bytes.indexOf(0xbf); at >= 0; at = bytes.indexOf(0xbf, at + 1)) {
    const isConstant = bytes[at + 1] === 0x01 && bytes[at + 2] === 0x10 && bytes[at + 3] === 0 && bytes[at + 4] === 0;
    if (isConstant && !known.has(at) && !code.walk.isKnown(at) && callsOneOf(code, at, stubs)) found.push(at);
  }
  return found;
}

/** Whether the instructions from a position on lead to a direct call or jump to one of some functions, without a branch. */
function callsOneOf(code: Code, from: number, functions: ReadonlySet<number>): boolean {
  const instruction = new Instruction();
  let at = from;
  for (let count = 0; count < 6; count++) {
    const length = decode(code.space.bytes, at, code.space.endOf(at), instruction);
    if (length === 0) return false;
    if (instruction.flow === Flow.Call || instruction.flow === Flow.Jump) return functions.has(instruction.target);
    if (instruction.flow !== Flow.Next) return false;
    at += length;
  }
  return false;
}

/** Ways to set %gs that swapping registers cannot follow. */
function otherUses(analysis: Analysis): string[] {
  const { code } = analysis;
  const refusals: string[] = [];
  forEachInstructionWith(code, gsChangingBytes, (position, instruction) => {
    if (!changesGs(instruction) || !code.walk.isReachedOnLinux(position)) return;
    refusals.push(`${hex(code.space.addressOf(position))} sets %gs by itself (${siteAt(code, position, "").text})`);
  });
  return refusals;
}
