/**
 * The calls by which Cosmopolitan maps stacks that must grow, found by structure in the shapes that its releases have, and the edit that
 * makes Linux take another way.
 */

import { positionsOf } from "../../bytes/find.js";
import { Register } from "../../code/abi.js";
import { forEachInstructionWith } from "../../code/code.js";
import { valuesBefore } from "../../code/flow.js";
import { type DecidingBranch, decidingBranches, functionStart, instructionAt } from "../../code/paths.js";
import type { Walk } from "../../code/walk.js";
import { Flow, type Instruction, OpcodeMap } from "../../x86/instruction.js";
import type { Analysis, Change, Found, Site, Subject } from "../define.js";
import { hostLibcMarker } from "../shared/gs.js";
import { isNeutral } from "../shared/portable/neutral.js";
import { editAt, siteAt } from "../shared/sites.js";

/** Of mmap (include/uapi/asm-generic/mman.h). */
const MAP_GROWSDOWN = 0x100;

/** Whether there is `or $0x112,%r32` (81 /1) or one of flixmap's constants. Text may look so too. */
export function mayMapGrowing(code: Uint8Array): boolean {
  const isOr = (at: number) => code[at - 2] === 0x81;
  return positionsOf([0x12, 0x01, 0, 0], code).some(isOr) || ALLOCATOR_BYTES.some((bytes) => positionsOf(bytes, code).length > 0);
}

/** A call that leads to a growing mapping, with the constant that shows it. */
interface Growth {
  /** The instruction with the flags. */
  readonly flags: number;
  /** The place that must not be reached any more. */
  readonly place: number;
  /** How the deciding branch has to be confirmed; "inlined": slackmap() stands inside cosmo_stack_alloc(). */
  readonly shape: "mmap" | "cosmo_stack_alloc" | "inlined";
}

/** What the rule finds in a Cosmopolitan program; undefined where its stacks need not grow on Linux. */
export function growingStacks(subject: Subject, analysis: Analysis): Found | undefined {
  const { code, runtime } = analysis;
  const main = asksForMainStack(analysis);
  // Up to v3.2.4 the path is there but the default guard size keeps threads from taking it; they pass in gVisor.
  if (!main && (runtime.era === "fs-early" || runtime.era === "unknown")) return undefined;
  const growths = [...growthsInMmap(analysis, main), ...growthsInStackAllocator(analysis)];
  if (growths.length === 0) return undefined;
  const sites: Site[] = [];
  const edits: Change[] = [];
  const refusals: string[] = [];
  const onOthers: string[] = [];
  for (const growth of growths) {
    sites.push(siteAt(code, growth.flags, "MAP_GROWSDOWN"));
    const branch = decisionAbout(analysis, growth);
    const address = `0x${code.space.addressOf(growth.flags).toString(16)}`;
    if (branch === undefined) {
      refusals.push(`nothing is found that decides about the growing mapping at ${address}`);
      continue;
    }
    sites.push(siteAt(code, branch.position, "decides between growing and whole stacks"));
    edits.push(alwaysOtherSide(analysis, branch));
    if (!isNeutral(code, branch))
      onOthers.push(`it is not seen that only Linux takes the way to the growing mapping at ${address}`);
  }
  return {
    sites,
    facts: { sites: growths.length, main },
    repair: { edits: uniqueEdits(edits), refusals },
    ...(subject.image.kind === "ape" && { portable: { edits: uniqueEdits(edits), refusals: [...refusals, ...onOthers] } }),
  };
}

function uniqueEdits(edits: readonly Change[]): Change[] {
  const first = new Map<number, Change>();
  for (const edit of edits) if (!first.has(edit.fileOffset)) first.set(edit.fileOffset, edit);
  return [...first.values()];
}

