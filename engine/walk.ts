/**
 * Recursive descent: which bytes of the code are instructions, how that is known, and whether Linux gets there. What it is for
 * and in which order it goes stands in src/code/walk.ts, which calls this.
 */

import { decode } from "./decode";
import { decides, keepOnly, registers, setVariable, startHost, stepOver } from "./host";
import {
  BRANCH,
  base,
  CALL,
  displacement,
  extension,
  flow,
  hasMemory,
  INDIRECT_CALL,
  INDIRECT_JUMP,
  immediate,
  immediateSize,
  index,
  JUMP,
  map,
  NEXT,
  NONE,
  opcode,
  PRIMARY,
  RIP,
  SECONDARY,
  SYSTEM_CALL,
  scale,
  target,
} from "./instruction";
import { bytes, entries, startTables, stepTables, words } from "./jump-tables";
import { addMark, BODY, FUNCTION, isInside, LEADER, LINUX, markAt, markInstruction, overlapsKnown, RANK } from "./marks";
import { clear, code, codeSize, itemAt, LIST, marks, notes, pop, push, pushPair, reserve, shorten, sizeOf } from "./memory";
import { addressOf, endOf, positionOf, regionCount, regionOf, startOf } from "./space";
import {
  ADDRESSES,
  addTable,
  BYTES,
  DISTANCES,
  endEdgeOf,
  findTable,
  firstEdgeOf,
  isNews,
  mayReadEntry,
  noteJump,
  setEndEdge,
  sourceOf,
  startGuess,
  startTargets,
  tableCount,
  tableJumps,
  takeBackTables,
  wereTablesCut,
} from "./targets";

/** The 32-bit word of data at an address; NaN where there is none. */
declare function word32(address: f64): f64;

// Bits of a note.
/** The sweep over the gaps begins an instruction here. */
const BOUNDARY: i32 = 1;
/** A pointer to this position was found. */
const POINTED: i32 = 2;
/** Linux jumps here, and no register holds `__hostos` on every way there. */
const HOLDS_NONE: i32 = 8;
/** Linux jumps here, and `heldAtLeader` says which registers hold it. */
const HOLDS_SOME: i32 = 16;
/** The table of a `switch` leads here: a case, into which the one before may run on, and no function. */
const CASE: i32 = 4;

// src/code/evidence.ts.
const BY_POINTER: i32 = 2;
const BY_SYMBOL: i32 = 4;

/** A bound, so that damaged tables cost little. */
const MOST_TABLE_ENTRIES: i64 = 4096;

/** Pairs: a position to go on from, and the registers that hold `__hostos` there. */
const pending: usize = memory.data(LIST);
/** Pairs: the side of a branch that Linux does not take, and the evidence of the branch. */
const otherSystems: usize = memory.data(LIST);
/** Pairs: target and source of the direct jumps, branches and calls; of a table's targets its `sourceOf`. */
export const edges: usize = memory.data(LIST);
/** Positions at which a `syscall` was met. */
export const systemCalls: usize = memory.data(LIST);
/** The instructions of the current guess, to be taken back if it proves wrong. */
const journal: usize = memory.data(LIST);
/** The instructions of the current line behind its last call. */
const behindCall: usize = memory.data(LIST);
/** Positions that pointers lead to: those being followed, and those found meanwhile. */
const pointersNow: usize = memory.data(LIST);
const pointersNext: usize = memory.data(LIST);

/**
 * So many instructions for each byte of code may be taken back; then no more is guessed. Real programs get nowhere near: the pointers of
 * one that is made for it all lead into the same megabytes of code without an end.
 */
const MOST_TAKEN_BACK: i64 = 8;

// What a walk was given up for: src/code/doubts.ts.
const TABLES_CUT: i32 = 1;
const GUESSES_CUT: i32 = 2;

let isGuess: bool = false;
/** Instructions of guesses that proved wrong. */
let takenBack: i64 = 0;
let wereGuessesCut: bool = false;
let hasBoundaries: bool = false;
let absoluteImmediates: bool = false;
/** Whether there is a `__hostos`. */
let hasHost: bool = false;
/** Per position with HOLDS_SOME: 16 bits, one for each register that holds `__hostos` on every way there. Few pages of it are ever written. */
let heldAtLeader: usize = 0;

