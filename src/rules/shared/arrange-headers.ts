/** The repair of phdr-not-in-first-load and load-order: PT_LOADs ascending and apart, and the table where gVisor looks for it. */

import { hex } from "../../errors.js";
import type { Change, Repair, Subject } from "../define.js";
import {
  change,
  ENTRY,
  findCave,
  type HeaderTable,
  headerChange,
  type Load,
  loadOfTable,
  loadsOf,
  PAGE,
  PT_NULL,
  PT_PHDR,
  HeaderTable as Table,
} from "./headers.js";

/** Offset of e_phoff in an Elf64_Ehdr. */
const E_PHOFF = 32;

/**
 * Everything that is wrong with order and place in one go, since both rules speak of the same bytes: PT_LOADs that are empty or that
 * others lie over become PT_NULL or shorter, the rest is sorted, and the table is mapped at the first one's address plus e_phoff.
 */
export async function arrangeHeaders(subject: Subject): Promise<Repair<Change>> {
  const { view } = subject;
  const table = await Table.read(subject);
  const loads = loadsOf(view);
  const filled = loads.filter((load) => load.memorySize > 0);
  if (filled.length === 0) return { edits: [], refusals: ["no program header loads anything"] };
  const kept: Load[] = [];
  for (const [i, load] of filled.entries()) {
    const shown = shownOf(load, filled.slice(i + 1));
    if (typeof shown === "string") return { edits: [], refusals: [shown] };
    if (shown !== undefined) kept.push(shown);
  }
  const swap = pageThatWouldSwap(kept);
  if (swap !== undefined)
    return { edits: [], refusals: [`two PT_LOADs share the page at ${hex(swap)}, and sorting would show the other one`] };
  for (const load of loads) {
    const shown = kept.find(({ index }) => index === load.index);
    if (shown === undefined) table.set(load.index, "type", PT_NULL);
    else if (shown.memorySize !== load.memorySize) {
      table.set(load.index, "fileSize", shown.fileSize);
      table.set(load.index, "memorySize", shown.memorySize);
    }
  }
  const moved = await placeTable(subject, table, kept);
  if (typeof moved === "string") return { edits: [], refusals: [moved] };
  sort(table, kept, moved.addresses);
  return { edits: [...moved.edits(), ...table.changes((index) => `program header ${index}: ${moved.what}`)], refusals: [] };
}

const endOf = (load: Load): number => load.address + load.memorySize;
const ascending = (loads: readonly Load[]): Load[] => [...loads].sort((a, b) => a.address - b.address);

/**
 * What is left of a PT_LOAD under those that come later in the table: Linux maps them in that order, page by page, over one another
 * (fs/binfmt_elf.c). Undefined where nothing is left, a sentence where that is not one piece from its beginning. Only pages that a
 * later one takes from the file count: when its zeros are mapped has changed between kernels.
 */
function shownOf(load: Load, later: readonly Load[]): Load | string | undefined {
  let shown = load;
  for (const over of later) {
    if (over.address >= endOf(shown) || endOf(over) <= shown.address) continue;
    const [from, to] = [pageOf(over.address), pageAfter(over.address + over.fileSize)];
    const hidesEnd = over.fileSize > 0 && pageAfter(endOf(shown)) <= to;
    if (hidesEnd && from <= pageOf(shown.address)) return undefined;
    if (!hidesEnd || from <= shown.address)
      return `two PT_LOADs overlap at ${hex(Math.max(over.address, shown.address))}, and what is left of the one below is not its beginning`;
    const size = from - shown.address;
    shown = { ...shown, fileSize: Math.min(shown.fileSize, size), memorySize: size };
  }
  return shown;
}

/** A page that two PT_LOADs have a part of, of which the one with the lower address comes later: now it is what the page shows. */
function pageThatWouldSwap(loads: readonly Load[]): number | undefined {
  for (const [i, load] of loads.entries()) {
    const later = loads.slice(i + 1).find((one) => one.address < load.address && pageAfter(endOf(one)) > pageOf(load.address));
    if (later !== undefined) return pageOf(load.address);
  }
  return undefined;
}

