/**
 * The places by which a %gs program's own rewriter is made to run on Linux too, found by structure: three classes, of which a
 * repair needs all. Each is one byte that says which systems take part; bit 0 of `__hostos` is set on Linux alone.
 */

import { ArchCode, Register } from "../../../code/abi.js";
import type { SegmentAccess } from "../../../code/accesses.js";
import type { Code } from "../../../code/code.js";
import { valuesBefore } from "../../../code/flow.js";
import { guardsOf, type HostTest } from "../../../code/host-tests.js";
import { instructionAt } from "../../../code/paths.js";
import type { ArchPrctl } from "../../../code/system-calls.js";
import { Flow, NONE } from "../../../x86/instruction.js";
import type { Analysis } from "../../define.js";
import { unreachedSetCalls } from "../set-calls.js";
import { findRewriter, type Rewriter } from "./rewriter.js";

/** Bits of `__hostos` (libc/dce.h): WINDOWS|OPENBSD|NETBSD in front of `__morph_tls`, OPENBSD|NETBSD at each %fs/%gs pair. */
const MORPHING = 0x54;
const ON_FS = 0x50;
const LINUX = 1;
/** FreeBSD's sysarch(2) code, which goes through the same stub (libc/runtime/set_tls.c). */
const AMD64_SET_GSBASE = 0x83;

/** A byte to change. */
export interface PortableSite {
  /** Position of the instruction, and of the byte in it. */
  readonly position: number;
  readonly byteAt: number;
  /** What the byte becomes, in hexadecimal. */
  readonly after: string;
  /** Whether it is so already. */
  readonly done: boolean;
}

export interface PortableSites {
  readonly rewriter: Rewriter;
  /** `mov $0x1001,%edi` in front of the stub that FreeBSD's code goes through as well. */
  readonly constants: readonly PortableSite[];
  /** The host test in front of the rewriter's call: one in every program that can be repaired so. */
  readonly masks: readonly PortableSite[];
  /** The host tests of `__get_tls_privileged`, which parts into %fs and %gs. */
  readonly pairs: readonly PortableSite[];
  /** Accesses to thread state through a register that no such test guards. Positions. */
  readonly unguarded: readonly number[];
}

export type PortableClass = "constants" | "masks" | "pairs";

const known = new WeakMap<Analysis, PortableSites | null>();

/** The places of all three classes, repaired or not; undefined where the program has no rewriter. */
export function portableSites(analysis: Analysis): PortableSites | undefined {
  let sites = known.get(analysis);
  if (sites === undefined) {
    const rewriter = findRewriter(analysis.code);
    sites = rewriter === undefined ? null : { rewriter, constants: setConstants(analysis), ...guards(analysis, rewriter) };
    known.set(analysis, sites);
  }
  return sites ?? undefined;
}

function setConstants(analysis: Analysis): PortableSite[] {
  const { code, archPrctls } = analysis;
  const found = new Map<number, PortableSite>();
  let isShared = false;
  const add = (position: number, done: boolean) => {
    const byteAt = position + instructionAt(code.walk, position).immAt;
    found.set(position, { position, byteAt, after: "02", done });
  };
  for (const call of archPrctls) {
    if (!call.throughStub || (call.code !== ArchCode.SET_GS && call.code !== ArchCode.SET_FS)) continue;
    if (!isSharedWithFreebsd(analysis, call)) continue;
    isShared = true;
    add(call.constant.position, call.code === ArchCode.SET_FS);
  }
  if (!isShared) return [];
  for (const position of unreachedSetCalls(analysis, ArchCode.SET_GS)) add(position, false);
  for (const position of unreachedSetCalls(analysis, ArchCode.SET_FS)) add(position, true);
  return [...found.values()];
}

/** Whether FreeBSD's code, which Linux never takes, asks for the base of %gs through the same stub. */
export function isSharedWithFreebsd({ code }: Analysis, call: ArchPrctl): boolean {
  const arriving = valuesBefore(code.walk, call.site.position, Register.rdi).constants;
  return arriving.some((constant) => constant.value === AMD64_SET_GSBASE);
}

