/**
 * Whether the move of thread state is all that has to do with %fs and %gs on Linux: the base of %fs is 0 at start, as that of %gs is,
 * and then follows it exactly. Whatever else sets, reads or uses one of the two speaks against it.
 */

import { ARCH_PRCTL, ArchCode } from "../../code/abi.js";
import { forEachInstructionWith } from "../../code/code.js";
import { otherUseOf } from "../../code/other-uses.js";
import { argumentValues, type SystemCallSite, systemCallSites } from "../../code/system-calls.js";
import { Encoding, Flow, type Instruction, OpcodeMap, Prefix } from "../../x86/instruction.js";
import type { Analysis } from "../define.js";
import { portableSites } from "./portable/sites.js";
import { siteAt } from "./sites.js";

/** System calls by number (arch/x86/entry/syscalls/syscall_64.tbl). */
const CLONE = 56;
const CLONE3 = 435;
/** They make segments that a selector can name, read registers of another process, or judge the arguments of arch_prctl. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [154, "modify_ldt"],
  [205, "set_thread_area"],
]);
const REFUSED_OF_UNKNOWN: ReadonlyMap<number, string> = new Map([
  [101, "ptrace"],
  [317, "seccomp"],
  [CLONE3, "clone3, whose flags stand in memory"],
]);
const PROTECTIONS: ReadonlyMap<number, string> = new Map([
  [9, "mmap"],
  [10, "mprotect"],
  [329, "pkey_mprotect"],
]);
const CLONE_SETTLS = 0x80000;
const PROT_EXEC = 4;
/** PT_LOAD, PT_GNU_STACK; PF_X, PF_W */
const LOAD = 1;
const GNU_STACK = 0x6474e551;
const EXECUTABLE = 1;
const WRITABLE = 2;
/** So many places of a kind are named. */
const MOST_NAMED = 3;