/** `or $0x112,%r32` and `or $6,%ecx`, as far as their bytes go. */
const MMAP_BYTES = [
  [0x12, 0x01, 0x00, 0x00],
  [0x83, 0xc9, 0x06],
];
/** The constants 0x8000022, 0x8000122 and 0x100122. */
const ALLOCATOR_BYTES = [
  [0x22, 0x00, 0x00, 0x08],
  [0x22, 0x01, 0x00, 0x08],
  [0x22, 0x01, 0x10, 0x00],
];

/**
 * v3.3 to v3.4.0, `__mmap_unlocked` (libc/runtime/mmap.c): flags |= MAP_GROWSDOWN|MAP_FIXED|MAP_PRIVATE for MAP_STACK on
 * Linux. Every program with mmap has that code behind a comparison with MAP_STACK; there it counts where something asks
 * for MAP_STACK, as pthread_create does.
 *
 *     81 c9 12 01 00 00   or $0x112,%ecx
 */
function growthsInMmap(analysis: Analysis, asksForMain: boolean): Growth[] {
  const { code } = analysis;
  const growths: Growth[] = [];
  let asksForStack = asksForMain;
  forEachInstructionWith(code, MMAP_BYTES, (position, instruction) => {
    if (!isOr(instruction) || !code.walk.isReachedOnLinux(position)) return;
    if (instruction.imm === 0x112) growths.push({ flags: position, place: position, shape: "mmap" });
    // `mov MAP_ANONYMOUS(%rip),%ecx; or $6,%ecx` in front of the call of mmap.
    if (instruction.imm === COSMO_MAP_STACK && instruction.rm === Register.rcx && callFollows(analysis, position))
      asksForStack = true;
  });
  return growths.filter((growth) => asksForStack || !comparesWithStack(analysis, growth.flags));
}

/** MAP_STACK, one of the values of MAP_TYPE in Cosmopolitan up to v3.4.0 (libc/sysv/consts/map.h). */
const COSMO_MAP_STACK = 6;

/** `mov $6,%ecx`, as far as its bytes go. */
const MAIN_STACK_BYTES = [[0xb9, 0x06, 0x00, 0x00, 0x00]];

/**
 * Whether the program's own start asks mmap() for its main stack, as it does from May 2022 to August 2023, v2.0 to v2.2
 * (libc/runtime/cosmo.S, before "Remove old stack code"): redbean, make and pledge of that time.
 *
 *     b9 06 00 00 00      mov $MAP_STACK,%ecx
 *     0b 0d rel32         or MAP_ANONYMOUS(%rip),%ecx
 */
function asksForMainStack(analysis: Analysis): boolean {
  const { code } = analysis;
  const { bytes } = code.space;
  let asks = false;
  forEachInstructionWith(code, MAIN_STACK_BYTES, (position, instruction) => {
    const isMove = instruction.map === OpcodeMap.Primary && instruction.opcode === 0xb9 && instruction.imm === COSMO_MAP_STACK;
    const isOrAfter = bytes[position + 5] === 0x0b && bytes[position + 6] === 0x0d;
    if (isMove && isOrAfter && code.walk.isReachedOnLinux(position) && callFollows(analysis, position)) asks = true;
  });
  return asks;
}

/** mmap is a long function, and the comparison stands some 0x220 bytes before. */
const BYTES_BEFORE = 0x800;

/** Whether something is compared with MAP_STACK in front of the position. */
function comparesWithStack(analysis: Analysis, position: number): boolean {
  const { walk } = analysis.code;
  for (let at = Math.max(0, position - BYTES_BEFORE); at < position; at++) {
    if (!walk.isStart(at)) continue;
    const instruction = instructionAt(walk, at);
    const isCompare = instruction.opcode === 0x83 && instruction.extension === 7 && instruction.mod === 3;
    if (instruction.map === OpcodeMap.Primary && isCompare && instruction.imm === COSMO_MAP_STACK) return true;
  }
  return false;
}

