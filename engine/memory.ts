/** The engine's memory: what stands where, and lists of 32-bit integers that grow. Nothing is ever freed but all at once. */

/** First free byte; everything behind is handed out in order. */
let free: usize = __heap_base;
/** First byte that was never handed out, so that the engine's zeros are still there. */
let clean: usize = __heap_base;

/** The code bytes, and one byte each for its marks and notes, as `prepare` has laid them out. */
export let code: usize = 0;
export let codeSize: i32 = 0;
export let marks: usize = 0;
export let notes: usize = 0;

/** Most programs need eight bytes for each of code. To the engine every growth is a new buffer of the whole size, and a reason to collect garbage. */
const BYTES_A_BYTE: usize = 8;
const MOST_AT_ONCE: usize = 1 << 26;

/**
 * `size` bytes that hold whatever they hold, aligned to 16. They cost nothing until they are written. Traps where the engine gives no more
 * memory.
 */
export function reserve(size: usize): usize {
  const at = (free + 15) & ~15;
  if (size > u32.MAX_VALUE - 0xffff - at) unreachable();
  free = at + size;
  const missing = pagesTo(free);
  if (missing > 0 && memory.grow(max(missing, memory.size() >> 2)) < 0 && memory.grow(missing) < 0) unreachable();
  clean = max(clean, free);
  return at;
}

/** The same, zeroed. */
export function reserveZeros(size: usize): usize {
  const dirty = clean;
  const at = reserve(size);
  if (at < dirty) memory.fill(at, 0, min(free, dirty) - at);
  touch(max(at, dirty), min(free, at + MOST_TOUCHED));
  return at;
}

const PAGE: usize = 4096;
/** Of a large program much is never written. */
const MOST_TOUCHED: usize = 1 << 22;

/**
 * Writes to every page. Linux gives a page that is read first away as one of zeros that all share; when it is written then, each of the
 * process's processors has to be told, which takes longer than all that the walk does with a page.
 */
function touch(from: usize, to: usize): void {
  for (let at = from; at < to; at += PAGE) store<u8>(at, 0);
}

/** How many pages are missing for so many bytes. */
function pagesTo(end: usize): i32 {
  return i32((end + 0xffff) >>> 16) - memory.size();
}

/** Forgets everything and makes room for code of `size` bytes; the caller copies it to `code`. */
export function layOut(size: i32): void {
  free = __heap_base;
  codeSize = size;
  const likely = pagesTo(free + 0x10000 + min(usize(size) * BYTES_A_BYTE, MOST_AT_ONCE));
  if (likely > 0) memory.grow(likely);
  code = reserve(usize(size) + 64);
  // Zeros behind the code, so that a string of bytes can be compared without asking for its end.
  memory.fill(code + usize(size), 0, 64);
  marks = reserveZeros(usize(size) + 64);
  notes = reserveZeros(usize(size) + 64);
}

/** Lists: three 32-bit fields each, in static memory. */
const SIZE: usize = 4;
const CAPACITY: usize = 8;

/** Static memory for the fields of a list; it has to be emptied by `clear` before its first use. */
export const LIST: i32 = 16;

/** Empties a list and forgets its memory, for the start of a walk; there is room for `capacity` items then. */
export function clear(list: usize, capacity: i32 = 0): void {
  store<u32>(list, u32(reserve(usize(capacity) << 2)));
  store<i32>(list, 0, SIZE);
  store<i32>(list, capacity, CAPACITY);
}

export function sizeOf(list: usize): i32 {
  return load<i32>(list, SIZE);
}

/** Makes a list shorter. */
export function shorten(list: usize, size: i32): void {
  store<i32>(list, size, SIZE);
}

export function itemsOf(list: usize): usize {
  return load<u32>(list);
}

export function itemAt(list: usize, index: i32): i32 {
  return load<i32>(usize(load<u32>(list)) + (usize(index) << 2));
}

export function push(list: usize, value: i32): void {
  const size = load<i32>(list, SIZE);
  if (size == load<i32>(list, CAPACITY)) grow(list, size);
  store<i32>(usize(load<u32>(list)) + (usize(size) << 2), value);
  store<i32>(list, size + 1, SIZE);
}

/** The same for two, the first one first. */
export function pushPair(list: usize, first: i32, second: i32): void {
  const size = load<i32>(list, SIZE);
  if (size + 2 > load<i32>(list, CAPACITY)) grow(list, size);
  const at = usize(load<u32>(list)) + (usize(size) << 2);
  store<i32>(at, first);
  store<i32>(at, second, 4);
  store<i32>(list, size + 2, SIZE);
}

export function pop(list: usize): i32 {
  const size = load<i32>(list, SIZE) - 1;
  store<i32>(list, size, SIZE);
  return load<i32>(usize(load<u32>(list)) + (usize(size) << 2));
}

function grow(list: usize, size: i32): void {
  const capacity = max(1024, size * 2);
  const items = reserve(usize(capacity) << 2);
  memory.copy(items, load<u32>(list), usize(size) << 2);
  store<u32>(list, u32(items));
  store<i32>(list, capacity, CAPACITY);
}