/** Forgets an earlier walk. `hostVariable` is an address, NONE without. Call it before `walk`. */
export function startWalk(hostVariable: i64, absolute: bool): void {
  clear(pending);
  clear(otherSystems);
  // A pair for each sixteen bytes: real programs have one for each 15 to 20.
  clear(edges, codeSize >> 3);
  clear(systemCalls);
  clear(journal);
  clear(behindCall);
  clear(pointersNow);
  clear(pointersNext);
  startTargets();
  isGuess = false;
  takenBack = 0;
  wereGuessesCut = false;
  hasBoundaries = false;
  absoluteImmediates = absolute;
  setVariable(hostVariable);
  hasHost = hostVariable != NONE;
  heldAtLeader = hasHost ? reserve(usize(codeSize) << 1) : 0;
}

/** What was not followed to its end, as bits. */
export function cutShort(): i32 {
  return (wereTablesCut() ? TABLES_CUT : 0) | (wereGuessesCut ? GUESSES_CUT : 0);
}

/** Follows `count` roots: pairs of position and evidence. */
export function followRoots(roots: usize, count: i32): void {
  for (let i = 0; i < count; i++) follow(load<i32>(roots + (usize(i) << 3)), load<i32>(roots + (usize(i) << 3), 4), true);
}

/** Follows `count` positions that names without a type stand for. */
export function followNames(names: usize, count: i32): void {
  for (let i = 0; i < count; i++) guess(load<i32>(names + (usize(i) << 2)), BY_SYMBOL, true);
}

/** Follows `count` positions that data points to, those found on the way, and then what only other systems take. */
export function followPointersAndOthers(pointers: usize, count: i32): void {
  for (let i = 0; i < count; i++) notePointer(load<i32>(pointers + (usize(i) << 2)));
  followPointers(true);
  while (sizeOf(otherSystems) > 0 || sizeOf(pointersNext) > 0) {
    if (sizeOf(otherSystems) == 0) {
      followPointers(false);
      continue;
    }
    const evidence = pop(otherSystems);
    follow(pop(otherSystems), evidence, false);
  }
}

function followPointers(linux: bool): void {
  while (sizeOf(pointersNext) > 0) {
    const count = sizeOf(pointersNext);
    shorten(pointersNow, 0);
    for (let i = 0; i < count; i++) push(pointersNow, itemAt(pointersNext, i));
    shorten(pointersNext, 0);
    for (let i = 0; i < count; i++) guess(itemAt(pointersNow, i), BY_POINTER, linux);
  }
}

function noteAt(position: i32): i32 {
  return load<u8>(notes + usize(position));
}

function notePointer(position: i32): void {
  if (position < 0 || (noteAt(position) & POINTED) != 0) return;
  store<u8>(notes + usize(position), noteAt(position) | POINTED);
  push(pointersNext, position);
}

/** Follows what may be a function; takes everything back where it cannot be code. */
function guess(position: i32, evidence: i32, linux: bool): void {
  if (takenBack > MOST_TAKEN_BACK * codeSize) {
    wereGuessesCut = true;
    return;
  }
  const mark = markAt(position);
  const isStart = (mark & RANK) != 0;
  if (isStart && (!linux || (mark & LINUX) != 0)) return;
  if (isInside(position)) return;
  if (!isStart && (!isBoundary(position) || isTableOfDistances(position))) return;
  isGuess = true;
  shorten(journal, 0);
  const edgeCount = sizeOf(edges);
  const queued = sizeOf(pointersNext);
  const others = sizeOf(otherSystems);
  const tables = tableCount();
  const jumps = sizeOf(tableJumps);
  startGuess();
  const sound = follow(position, evidence, linux);
  isGuess = false;
  if (sound) return;
  takenBack += sizeOf(journal);
  takeBack(journal);
  shorten(edges, edgeCount);
  takeBackTables(tables, jumps);
  for (let i = queued; i < sizeOf(pointersNext); i++) {
    const at = notes + usize(itemAt(pointersNext, i));
    store<u8>(at, load<u8>(at) & ~(POINTED | CASE));
  }
  shorten(pointersNext, queued);
  shorten(otherSystems, others);
}

/**
 * Whether the words at a position are distances from there to other code: the table of a `switch`, which the instruction that reads it
 * points to as if to a function. Linkers that make one segment of code and constants put such tables there, and many of them decode.
 */
function isTableOfDistances(position: i32): bool {
  const region = regionOf(position);
  const end = endOf(region);
  // GCC and Clang make no table for fewer cases.
  if (end - position < 4 * 4) return false;
  for (let i = 0; i < 4; i++) {
    const to = i64(position) + load<i32>(code + usize(position + 4 * i));
    if (to < startOf(region) || to >= end || isInside(i32(to))) return false;
  }
  return true;
}