/**
 * v4.0.0 and later, `cosmo_stack_alloc` (libc/intrin/stack.c): calls slackmap(), which calls flixmap() once for the guard
 * and once with MAP_GROWSDOWN for the top page; flixmap adds 0x8000022 to the flags. Where a compiler joins them the
 * flags are one constant.
 */
function growthsInStackAllocator(analysis: Analysis): Growth[] {
  const { code } = analysis;
  const { walk } = code;
  const growths: Growth[] = [];
  const growers = new Set<number>();
  /** Functions whose callers were looked at. */
  const allocators = new Set<number>();
  forEachInstructionWith(code, ALLOCATOR_BYTES, (position, instruction) => {
    if (instruction.immSize !== 4 || !walk.isReachedOnLinux(position)) return;
    if (isGrowingConstant(instruction)) {
      const joined = growthsAbove(analysis, position, position);
      growths.push(...joined.filter((growth) => decisionAbout(analysis, growth) !== undefined));
      return;
    }
    if (instruction.imm !== FLIXMAP_FLAGS) return;
    const start = functionStart(walk, position);
    if (allocators.size === allocators.add(start).size) return;
    for (const call of callersOf(analysis, start)) {
      for (const register of [Register.rcx, Register.rdx]) {
        const { constants, whole } = valuesBefore(walk, call, register);
        const grows = constants.find((constant) => constant.value === MAP_GROWSDOWN);
        if (!whole) code.doubts.note("mapping");
        if (grows === undefined || growers.has(call)) continue;
        growers.add(call);
        growths.push(...growthsAbove(analysis, grows.position, call));
      }
    }
  });
  // With cosmo_dlopen linked the program takes the whole path by itself.
  return hostLibcMarker(analysis) ? [] : growths;
}

/** MAP_PRIVATE|MAP_ANONYMOUS and 0x8000000, which Cosmopolitan takes for MAP_FIXED_NOREPLACE. */
const FLIXMAP_FLAGS = 0x8000022;
/** MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN beside one of both NOREPLACEs; the probe for WSL at address 1 has none. */
const GROWING = 0x122;
const NOREPLACE = 0x8100000;

/** `mov $flags,%ecx` or `or $flags,%ecx` with all the flags of a growing mapping. */
function isGrowingConstant(instruction: Instruction): boolean {
  const isMove = instruction.map === OpcodeMap.Primary && instruction.opcode >= 0xb8 && instruction.opcode <= 0xbf;
  return (isMove || isOr(instruction)) && (instruction.imm & ~NOREPLACE) === GROWING && (instruction.imm & NOREPLACE) !== 0;
}

/** Where slackmap() is called; where a compiler has inlined it, as -O3 does, the place itself. */
function growthsAbove(analysis: Analysis, flags: number, place: number): Growth[] {
  const inlined: Growth = { flags, place, shape: "inlined" };
  if (decisionAbout(analysis, inlined) !== undefined) return [inlined];
  const calls = callersOf(analysis, functionStart(analysis.code.walk, place));
  return calls.map((call) => ({ flags, place: call, shape: "cosmo_stack_alloc" }));
}

function callersOf(analysis: Analysis, start: number): number[] {
  const { walk } = analysis.code;
  if (start < 0) return [];
  return walk.sourcesOf(start).filter((source) => walk.isReachedOnLinux(source));
}

function isOr(instruction: Instruction): boolean {
  const isGroup1 = instruction.opcode === 0x81 || instruction.opcode === 0x83;
  return instruction.map === OpcodeMap.Primary && isGroup1 && instruction.extension === 1 && instruction.mod === 3;
}

function callFollows(analysis: Analysis, position: number): boolean {
  let at = position;
  for (let count = 0; count < 12; count++) {
    const instruction = instructionAt(analysis.code.walk, at);
    if (instruction.length === 0) return false;
    if (instruction.flow === Flow.Call) return true;
    if (instruction.flow !== Flow.Next) return false;
    at += instruction.length;
  }
  return false;
}

