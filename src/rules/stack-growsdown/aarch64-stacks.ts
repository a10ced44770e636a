/** The aarch64 half of stack-growsdown: Cosmopolitan's thread stacks in code for 64-bit Arm. */

import { positionsOf } from "../../bytes/find.js";
import { ArmCode } from "../../code/aarch64/code.js";
import { hasCosmopolitanEntry } from "../../code/aarch64/cosmopolitan.js";
import { format } from "../../code/aarch64/format.js";
import { type Growth, growthsInMmap, growthsInStackAllocator } from "../../code/aarch64/growth.js";
import { decode, NOP } from "../../code/aarch64/instruction.js";
import { alwaysOtherSide, hexOfWord } from "../../code/aarch64/rewrite.js";
import { ArmWalk } from "../../code/aarch64/walk.js";
import { type CodeSpace, loadCodeSpace } from "../../code/code-space.js";
import { DataSpace, loadDataSpace } from "../../code/data-space.js";
import { GaveUpError } from "../../code/limits.js";
import { always } from "../../gvisor/behaviour.js";
import type { CodeSymbol } from "../../image/image.js";
import { readSymbols } from "../../image/symbols.js";
import type { Change, Found, Site, Subject } from "../define.js";

/** In programs that link cosmo_dlopen (libc/dlopen/dlopen.c); from v4.0.0 on they map whole stacks by themselves. */
const DLOPEN_MARKER = "dlopen-helper";

/**
 * Looks for thread stacks that must grow, in Cosmopolitan programs of v3.3 to v3.4.0 and from v4.0.0 on. gVisor for arm64
 * has the same memory manager as for x86-64; no run has shown the effect there, so the basis is its source.
 */
export async function findAarch64Stacks(subject: Subject): Promise<Found | undefined> {
  const { source, view, image } = subject;
  if (view.class !== 64 || !view.littleEndian || view.machine !== "aarch64") return undefined;
  const space = await loadCodeSpace(source, view);
  if (!hasCosmopolitanEntry(space, view.entry) || !mayMapGrowing(space.bytes)) return undefined;
  const [data, symbols] = [await loadDataSpace(source, view), await readSymbols(source, view, image.zip)];
  try {
    return stacksIn(space, data, view.entry, symbols);
  } catch (error) {
    if (!(error instanceof GaveUpError)) throw error;
    subject.doubts.note("mapping");
    return undefined;
  }
}

function stacksIn(space: CodeSpace, data: DataSpace, entry: number, symbols: readonly CodeSymbol[]): Found | undefined {
  const code = new ArmCode(space, data);
  const constants = dataInCode(space);
  const pointers = [data, constants].flatMap((part) => pointersIn(space, part));
  for (const pointer of [entry, ...pointers]) code.addPointer(pointer);
  const linksDlopen = data.includesText(DLOPEN_MARKER) || constants.includesText(DLOPEN_MARKER);
  const inAllocator = linksDlopen ? [] : growthsInStackAllocator(code);
  const growths = [...growthsInMmap(code), ...inAllocator];
  if (growths.length === 0) return undefined;
  const walk = new ArmWalk(code, entry, pointers);
  const functions = symbols.filter((symbol) => symbol.isFunction).sort((a, b) => a.address - b.address);
  return describe(code, walk, functions, growths);
}

/**
 * At memory speed: whether the constants occur without which there is nothing to find. v4.0.0 and later need 0x8000022,
 * v3.3 to v3.4.0 0x112 and IsQemuUser(), which passes 127 as third argument (Arm ARM C6.2, MOVZ and MOVK).
 */