/** Whether an instruction begins at a position when the bytes between known code are decoded one after the other. */
function isBoundary(position: i32): bool {
  if (!hasBoundaries) sweepGaps();
  hasBoundaries = true;
  return (noteAt(position) & BOUNDARY) != 0;
}

function sweepGaps(): void {
  for (let region = 0; region < regionCount(); region++) {
    const end = endOf(region);
    let at = startOf(region);
    while (at < end) {
      // Known code is a fixed point: what overlaps it was out of step.
      while (at < end && (markAt(at) & (RANK | BODY)) != 0) at++;
      if (at >= end) break;
      store<u8>(notes + usize(at), noteAt(at) | BOUNDARY);
      at += max(1, decode(at, end));
    }
  }
}

/** Marks everything reachable from a position. False where some path left valid code while following a guess. */
function follow(position: i32, evidence: i32, linux: bool): bool {
  if (position < 0 || position >= codeSize) return false;
  addMark(position, (noteAt(position) & CASE) != 0 ? LEADER : FUNCTION | LEADER);
  pushPair(pending, position, 0);
  let sound = true;
  while (sizeOf(pending) > 0) {
    const held = pop(pending);
    const from = pop(pending);
    if (isDone(from, linux)) continue;
    if (!followLine(from, held, evidence, linux)) {
      sound = false;
      if (isGuess) shorten(pending, 0);
    }
  }
  return sound;
}

/** Whether to follow what a position leads to would tell nothing new. */
function isDone(position: i32, linux: bool): bool {
  const mark = markAt(position);
  if ((mark & RANK) == 0) return false;
  return !linux || ((mark & LINUX) != 0 && (!hasHost || (noteAt(position) & HOLDS_NONE) != 0));
}

/**
 * Follows one straight line of code until it ends or joins what is known. False where it stops being valid code, unless a call
 * came before: that call does not return then, and what was decoded behind it is taken back.
 */
function followLine(from: i32, held: i32, evidence: i32, linux: bool): bool {
  const region = regionOf(from);
  const end = endOf(region);
  const toAddress = addressOf(region) - startOf(region);
  const asksHost = linux && hasHost;
  startHost(asksHost ? held : 0);
  startTables();
  shorten(behindCall, 0);
  let sawCall = false;
  let at = from;
  let lowered = asksHost && lowerHeld(at, held);
  while (true) {
    if (at >= end) return sawCall && takeBack(behindCall);
    const mark = markAt(at);
    const known = (mark & RANK) != 0;
    // Code does not run on into the start of another function; a table in front of one seems to.
    if (known && (mark & FUNCTION) != 0 && isGuess && at != from) return sawCall && takeBack(behindCall);
    if (known && !lowered && (!linux || (mark & LINUX) != 0)) return true;
    const length = decode(at, end);
    if (length == 0) return sawCall && takeBack(behindCall);
    if (!known) {
      if (overlapsKnown(at, length)) {
        if (sawCall) return takeBack(behindCall);
        if (isGuess) return false;
      }
      markInstruction(at, length, linux ? evidence | LINUX : evidence);
      if (isGuess) push(journal, at);
      if (sawCall) push(behindCall, at);
    } else if (linux) addMark(at, LINUX);
    const next = at + length;
    if (asksHost) stepOver(at, end, toAddress + next);
    const way = flow();
    if (way == NEXT) {
      if (mayTellAddress()) noteAddresses(toAddress + next);
    } else if (way == CALL || way == INDIRECT_CALL) {
      if (way == CALL) reach(target(at), at, region, true, 0, known);
      sawCall = true;
      shorten(behindCall, 0);
    } else if (way == BRANCH) {
      const taken = asksHost ? decides() : NONE;
      if (taken == 0) leaveToOthers(target(at), at, region, evidence);
      else reach(target(at), at, region, false, registers, known);
      if (taken == 1) {
        pushPair(otherSystems, next, evidence);
        return true;
      }
    } else if (way == JUMP) {
      reach(target(at), at, region, false, registers, known);
      return true;
    } else if (way == INDIRECT_JUMP) {
      followTable(at, region, linux, known);
      return true;
    } else if (way != SYSTEM_CALL) return true;
    else if (!known && map() == SECONDARY && opcode() == 0x05) push(systemCalls, at);
    at = next;
    lowered = false;
    if (asksHost && at < end && (markAt(at) & LEADER) != 0) {
      lowered = lowerHeld(at, registers);
      keepOnly(heldAt(at));
    }
  }
}

