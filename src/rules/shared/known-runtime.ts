/**
 * Whether a program with thread state in %gs is built with Cosmopolitan v3.3 to v4.0.2, told by structure. Only of that runtime it is
 * known that it does nothing with its own code, and nothing with %fs, but what its source says; of any other program nothing is.
 */

import { ArchCode } from "../../code/abi.js";
import type { Code } from "../../code/code.js";
import { findHostEntry } from "../../code/host.js";
import { guardsOf } from "../../code/host-tests.js";
import type { ArchPrctl, SystemCallSite } from "../../code/system-calls.js";
import { systemCallSites } from "../../code/system-calls.js";
import type { Analysis } from "../define.js";
import { findRewriter } from "./portable/rewriter.js";
import { isSharedWithFreebsd, TEB_SLOTS } from "./portable/sites.js";

/** The bit of `__hostos` that is set on Linux and nowhere else (libc/dce.h). */
const LINUX = 1;
/** The smallest program that is known (fixupobj) takes the numbers of its system calls from four words, the largest from ten. */
const FEWEST_NUMBER_WORDS = 3;
/** A program for several systems shows at least so many of its four marks. All that were seen show all; without optimisation some have other forms. */
const FEWEST_MARKS = 2;

/** What could not be shown, one short clause each; empty for a program of that runtime. */
export function doubtsAboutRuntime(analysis: Analysis): string[] {
  const { code, archPrctls } = analysis;
  const entry = code.view.entry === 0 ? -1 : code.space.positionOf(code.view.entry);
  const host = entry < 0 ? undefined : findHostEntry(code.space, entry);
  if (host === undefined) return ["its entry point does not store the system that it runs on (__hostos)"];
  const doubts: string[] = [];
  if (code.view.interpreter !== undefined || code.view.needed.length > 0) doubts.push("it shares its process with libraries");
  const sets = archPrctls.filter(({ code: which }) => which === ArchCode.SET_GS || which === ArchCode.SET_FS);
  const stubs = new Set(sets.map(({ site }) => site.position));
  if (sets.length === 0 || sets.length < archPrctls.length || stubs.size !== 1 || !sets.every((call) => isStub(analysis, call)))
    doubts.push(
      "arch_prctl is not called by one stub alone that takes its number from memory (mov number(%rip),%eax; syscall; ret)",
    );
  if (numberWords(systemCallSites(code)).size < FEWEST_NUMBER_WORDS)
    doubts.push(`fewer than ${FEWEST_NUMBER_WORDS} words in memory hold the numbers of its system calls`);
  if (host.onlyLinux) return doubts;
  const isGuarded = ({ constant }: ArchPrctl) =>
    guardsOf(code, constant.position, (test, side) => test.mask === LINUX && side === test.ifSet).complete;
  const marks = [
    sets.some(isGuarded),
    findRewriter(code) !== undefined,
    sets.some((call) => isSharedWithFreebsd(analysis, call)),
    analysis.gs.found.some((access) => access.use === "windows-slot" && isSlot(analysis, access.position, access.length)),
  ];
  if (marks.filter(Boolean).length < FEWEST_MARKS)
    doubts.push(
      "it lacks what tells systems apart in such programs (__hostos in front of ARCH_SET_GS, __morph_tls, AMD64_SET_GSBASE, Windows slots)",
    );
  return doubts;
}

/** `8b 05 rel32; 0f 05; c3`, the number in memory that the program can write: it fills it in at start. */
function isStub({ code }: Analysis, { site, throughStub }: ArchPrctl): boolean {
  const { bytes } = code.space;
  const at = site.position;
  const isForm = bytes[at - 6] === 0x8b && bytes[at - 5] === 0x05 && bytes[at + 2] === 0xc3 && code.walk.isStart(at - 6);
  const word = site.number.loads[0];
  return throughStub && isForm && word !== undefined && isWritable(code, word);
}

/** PT_LOAD, PF_W */
const LOAD = 1;
const WRITABLE = 2;

function isWritable({ view }: Code, address: number): boolean {
  return view.programHeaders.some(
    ({ type, flags, address: start, memorySize }) =>
      type === LOAD && (flags & WRITABLE) !== 0 && address >= start && address < start + memorySize,
  );
}

function numberWords(sites: readonly SystemCallSite[]): Set<number> {
  const isWord = ({ number }: SystemCallSite) => number.loads.length === 1 && number.constants.length === 0 && !number.other;
  return new Set(sites.filter(isWord).map(({ number }) => number.loads[0]));
}

/** `mov %r,%gs:0x1480(,%r,8)`, `mov %gs:0x1480(,%r,8),%r`: the slot of a Windows thread. */
function isSlot({ code }: Analysis, position: number, length: number): boolean {
  const { bytes } = code.space;
  for (let at = position; at < position + length - 3; at++) {
    if (bytes[at] === (TEB_SLOTS & 0xff) && bytes[at + 1] === TEB_SLOTS >> 8 && bytes[at + 2] === 0 && bytes[at + 3] === 0)
      return true;
  }
  return false;
}