/** The branch that decides between the growing mapping and the whole one, if there is one beyond doubt. */
function decisionAbout(analysis: Analysis, growth: Growth): DecidingBranch | undefined {
  const most = growth.shape === "inlined" ? MOST_INLINED : undefined;
  return decidingBranches(analysis.code.walk, growth.place, most).find((branch) => isConfirmed(analysis, growth, branch));
}

/** Instructions in front of the growing mapping that are looked at where slackmap() is inlined: it has a loop of its own. */
const MOST_INLINED = 400;

/**
 * In mmap the branch has to be the one that Linux and other systems part at. In the stack allocator another branch right
 * before it has to go to the same place (the stack limit's check), or over a copy of it.
 */
function isConfirmed(analysis: Analysis, growth: Growth, branch: DecidingBranch): boolean {
  const { walk } = analysis.code;
  if (growth.shape === "mmap") return !walk.isReachedOnLinux(branch.otherSide) || testsLinuxBit(analysis, branch);
  const isNear = walk.sourcesOf(branch.otherSide).some((source) => {
    if (source === branch.position) return false;
    return source < branch.position && branch.position - source < 32 && instructionAt(walk, source).flow === Flow.Branch;
  });
  if (growth.shape === "cosmo_stack_alloc" && isNear) return true;
  return followsQemuTest(analysis, branch) && (isNear || jumpsOverPlain(walk, branch));
}

/** `call IsQemuUser; test %eax,%eax; jne plain`: e8 rel32; 85 c0; 0f 85 or 75. slackmap() itself tests nothing so. */
function followsQemuTest(analysis: Analysis, branch: DecidingBranch): boolean {
  const { space, walk } = analysis.code;
  const call = branch.position - 7;
  const isCall = call >= 0 && walk.isStart(call) && space.bytes[call] === 0xe8;
  return isCall && !branch.takenToPlace && space.bytes[call + 5] === 0x85 && space.bytes[call + 6] === 0xc0;
}

/** Whether the stack limit's check jumps over a copy of the plain way to the call of IsQemuUser. */
function jumpsOverPlain(walk: Walk, branch: DecidingBranch): boolean {
  return walk.sourcesOf(branch.position - 7).some((source) => {
    const instruction = instructionAt(walk, source);
    return instruction.flow === Flow.Branch && source + instruction.length === branch.otherSide;
  });
}

/** `test $1,%al; je`: the LINUX bit of __hostos, where the plain way is also reached otherwise. */
function testsLinuxBit(analysis: Analysis, branch: DecidingBranch): boolean {
  const { bytes } = analysis.code.space;
  const before = branch.position;
  const isAl = bytes[before - 2] === 0xa8 && bytes[before - 1] === 1;
  const isOther = bytes[before - 3] === 0xf6 && (bytes[before - 2] & 0xf8) === 0xc0 && bytes[before - 1] === 1;
  const isMemory = bytes[before - 7] === 0xf6 && bytes[before - 6] === 0x05 && bytes[before - 1] === 1;
  return isAl || isOther || isMemory;
}

/**
 * The same length, one way only:
 *
 *     0f 8x rel32   jcc plain      90 e9 rel32   nop; jmp plain
 *     7x rel8       jcc plain      eb rel8       jmp plain
 *     0f 8x rel32   jcc growing    66 0f 1f 44 00 00   nop
 *     7x rel8       jcc growing    66 90         nop
 */
function alwaysOtherSide(analysis: Analysis, branch: DecidingBranch): Change {
  const { code } = analysis;
  const isShort = instructionAt(code.walk, branch.position).length === 2;
  const after = branch.takenToPlace ? (isShort ? "6690" : "660f1f440000") : isShort ? "eb" : "90e9";
  const site = siteAt(code, branch.position, "");
  const what = branch.takenToPlace ? `${site.text} → nop: never the growing stack` : `${site.text} → jmp: always the whole stack`;
  return editAt(code, branch.position, after, what);
}
