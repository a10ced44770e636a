/** The repair of phdr-not-in-first-load and load-order: PT_LOADs in ascending order, and the table where gVisor looks for it. */

import type { Change, Repair, Subject } from "./define.js";
import {
  change,
  ENTRY,
  findCave,
  type HeaderTable,
  headerChange,
  hex,
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
 * Everything that is wrong with order and place in one go, since both rules speak of the same bytes: empty PT_LOADs that stand in the
 * way become PT_NULL, the others are sorted, and the table is mapped at the first one's address plus e_phoff.
 */
export async function arrangeHeaders(subject: Subject): Promise<Repair<Change>> {
  const { view } = subject;
  const table = await Table.read(subject);
  const loads = loadsOf(view);
  const kept = loads.filter((load) => load.memorySize > 0);
  for (const load of loads) if (load.memorySize === 0) table.set(load.index, "type", PT_NULL);
  if (kept.length === 0) return { edits: [], refusals: ["no program header loads anything"] };
  const overlap = ascending(kept).find((load, i, sorted) => i > 0 && load.address < endOf(sorted[i - 1]));
  if (overlap !== undefined) {
    return { edits: [], refusals: [`two PT_LOADs overlap at ${hex(overlap.address)}: sorting cannot say which is meant`] };
  }
  const moved = await placeTable(subject, table, kept);
  if (typeof moved === "string") return { edits: [], refusals: [moved] };
  sort(table, kept, moved.addresses);
  return { edits: [...moved.edits(), ...table.changes((index) => `program header ${index}: ${moved.what}`)], refusals: [] };
}

const endOf = (load: Load): number => load.address + load.memorySize;
const ascending = (loads: readonly Load[]): Load[] => [...loads].sort((a, b) => a.address - b.address);

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
  const holder = loadOfTable(view);
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
  const cave = await findCave(subject, size, (load) => load.address - load.offset === first.address);
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
  const [from, to] = [Math.floor(address / PAGE) * PAGE, Math.ceil((address + holder.memorySize) / PAGE) * PAGE];
  return loads.every((load) => load === holder || load.index === holder.index || load.address >= to || endOf(load) <= from);
}

function setPhdr({ view }: Subject, table: HeaderTable, address: number, offset: number): void {
  const index = view.programHeaders.findIndex((header) => header.type === PT_PHDR);
  if (index < 0) return;
  table.set(index, "address", address);
  table.set(index, "physical", address);
  table.set(index, "offset", offset);
}