/** What speaks against it, one sentence each. `isKnown`: the program's runtime was recognised, and its ways are known. */
export function besidesTheMove(analysis: Analysis, isKnown: boolean): string[] {
  return [
    ...usesOfFs(analysis, isKnown),
    ...segmentInstructions(analysis, isKnown),
    ...systemCalls(analysis, isKnown),
    ...constantsUsedTwice(analysis, isKnown),
    ...(isKnown ? [] : codeThatIsMade(analysis)),
  ];
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** The first few places, with how many more there are. */
function named(analysis: Analysis, positions: readonly number[], what: string): string[] {
  const { code } = analysis;
  const sentences = positions.slice(0, MOST_NAMED).map((position) => {
    const { text } = siteAt(code, position, "");
    return `${hex(code.space.addressOf(position))} ${what} (${text})`;
  });
  if (positions.length > MOST_NAMED) sentences.push(`${positions.length - MOST_NAMED} more places: each ${what}`);
  return sentences;
}

/** Cosmopolitan has some for NetBSD and OpenBSD, which Linux does not reach unless a repair that keeps the file portable sends it there. */
function usesOfFs(analysis: Analysis, isKnown: boolean): string[] {
  const { fs } = analysis;
  const isSentThere = isKnown && (portableSites(analysis)?.pairs.some((site) => site.done) ?? false);
  const uses = fs.found.filter(({ onLinux, evidence, offset }) => {
    if (evidence === "swept") return !isKnown;
    return onLinux && !(isSentThere && offset === undefined);
  });
  return named(
    analysis,
    uses.map(({ position }) => position),
    "uses %fs, where the thread state would go",
  );
}

/** `rdfsbase` and its kind, loads of a selector, `swapgs`, on Linux's path. */
function segmentInstructions(analysis: Analysis, isKnown: boolean): string[] {
  const { code } = analysis;
  const found: number[] = [];
  const old: number[] = [];
  forEachInstructionWith(code, SEGMENT_BYTES, (position, instruction) => {
    if (!code.walk.isReachedOnLinux(position)) return;
    if (concernsBase(instruction)) found.push(position);
    else if (!isKnown && instruction.flow === Flow.SystemCall && instruction.opcode !== 0x05) old.push(position);
  });
  return [
    ...named(analysis, found, "sets or reads the base of %fs or %gs by itself"),
    ...named(analysis, old, "calls the kernel in the way of 32-bit programs"),
  ];
}

/** Byte sequences of which each of those has one. */
const SEGMENT_BYTES: readonly (readonly number[])[] = [
  [0x8e],
  [0x0f, 0xa1],
  [0x0f, 0xa9],
  [0x0f, 0xb4],
  [0x0f, 0xb5],
  [0x0f, 0xae],
  [0x0f, 0x01, 0xf8],
  [0xcd],
  [0x0f, 0x34],
];

function concernsBase({ map, opcode, encoding, extension, mod, prefixes, modrm }: Instruction): boolean {
  if (encoding !== Encoding.Legacy) return false;
  // mov to %fs (/4) and %gs (/5)
  if (map === OpcodeMap.Primary) return opcode === 0x8e && (extension === 4 || extension === 5);
  if (map !== OpcodeMap.Secondary) return false;
  // pop %fs, pop %gs, lfs, lgs, swapgs; rdfsbase, rdgsbase, wrfsbase, wrgsbase
  if (opcode === 0xa1 || opcode === 0xa9 || opcode === 0xb4 || opcode === 0xb5) return true;
  if (opcode === 0x01) return modrm === 0xf8;
  return opcode === 0xae && mod === 3 && extension < 4 && (prefixes & Prefix.Rep) !== 0;
}

function systemCalls(analysis: Analysis, isKnown: boolean): string[] {
  const { code } = analysis;
  const refusals: string[] = [];
  const done = new Set(
    portableSites(analysis)
      ?.constants.filter((site) => site.done)
      .map((site) => site.position),
  );
  for (const call of analysis.archPrctls) {
    if (call.code !== ArchCode.SET_FS && call.code !== ArchCode.GET_FS) continue;
    if (isKnown && done.has(call.constant.position)) continue;
    const name = call.code === ArchCode.SET_FS ? "ARCH_SET_FS" : "ARCH_GET_FS";
    refusals.push(
      `it calls arch_prctl(${name}) itself (the constant stands at ${hex(code.space.addressOf(call.constant.position))})`,
    );
  }
  for (const site of systemCallSites(code)) {
    const at = hex(code.space.addressOf(site.position));
    const { number } = site;
    for (const [value, name] of REFUSED) if (mayBe(site, value)) refusals.push(`it calls ${name} at ${at}`);
    const isArchPrctl = mayBe(site, ARCH_PRCTL) || number.loads.some((word) => code.data.word32(word) === ARCH_PRCTL);
    if (isArchPrctl && argument(analysis, site, 0) === undefined)
      refusals.push(`what it asks arch_prctl for at ${at} is not known`);
    if (isKnown) continue;
    if (number.other || number.loads.length > 0 || number.constants.length === 0) {
      refusals.push(`which system call it makes at ${at} is not known`);
      continue;
    }
    for (const [value, name] of REFUSED_OF_UNKNOWN) if (mayBe(site, value)) refusals.push(`it calls ${name} at ${at}`);
    if (mayBe(site, CLONE)) {
      const flags = argument(analysis, site, 0);
      if (flags === undefined) refusals.push(`with which flags it calls clone at ${at} is not known`);
      else if (flags.some((value) => (value & CLONE_SETTLS) !== 0)) refusals.push(`it calls clone with CLONE_SETTLS at ${at}`);
    }
    for (const [value, name] of PROTECTIONS) {
      const protection = mayBe(site, value) ? argument(analysis, site, 2) : [];
      if (protection === undefined || protection.some((bits) => (bits & PROT_EXEC) !== 0))
        refusals.push(`it may make code while it runs (${name} with PROT_EXEC at ${at})`);
    }
  }
  return refusals;
}

function mayBe({ number }: SystemCallSite, value: number): boolean {
  return number.constants.some((constant) => constant.value === value);
}

/** All values that an argument can have; undefined where they are not known. */
function argument({ code }: Analysis, site: SystemCallSite, index: number): number[] | undefined {
  const { constants, loads, other } = argumentValues(code, site, index);
  return other || loads.length > 0 || constants.length === 0 ? undefined : constants.map(({ value }) => value);
}

function constantsUsedTwice(analysis: Analysis, isKnown: boolean): string[] {
  const { code, archPrctls } = analysis;
  const sites = new Set(archPrctls.map(({ site }) => site.position));
  const constants = archPrctls.filter(({ code: which }) => which === ArchCode.SET_GS || which === ArchCode.GET_GS);
  const refusals: string[] = [];
  for (const position of new Set(constants.map(({ constant }) => constant.position))) {
    const use = otherUseOf(code.walk, position, sites, isKnown ? "abi" : "nothing");
    if (use === undefined) continue;
    const { text } = siteAt(code, use, "");
    refusals.push(
      `the constant at ${hex(code.space.addressOf(position))} may serve for something else besides arch_prctl: ` +
        `${hex(code.space.addressOf(use))} (${text})`,
    );
  }
  return refusals;
}

/** Where a program may make code, that code may use %gs. */
function codeThatIsMade({ code }: Analysis): string[] {
  const { programHeaders } = code.view;
  const isBoth = (flags: number) => (flags & EXECUTABLE) !== 0 && (flags & WRITABLE) !== 0;
  const refusals: string[] = [];
  if (programHeaders.some(({ type, flags }) => type === LOAD && isBoth(flags))) refusals.push("it can write to its own code");
  const stack = programHeaders.find(({ type }) => type === GNU_STACK);
  if (stack === undefined || (stack.flags & EXECUTABLE) !== 0)
    refusals.push("its stack is executable, so code may be made there while it runs");
  return refusals;
}
