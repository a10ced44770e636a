/**
 * The tables by which indirect jumps choose their targets. Each is read once, however many jumps use it, and all of them together have
 * a bound: a file can have as many jumps to one large table as it has room for jumps.
 */

import { clear, codeSize, itemAt, itemsOf, LIST, push, pushPair, reserveZeros, shorten, sizeOf } from "./memory";

/** Kinds of tables. */
export const ADDRESSES: i32 = 0;
export const DISTANCES: i32 = 1;
export const BYTES: i32 = 2;

// Fields of a table, 32 bits each.
const ADDRESS_LOW: i32 = 0;
const ADDRESS_HIGH: i32 = 1;
/** Kind, region of the jump and most entries: with the address what the targets depend on. */
const SHAPE_KIND: i32 = 2;
const SHAPE_MOST: i32 = 3;
/** Numbers of its first edge and of the one behind its last. */
const FIRST: i32 = 4;
const END: i32 = 5;
/** With what its targets were queued last: SEEN, SEEN_ON_LINUX and the registers that hold `__hostos`. */
const STATE: i32 = 6;
/** The table before it in its bucket, or -1. */
const BEFORE: i32 = 7;
const FIELDS: i32 = 8;

const SEEN_ON_LINUX: i32 = 1 << 16;
const SEEN: i32 = 1 << 17;

/** Seven times what a real program has for each byte of its code. */
const LEAST_ENTRIES: i32 = 1 << 16;

const tables: usize = memory.data(LIST);
/** Pairs: a table's number, and a jump that it is for. */
export const tableJumps: usize = memory.data(LIST);
/** Pairs: a table's number and its state before the current guess. */
const states: usize = memory.data(LIST);

let buckets: usize = 0;
let bucketShift: i32 = 0;
/** How many entries may still be read. */
let left: i32 = 0;
/** Entries that were read. */
let read: i32 = 0;
let isCut: bool = false;

/** Forgets an earlier walk. */
export function startTargets(): void {
  clear(tables);
  clear(tableJumps);
  clear(states);
  // One for each 256 bytes of code: real programs have a table for each thousand.
  bucketShift = 26;
  while (bucketShift > 12 && 1 << (32 - bucketShift) < codeSize >> 8) bucketShift--;
  buckets = reserveZeros(usize(4) << (32 - bucketShift));
  left = max(LEAST_ENTRIES, codeSize);
  read = 0;
  isCut = false;
}

/** Whether one more entry may be read. */
export function mayReadEntry(): bool {
  if (left == 0) {
    isCut = true;
    return false;
  }
  left--;
  read++;
  return true;
}

/** Whether there were more entries than may be. */
export function wereTablesCut(): bool {
  return isCut;
}

/** How many entries were read. */
export function entriesRead(): i32 {
  return read;
}

function field(table: i32, which: i32): usize {
  return itemsOf(tables) + (usize(table * FIELDS + which) << 2);
}

function bucketOf(address: i64): usize {
  return buckets + (usize((u32(address) * 0x9e3779b1) >>> bucketShift) << 2);
}

/** The number of a table that was read before, or -1. */
export function findTable(address: i64, kind: i32, region: i32, most: i32): i32 {
  let table = load<i32>(bucketOf(address)) - 1;
  while (table >= 0) {
    const isSame =
      load<i32>(field(table, ADDRESS_LOW)) == i32(address) &&
      load<i32>(field(table, ADDRESS_HIGH)) == i32(address >> 32) &&
      load<i32>(field(table, SHAPE_KIND)) == ((region << 2) | kind) &&
      load<i32>(field(table, SHAPE_MOST)) == most;
    if (isSame) return table;
    table = load<i32>(field(table, BEFORE));
  }
  return -1;
}

/** A new table, whose edges begin at a number. Returns its own number. */
export function addTable(address: i64, kind: i32, region: i32, most: i32, firstEdge: i32): i32 {
  const table = tableCount();
  const bucket = bucketOf(address);
  push(tables, i32(address));
  push(tables, i32(address >> 32));
  push(tables, (region << 2) | kind);
  push(tables, most);
  push(tables, firstEdge);
  push(tables, firstEdge);
  push(tables, 0);
  push(tables, load<i32>(bucket) - 1);
  store<i32>(bucket, table + 1);
  return table;
}

export function tableCount(): i32 {
  return sizeOf(tables) / FIELDS;
}

/** The source of a table's edges; what leads to it are the jumps in `tableJumps`. */
export function sourceOf(table: i32): i32 {
  return -2 - table;
}

export function firstEdgeOf(table: i32): i32 {
  return load<i32>(field(table, FIRST));
}

export function endEdgeOf(table: i32): i32 {
  return load<i32>(field(table, END));
}

export function setEndEdge(table: i32, edge: i32): void {
  store<i32>(field(table, END), edge);
}

export function noteJump(table: i32, jump: i32): void {
  pushPair(tableJumps, table, jump);
}

/**
 * Whether the targets of a table have to be queued: nothing has got there yet, or Linux gets there for the first time or with fewer
 * registers than before.
 */
export function isNews(table: i32, linux: bool, held: i32, isGuess: bool): bool {
  const before = load<i32>(field(table, STATE));
  const wasSeen = (before & SEEN_ON_LINUX) != 0;
  const both = wasSeen ? before & held : held;
  const after = linux ? SEEN | SEEN_ON_LINUX | (both & 0xffff) : before | SEEN;
  if (after == before) return false;
  if (isGuess) pushPair(states, table, before);
  store<i32>(field(table, STATE), after);
  return true;
}

/** Forgets what the guess before this one has changed: that proved right. */
export function startGuess(): void {
  shorten(states, 0);
}

/** Forgets the tables and jumps of a guess that proved wrong. */
export function takeBackTables(count: i32, jumps: i32): void {
  for (let i = sizeOf(states) - 2; i >= 0; i -= 2) store<i32>(field(itemAt(states, i), STATE), itemAt(states, i + 1));
  shorten(states, 0);
  for (let table = tableCount() - 1; table >= count; table--) {
    const address = (i64(load<i32>(field(table, ADDRESS_HIGH))) << 32) | i64(load<u32>(field(table, ADDRESS_LOW)));
    // The last one made is the first of its bucket.
    store<i32>(bucketOf(address), load<i32>(field(table, BEFORE)) + 1);
  }
  shorten(tables, count * FIELDS);
  shorten(tableJumps, jumps);
}