function mayMapGrowing(code: Uint8Array): boolean {
  const words = new DataView(code.buffer, code.byteOffset, code.byteLength);
  /** Whether a word with the two bytes is one of these, whatever bits it has outside of `mask`. `first` says which two, from 0. */
  const hasAt = (first: number, two: readonly number[], wanted: readonly number[], mask: number): boolean =>
    positionsOf(two, code).some((at) => {
      const start = at - first;
      return start % 4 === 0 && start + 4 <= code.length && wanted.includes(words.getUint32(start, true) & mask);
    });
  /** The same for words that have the two bytes in their middle. */
  const has = (wanted: readonly number[], mask: number): boolean =>
    hasAt(1, [(wanted[0] >> 8) & 0xff, (wanted[0] >> 16) & 0xff], wanted, mask);
  const WITHOUT_REGISTER = 0x7fffffe0;
  // movk or movz #0x800, lsl #16, by the last two bytes: those in the middle begin with a zero, of which code is full.
  const pairs = [0x72, 0xf2, 0x52, 0xd2].map((last) => [0xa1, last]);
  if (pairs.some((pair) => hasAt(2, pair, [0x72a10000, 0x52a10000], WITHOUT_REGISTER))) return true;
  // movz #0x112, and movz w2 or x2, #127
  return has([0x52802240], WITHOUT_REGISTER) && has([0x52800fe2], 0x7fffffff);
}

/** The executable ranges as data: Cosmopolitan's aarch64 programs have constants and strings in the same segment as code. */
function dataInCode(space: CodeSpace): DataSpace {
  return new DataSpace(
    space.regions.map(({ start, size, address }) => ({ address, bytes: space.bytes.subarray(start, start + size) })),
  );
}

/** Words in data that hold the address of an instruction. */
function pointersIn(space: CodeSpace, data: DataSpace): number[] {
  const found: number[] = [];
  for (const region of space.regions) {
    data.forEachPointer(region.address, region.address + region.size, (value) => {
      if (value % 4 === 0) found.push(value);
    });
  }
  return found;
}

function describe(code: ArmCode, walk: ArmWalk, symbols: readonly CodeSymbol[], growths: readonly Growth[]): Found {
  const sites = new Map<number, Site>();
  const edits = new Map<number, Change>();
  const refusals: string[] = [];
  const nameAt = (address: number) => nameOf(symbols, address);
  const addSite = (address: number, role: string) => {
    const instruction = code.at(address);
    if (instruction === undefined || sites.has(address)) return;
    sites.set(address, {
      address,
      fileOffset: code.fileOffsetOf(address),
      bytes: hexOfWord(instruction.word),
      text: format(instruction, address, nameAt),
      inFunction: nameAt(address),
      evidence: walk.evidenceAt(address),
      role,
    });
  };
  for (const { flags, place, branch } of growths) {
    addSite(flags, "MAP_GROWSDOWN");
    if (place !== flags) addSite(place, "leads to the growing mapping");
    const before = branch && code.at(branch.address);
    if (branch === undefined || before === undefined) {
      refusals.push(`nothing is found that decides about the growing mapping at 0x${place.toString(16)}`);
      continue;
    }
    addSite(branch.address, "decides between growing and whole stacks");
    const after = alwaysOtherSide(branch, before);
    const text = (word: number) => format(decode(word), branch.address, nameAt);
    edits.set(branch.address, {
      fileOffset: code.fileOffsetOf(branch.address),
      address: branch.address,
      before: hexOfWord(before.word),
      after: hexOfWord(after),
      evidence: walk.evidenceAt(branch.address),
      what: `${text(before.word)} → ${text(after)}: ${after === NOP ? "never the growing stack" : "always the whole stack"}`,
    });
  }
  return {
    behaviour: always("may-fail", "source"),
    sites: [...sites.values()],
    facts: { sites: growths.length },
    repair: { edits: [...edits.values()], refusals },
  };
}

/** How many symbols in front of an address may be longer than the nearest one that covers it. */
const MOST_NESTED = 64;

/** The function that an address lies in, with the distance from its start; undefined where no symbol covers it. `symbols` are ascending. */
function nameOf(symbols: readonly CodeSymbol[], address: number): string | undefined {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (symbols[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  let best: CodeSymbol | undefined;
  for (let index = low - 1; index >= Math.max(0, low - MOST_NESTED); index--) {
    const symbol = symbols[index];
    // Of several at one address the first one counts.
    if (best !== undefined && symbol.address < best.address) break;
    if (symbol.size === 0 || address < symbol.address + symbol.size) best = symbol;
  }
  if (best === undefined) return undefined;
  return best.address === address ? best.name : `${best.name}+0x${(address - best.address).toString(16)}`;
}
