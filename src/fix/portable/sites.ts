/** The three classes of places by which a %gs program's own run-time rewriter is made to run on Linux too, found by structure. */

import type { SegmentAccess } from "../../code/accesses.js";
import { type Code, forEachInstruction } from "../../code/code.js";
import { fallsFrom, predecessors, valuesBefore } from "../../code/flow.js";
import { instructionAt } from "../../code/paths.js";
import { ArchCode, Register } from "../../code/system-calls.js";
import type { Analysis } from "../../rules/define.js";
import { Flow, type Instruction, OpcodeMap, RIP } from "../../x86/instruction.js";

/** Bits of `__hostos` (libc/dce.h): WINDOWS|OPENBSD|NETBSD in front of `__morph_tls`, OPENBSD|NETBSD at each %fs/%gs pair. */
const MORPHING = 0x54;
const ON_FS = 0x50;
const LINUX = 1;
/** FreeBSD's sysarch(2) code, which goes through the same stub (libc/runtime/set_tls.c). */
const AMD64_SET_GSBASE = 0x83;

/** More than the rewriter has in any build. */
const MOST_BYTES = 2048;

/** A place, and whether it has the repair already. */
export interface PortableSite {
  /** Position of the byte to change, and what it becomes. */
  readonly position: number;
  readonly after: string;
  readonly done: boolean;
}