/** Unmarks instructions, latest first. Always true, to be returned. */
function takeBack(starts: usize): bool {
  for (let i = sizeOf(starts) - 1; i >= 0; i--) {
    const start = itemAt(starts, i);
    memory.fill(marks + usize(start), 0, decode(start, endOf(regionOf(start))));
  }
  return true;
}

/** Queues a direct target. A target outside the code is no reason to distrust the jump: it may lead to another region. */
function reach(to: i64, source: i32, region: i32, isCall: bool, host: i32, knownSource: bool): void {
  const position = inSpace(to, region);
  if (position >= 0) queue(position, source, isCall, host, knownSource);
}

function queue(position: i32, source: i32, isCall: bool, host: i32, knownSource: bool): void {
  if (!knownSource) addEdge(position, source);
  addMark(position, isCall ? FUNCTION | LEADER : LEADER);
  pushPair(pending, position, host);
}

function leaveToOthers(to: i64, source: i32, region: i32, evidence: i32): void {
  const position = inSpace(to, region);
  if (position < 0) return;
  addEdge(position, source);
  addMark(position, LEADER);
  pushPair(otherSystems, position, evidence);
}

function addEdge(to: i32, source: i32): void {
  pushPair(edges, to, source);
}

/** Remembers with which registers a leader was reached; true where that is fewer than at an earlier visit. */
function lowerHeld(position: i32, held: i32): bool {
  const note = noteAt(position);
  if ((note & HOLDS_NONE) != 0) return false;
  if ((note & HOLDS_SOME) == 0) {
    setHeld(position, held);
    return (markAt(position) & RANK) != 0;
  }
  const before = heldAt(position);
  if ((before & held) == before) return false;
  setHeld(position, before & held);
  return true;
}

function heldAt(position: i32): i32 {
  return (noteAt(position) & HOLDS_SOME) != 0 ? load<u16>(heldAtLeader + (usize(position) << 1)) : 0;
}

function setHeld(position: i32, held: i32): void {
  store<u8>(notes + usize(position), (noteAt(position) & ~HOLDS_SOME) | (held == 0 ? HOLDS_NONE : HOLDS_SOME));
  if (held != 0) store<u16>(heldAtLeader + (usize(position) << 1), u16(held));
}

function inSpace(to: i64, region: i32): i32 {
  const start = startOf(region);
  if (to >= start && to < endOf(region)) return i32(to);
  return regionCount() == 1 ? -1 : positionOf(addressOf(region) - start + to);
}

/** Opcodes of the one-byte map that the two questions below are about, all others have nothing to do with addresses. A bit each. */
const TELLING: usize = memory.data<u32>([0x20, 0x3000_0000, 0, 0x108, 0x200b, 0xff00_0000, 0x80, 0]);

/** Whether the instruction decoded last may hold the address of a function or of a table, or the bound of one. Most do not. */
function mayTellAddress(): bool {
  const byte = opcode();
  if (map() == PRIMARY) return (load<u32>(TELLING + usize((byte >> 5) << 2)) & (1 << (byte & 31))) != 0;
  return map() == SECONDARY && byte == 0xb6;
}

/** `next` is the address behind the instruction. */
function noteAddresses(next: i64): void {
  if (map() == PRIMARY) notePointersOf(next);
  stepTables(next, absoluteImmediates);
}

/**
 * `lea f(%rip),%r`, `mov $f,%r32`, `push $f`, `movq $f,mem`: the address of a function taken by an instruction. `add $f,%eax` and
 * `cmp $f,%rax` too: so Cosmopolitan's start-up code finds the way of a system's calls, and its signal handler whether it is on it.
 */
function notePointersOf(next: i64): void {
  const byte = opcode();
  if (byte == 0x8d) {
    const from = base();
    if (from == RIP) notePointer(positionOf(next + displacement()));
    else if (from == NONE && index() == NONE) notePointer(positionOf(displacement()));
    return;
  }
  if (!absoluteImmediates || immediateSize() < 4) return;
  const isMove = (byte >= 0xb8 && byte <= 0xbf) || byte == 0xc7 || byte == 0x68;
  if (isMove || byte == 0x05 || byte == 0x3d || (byte == 0x81 && (extension() == 0 || extension() == 7)))
    notePointer(positionOf(immediate()));
}