const pageOf = (address: number): number => Math.floor(address / PAGE) * PAGE;
const pageAfter = (address: number): number => Math.ceil(address / PAGE) * PAGE;

/** Puts the PT_LOADs into the entries that PT_LOADs have, by rising address. */
function sort(table: HeaderTable, loads: readonly Load[], addresses: ReadonlyMap<number, number>): void {
  const addressOf = (load: Load): number => addresses.get(load.index) ?? load.address;
  const sorted = [...loads].sort((a, b) => addressOf(a) - addressOf(b));
  const entries = sorted.map((load) => table.entry(load.index));
  const slots = loads.map((load) => load.index).sort((a, b) => a - b);
  for (const [i, slot] of slots.entries()) table.put(slot, entries[i]);
}

interface Moved {
  /** New addresses of PT_LOADs, by number. */
  readonly addresses: ReadonlyMap<number, number>;
  readonly what: string;
  /** Changes outside the table where it stands; asked for when the table is final. */
  edits(): Change[];
}

/** Sees to it that the first PT_LOAD's address plus e_phoff is where the table is; a sentence where that cannot be had. */
async function placeTable(subject: Subject, table: HeaderTable, loads: readonly Load[]): Promise<Moved | string> {
  const { view } = subject;
  const nothing: Moved = { addresses: new Map(), what: "in order", edits: () => [] };
  const first = ascending(loads)[0];
  const holder = loadOfTable(view, loads);
  if (holder === undefined || first.address === holder.address - holder.offset) return nothing;
  const size = ENTRY * view.programHeaders.length;
  const isOnlyTable =
    holder.offset >= view.programHeaderOffset && holder.offset + holder.fileSize <= view.programHeaderOffset + size;
  const address = first.address + holder.offset;
  if (isOnlyTable && isFree(loads, holder, address)) {
    table.set(holder.index, "address", address);
    table.set(holder.index, "physical", address);
    setPhdr(subject, table, address + view.programHeaderOffset - holder.offset, view.programHeaderOffset);
    return {
      addresses: new Map([[holder.index, address]]),
      what: "its address is the first one's plus its file offset",
      edits: () => [],
    };
  }
  const isWhole = (load: Load): boolean =>
    loads.some(({ index, memorySize }) => index === load.index && memorySize === load.memorySize);
  const cave = await findCave(subject, size, (load) => isWhole(load) && load.address - load.offset === first.address);
  if (cave === undefined)
    return "there is no room for the program headers at an address that is the first PT_LOAD's plus their file offset";
  const grown = cave.offset + size - cave.load.offset;
  table.set(cave.load.index, "fileSize", grown);
  table.set(cave.load.index, "memorySize", grown);
  setPhdr(subject, table, cave.address, cave.offset);
  return {
    addresses: new Map(),
    what: "the table moves into the segment's padding",
    edits: () => [
      headerChange(view, E_PHOFF, cave.offset, `e_phoff ${hex(view.programHeaderOffset)} → ${hex(cave.offset)}`),
      change(
        cave.offset,
        new Uint8Array(size),
        table.bytes,
        "the program headers, in padding that is loaded with the first PT_LOAD's distance",
      ),
    ],
  };
}

function isFree(loads: readonly Load[], holder: Load, address: number): boolean {
  const [from, to] = [pageOf(address), pageAfter(address + holder.memorySize)];
  return loads.every((load) => load === holder || load.index === holder.index || load.address >= to || endOf(load) <= from);
}

function setPhdr({ view }: Subject, table: HeaderTable, address: number, offset: number): void {
  const index = view.programHeaders.findIndex((header) => header.type === PT_PHDR);
  if (index < 0) return;
  table.set(index, "address", address);
  table.set(index, "physical", address);
  table.set(index, "offset", offset);
}