function guards(analysis: Analysis, rewriter: Rewriter): Pick<PortableSites, "masks" | "pairs" | "unguarded"> {
  const { code } = analysis;
  const masks = new Map<number, PortableSite>();
  const pairs = new Map<number, PortableSite>();
  const unguarded: number[] = [];
  for (const call of code.walk.sourcesOf(rewriter.start)) {
    // Windows has ways of its own there, and calls it once more in a forked process (libc/proc/fork-nt.c): those stay.
    const { tests } = guardsOf(code, call, (test, side) => isMask(test, MORPHING) && side === test.ifSet, FEW);
    for (const test of tests) masks.set(test.maskAt, siteOf(code, test, MORPHING));
  }
  const throughFs = new Set<number>();
  for (const access of analysis.fs.found.filter(isIndirect)) {
    const { tests, complete } = guardsOf(code, access.position, (test, side) => isMask(test, ON_FS) && side === test.ifSet, FEW);
    if (!complete) unguarded.push(access.position);
    for (const test of tests) throughFs.add(test.maskAt);
  }
  for (const access of analysis.gs.found.filter(isIndirect)) {
    const { tests, complete } = guardsOf(
      code,
      access.position,
      (test, side) => isMask(test, ON_FS) && side === test.ifClear,
      FEW,
    );
    const isPair = complete && tests.every((test) => throughFs.has(test.maskAt));
    if (!isPair && !readsWindowsSlot(code, access)) unguarded.push(access.position);
    if (isPair) for (const test of tests) pairs.set(test.maskAt, siteOf(code, test, ON_FS));
  }
  for (const access of analysis.fs.found.filter(isSweptIndirect)) {
    const byteAt = maskOfPlainPair(code.space.bytes, access.position);
    if (byteAt < 0) unguarded.push(access.position);
    else pairs.set(byteAt, { position: byteAt - 2, byteAt, after: "51", done: code.space.bytes[byteAt] === 0x51 });
  }
  for (const access of analysis.gs.found.filter(isSweptIndirect)) {
    const isPair = maskOfPlainPair(code.space.bytes, access.position - 6) >= 0;
    if (!isPair && access.use !== "other" && !readsWindowsSlot(code, access)) unguarded.push(access.position);
  }
  return { masks: [...masks.values()], pairs: [...pairs.values()], unguarded };
}

/** The same in code that nothing is seen to reach. */
function isSweptIndirect(access: SegmentAccess): boolean {
  return access.offset === undefined && access.evidence === "swept" && access.length === 4;
}

/**
 * In code that nothing is seen to reach only the whole form counts, as every build of v3.3 to v4.0.2 has it:
 *
 *     b8 30 00 00 00   mov  $0x30,%eax
 *     f6 c2 50         test $0x50,%dl
 *     74 06            je   1f
 *     64 48 8b 00      mov  %fs:(%rax),%rax
 *     eb xx            jmp  2f
 *     65 48 8b 00   1: mov  %gs:(%rax),%rax
 *
 * Returns the position of the mask for the position of the %fs access, -1 where it is something else.
 */
function maskOfPlainPair(bytes: Uint8Array, fs: number): number {
  const mask = fs - 3;
  const isTest = bytes[mask - 2] === 0xf6 && (bytes[mask - 1] & 0xf8) === 0xc0 && (bytes[mask] & ~LINUX) === ON_FS;
  const isBranch = bytes[fs - 2] === 0x74 && bytes[fs - 1] === 6;
  const isPair = [0x64, 0x48, 0x8b, 0x00, 0xeb].every((byte, i) => bytes[fs + i] === byte);
  const hasOther = [0x65, 0x48, 0x8b, 0x00].every((byte, i) => bytes[fs + 6 + i] === byte);
  return isTest && isBranch && isPair && hasOther ? mask : -1;
}

/** The test stands right in front of the access. */
const FEW = 12;

/** `mov %fs:(%rax),%rax` and `mov %gs:(%rax),%rax` in code that something reaches. */
function isIndirect(access: SegmentAccess): boolean {
  return access.offset === undefined && access.evidence !== "swept" && access.use === "thread-state";
}

function isMask(test: HostTest, mask: number): boolean {
  return (test.mask & ~LINUX) === mask;
}

function siteOf(code: Code, test: HostTest, mask: number): PortableSite {
  const position = code.walk.startOf(test.maskAt);
  const done = (test.mask & LINUX) !== 0;
  return { position, byteAt: test.maskAt, after: (mask | LINUX).toString(16), done };
}

/** Offset of the TLS slots in the Windows thread environment block (libc/nt/teb.h). */
export const TEB_SLOTS = 0x1480;

/** `__get_tls_win32` (libc/intrin/tls.c): goes straight on to a slot of the Windows thread environment block. */
function readsWindowsSlot(code: Code, access: SegmentAccess): boolean {
  let at = access.position + access.length;
  for (let count = 0; count < 6; count++) {
    const instruction = instructionAt(code.walk, at);
    if (instruction.length === 0 || instruction.flow !== Flow.Next) return false;
    if (instruction.hasMemory && instruction.base !== NONE && instruction.disp === TEB_SLOTS) return true;
    at += instruction.length;
  }
  return false;
}