/** What an indirect jump leads to, if it is told by a table. */
function followTable(jump: i32, region: i32, linux: bool, known: bool): void {
  if (hasMemory()) {
    followAddressTable(jump, region, linux, known);
    return;
  }
  followByteTable(jump, region, linux, known);
  noteRelativeTable(jump, region, known);
}

/** The jump table of a `switch` in position-independent code: 32-bit distances from the table's own address. */
function noteRelativeTable(jump: i32, region: i32, known: bool): void {
  if (words == NONE) return;
  const most = i32(min(entries, MOST_TABLE_ENTRIES));
  let table = findTable(words, DISTANCES, region, most);
  if (table < 0) {
    table = addTable(words, DISTANCES, region, most, sizeOf(edges) >> 1);
    noteDistances(table, words, region, most);
    setEndEdge(table, sizeOf(edges) >> 1);
  }
  if (!known && endEdgeOf(table) > firstEdgeOf(table)) noteJump(table, jump);
}

function noteDistances(table: i32, address: i64, region: i32, most: i32): void {
  for (let i: i64 = 0; i < most; i++) {
    const word = word32(f64(address + 4 * i));
    if (isNaN(word)) return;
    const offset = address + i32(u32(word)) - addressOf(region);
    if (offset < 0 || offset >= i64(endOf(region) - startOf(region)) || !mayReadEntry()) return;
    const position = startOf(region) + i32(offset);
    notePointer(position);
    store<u8>(notes + usize(position), noteAt(position) | CASE);
    addTarget(table, position);
  }
}

/** The jump table of a `switch` in a program with a fixed address: `jmp *table(,%i,8)`, the instruction decoded last. */
function followAddressTable(at: i32, region: i32, linux: bool, known: bool): void {
  if (base() != NONE || index() == NONE || scale() != 8 || !absoluteImmediates) return;
  const address: i64 = displacement();
  const most = i32(entries > 0 ? min(entries, MOST_TABLE_ENTRIES) : MOST_TABLE_ENTRIES);
  let table = findTable(address, ADDRESSES, region, most);
  if (table < 0) {
    table = addTable(address, ADDRESSES, region, most, sizeOf(edges) >> 1);
    for (let i: i64 = 0; i < most; i++) {
      const low = word32(f64(address + 8 * i));
      const high = word32(f64(address + 8 * i + 4));
      const position = isNaN(low) || high != 0 ? -1 : positionOf(i64(low));
      if (position < 0 || !mayReadEntry()) break;
      addTarget(table, position);
    }
    setEndEdge(table, sizeOf(edges) >> 1);
  }
  leadTo(table, at, linux, known);
}

/** The table of bytes in Cosmopolitan's start-up code: it ends where its nearest target begins. */
function followByteTable(jump: i32, region: i32, linux: bool, known: bool): void {
  const start = bytes == NONE ? -1 : positionOf(bytes);
  if (start < 0) return;
  let table = findTable(bytes, BYTES, region, 0);
  if (table < 0) {
    table = addTable(bytes, BYTES, region, 0, sizeOf(edges) >> 1);
    let most = 256;
    for (let i = 0; i < most && start + i < codeSize; i++) {
      const distance: i32 = load<u8>(code + usize(start + i));
      if (distance == 0 || !mayReadEntry()) break;
      most = min(most, distance);
      const position = inSpace(i64(start + distance), region);
      if (position >= 0) addTarget(table, position);
    }
    setEndEdge(table, sizeOf(edges) >> 1);
  }
  leadTo(table, jump, linux, known);
}

/** Notes a jump by a table, and queues what it leads to unless that would tell nothing new. */
function leadTo(table: i32, jump: i32, linux: bool, known: bool): void {
  if (endEdgeOf(table) == firstEdgeOf(table)) return;
  if (isNews(table, linux, registers, isGuess)) queueTargets(table);
  if (!known) noteJump(table, jump);
}

/** An edge from a table. Neighbours are often the same: what a `switch` has no case for. */
function addTarget(table: i32, position: i32): void {
  const last = sizeOf(edges) - 2;
  const isFirst = last >> 1 < firstEdgeOf(table);
  if (isFirst || itemAt(edges, last) != position) addEdge(position, sourceOf(table));
}

function queueTargets(table: i32): void {
  for (let edge = firstEdgeOf(table); edge < endEdgeOf(table); edge++) {
    const position = itemAt(edges, 2 * edge);
    addMark(position, LEADER);
    pushPair(pending, position, registers);
  }
}