export interface PortableSites {
  readonly constants: readonly PortableSite[];
  readonly masks: readonly PortableSite[];
  readonly pairs: readonly PortableSite[];
  /** Why the program cannot be repaired so, one sentence each. */
  readonly problems: readonly string[];
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** Finds the places of all three classes, repaired or not, and everything that speaks against changing them. */
export function portableSites(analysis: Analysis): PortableSites {
  const { code } = analysis;
  const problems: string[] = [];
  const morph = rewriter(code);
  if (morph === undefined) {
    return {
      constants: [],
      masks: [],
      pairs: [],
      problems: ["it has no run-time rewriter (__morph_tls) that could run on Linux"],
    };
  }
  const constants = setConstants(analysis);
  if (constants.length === 0) problems.push("no ARCH_SET_GS shares its call with FreeBSD's AMD64_SET_GSBASE");
  const masks = hostMasks(code, morph);
  if (masks.length !== 1) problems.push(`${masks.length} host masks stand in front of the call of __morph_tls instead of one`);
  const { pairs, guarded } = privilegedPairs(code);
  for (const access of analysis.fs.found) {
    if (!isIndirect(access) || guarded.has(access.position)) continue;
    problems.push(
      `the %fs access at ${hex(code.space.addressOf(access.position))} has no host mask in front of its %fs/%gs pair`,
    );
  }
  problems.push(...outsideOfScan(analysis, morph));
  return { constants, masks, pairs, problems };
}

/** `__morph_tls` holds everything but REX.R and ModRM.reg of `mov %gs:0x30,%r64` as a mask (libc/runtime/morph_tls.c). */
function rewriter(code: Code): number | undefined {
  const { bytes } = code.space;
  const starts = new Set<number>();
  forEachInstruction(code, (position, { immSize, immAt }) => {
    const at = position + immAt;
    if (immSize < 4 || bytes[at] !== 0xff || bytes[at + 1] !== 0xfb || bytes[at + 2] !== 0xff || bytes[at + 3] !== 0xc7) return;
    starts.add(calledStart(code, position));
  });
  const [start] = starts;
  return starts.size === 1 && start >= 0 ? start : undefined;
}

/** The nearest place at or before a position that something calls; pointers into the middle of the function do not count. */
function calledStart({ walk }: Code, position: number): number {
  const isCalled = (at: number) => walk.sourcesOf(at).some((source) => instructionAt(walk, source).flow === Flow.Call);
  for (let at = position; at >= 0; at--) if (walk.isStart(at) && isCalled(at)) return at;
  return -1;
}

function setConstants({ code, archPrctls }: Analysis): PortableSite[] {
  const found = new Map<number, PortableSite>();
  for (const call of archPrctls) {
    if (!call.throughStub || (call.code !== ArchCode.SET_GS && call.code !== ArchCode.SET_FS)) continue;
    const shared = valuesBefore(code.walk, call.site.position, Register.rdi).constants;
    if (!shared.some((constant) => constant.value === AMD64_SET_GSBASE)) continue;
    const position = call.constant.position + instructionAt(code.walk, call.constant.position).immAt;
    found.set(position, { position, after: "02", done: call.code === ArchCode.SET_FS });
  }
  return [...found.values()];
}

/** The masks that decide about the calls of `__morph_tls` (libc/runtime/enable_tls.c). */
function hostMasks(code: Code, morph: number): PortableSite[] {
  const found = new Map<number, PortableSite>();
  for (const call of code.walk.sourcesOf(morph)) {
    for (let front = [call], count = 0; count < 4; count++) {
      front = front.flatMap((at) => predecessors(code.walk, at));
      for (const position of front) {
        const isBranch = instructionAt(code.walk, position).flow === Flow.Branch;
        const site = isBranch ? maskBefore(code, position, MORPHING) : undefined;
        if (site !== undefined) found.set(site.position, site);
      }
    }
  }
  return [...found.values()];
}

/** `and $mask` or `test $mask` whose flags the branch at a position reads; undefined where the mask is another. */
function maskBefore(code: Code, branch: number, mask: number): PortableSite | undefined {
  const { walk } = code;
  for (let at = fallsFrom(walk, branch), count = 0; at >= 0 && count < 3; at = fallsFrom(walk, at), count++) {
    const instruction = instructionAt(walk, at);
    if (instruction.flow !== Flow.Next) return undefined;
    if (!isMasking(instruction)) continue;
    if ((instruction.imm & ~LINUX) !== mask) return undefined;
    const done = (instruction.imm & LINUX) !== 0;
    return { position: at + instruction.immAt, after: (mask | LINUX).toString(16), done };
  }
  return undefined;
}

function isMasking({ map, opcode, extension }: Instruction): boolean {
  if (map !== OpcodeMap.Primary) return false;
  if (opcode === 0xa8 || opcode === 0xa9 || opcode === 0x24 || opcode === 0x25) return true;
  const isTest = (opcode === 0xf6 || opcode === 0xf7) && extension === 0;
  return isTest || ((opcode === 0x80 || opcode === 0x81 || opcode === 0x83) && extension === 4);
}

/** `64 48 8b 00` or `65 48 8b 00`: mov %fs:(%rax),%rax, mov %gs:(%rax),%rax. */
function isIndirect(access: SegmentAccess): boolean {
  return access.length === 4 && access.evidence !== "swept";
}

/** `__get_tls_privileged` (libc/intrin/tls.c): both ways of a branch lead to the same access, one through each register. */
function privilegedPairs(code: Code): { pairs: PortableSite[]; guarded: Set<number> } {
  const pairs = new Map<number, PortableSite>();
  const guarded = new Set<number>();
  forEachInstruction(code, (position, instruction) => {
    if (instruction.flow !== Flow.Branch) return;
    const ways = [position + instruction.length, instruction.target];
    const site = maskBefore(code, position, ON_FS);
    if (site === undefined) return;
    const accesses = ways.map((way) => firstIndirect(code, way));
    const bytes = accesses.map((at) => code.space.bytes[at] ?? 0).sort();
    if (bytes[0] !== 0x64 || bytes[1] !== 0x65) return;
    pairs.set(site.position, site);
    for (const at of accesses) guarded.add(at);
  });
  return { pairs: [...pairs.values()], guarded };
}

function firstIndirect(code: Code, from: number): number {
  const { bytes } = code.space;
  for (let at = from, count = 0; count < 8; count++) {
    const { length, flow, target } = instructionAt(code.walk, at);
    if (length === 0) return -1;
    const hasPrefix = bytes[at] === 0x64 || bytes[at] === 0x65;
    if (length === 4 && hasPrefix && bytes[at + 1] === 0x48 && bytes[at + 2] === 0x8b && bytes[at + 3] === 0) return at;
    if (flow !== Flow.Next && flow !== Flow.Jump) return -1;
    at = flow === Flow.Jump ? target : at + length;
  }
  return -1;
}

/** The nine-byte accesses that `__morph_tls` would not meet: its two bounds are addresses of code in front of it. */
function outsideOfScan({ code, gs }: Analysis, morph: number): string[] {
  const { space, walk } = code;
  const bounds: number[] = [];
  const consider = (address: number) => {
    const at = space.positionOf(address);
    if (at >= 0 && at <= morph) bounds.push(at);
  };
  // Padding inside the function is not reached, so it is passed over.
  for (let at = morph; at < Math.min(morph + MOST_BYTES, space.endOf(morph)); ) {
    const instruction = instructionAt(walk, at);
    if (!walk.isStart(at) || instruction.length === 0) {
      at++;
      continue;
    }
    if (at > morph && calledStart(code, at) !== morph) break;
    if (instruction.immSize === 4 && instruction.flow === Flow.Next) consider(instruction.imm);
    if (instruction.opcode === 0x8d && instruction.base === RIP)
      consider(space.addressOf(at) + instruction.length + instruction.disp);
    at += instruction.length;
  }
  const low = Math.min(...bounds);
  const high = Math.max(...bounds);
  if (!(low < high)) return ["the range that __morph_tls scans is not known"];
  return gs.found
    .filter(({ length, use, position }) => length === 9 && use === "thread-state" && (position < low || position + 9 > high))
    .map(
      ({ position }) =>
        `the access to thread state at ${hex(space.addressOf(position))} lies outside the range that __morph_tls scans`,
    );
}
