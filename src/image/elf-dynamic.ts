/** The dynamic section (gABI chapter 5, "Dynamic Section"): which libraries, which tables, which functions run at start. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { readAtAddress } from "./address.js";
import type { ElfHeader } from "./elf-header.js";
import { PT_DYNAMIC } from "./elf-segments.js";
import type { AddressedTable, DynamicTable, LoadedRange, ProgramHeader } from "./image.js";

/** Sixteen bytes an entry: 65,536 entries, where the largest programs have some hundred. */
const mostBytes = 1 << 20;
const mostNeeded = 4096;
const longestName = 4096;

const tags = {
  NULL: 0,
  NEEDED: 1,
  PLTRELSZ: 2,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  STRSZ: 10,
  INIT: 12,
  FINI: 13,
  SONAME: 14,
  RPATH: 15,
  REL: 17,
  RELSZ: 18,
  PLTREL: 20,
  JMPREL: 23,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  RUNPATH: 29,
  PREINIT_ARRAY: 32,
  PREINIT_ARRAYSZ: 33,
  RELRSZ: 35,
  RELR: 36,
  GNU_HASH: 0x6ffffef5,
} as const;

export interface Dynamic {
  readonly table: DynamicTable | undefined;
  readonly needed: readonly string[];
  readonly soname: string | undefined;
}

const none: Dynamic = { table: undefined, needed: [], soname: undefined };

/** Reads PT_DYNAMIC and the names it refers to. Damage becomes notes: the kernel never looks at it. */
export async function readDynamic(
  source: ByteSource,
  header: ElfHeader,
  segments: readonly ProgramHeader[],
  ranges: readonly LoadedRange[],
  notes: string[],
): Promise<Dynamic> {
  const segment = segments.find((candidate) => candidate.type === PT_DYNAMIC);
  if (segment === undefined || segment.fileSize === 0) return none;
  const bytes = await source.read(segment.offset, Math.min(segment.fileSize, mostBytes));
  const entrySize = header.class === 64 ? 16 : 8;
  if (bytes.length < entrySize) {
    notes.push("the dynamic section lies past the end of the file");
    return none;
  }
  const { values, needed, ended } = readEntries(
    new Reader(bytes, "the dynamic section", segment.offset, header.littleEndian),
    header.class,
  );
  if (!ended) notes.push("the dynamic section does not end with DT_NULL");

  const strings = table(values, tags.STRTAB, tags.STRSZ);
  const name = async (offset: number): Promise<string | undefined> => {
    if (strings === undefined || !(offset < (strings.size || Number.POSITIVE_INFINITY))) return undefined;
    return new Reader(await readAtAddress(source, { ranges }, strings.address + offset, longestName), "a name").string(
      0,
      longestName,
    );
  };
  const names: string[] = [];
  for (const offset of needed) {
    const library = await name(offset);
    if (library !== undefined) names.push(library);
  }
  if (names.length < needed.length) notes.push(`${needed.length - names.length} DT_NEEDED names lie outside the string table`);
  const textOf = async (tag: number): Promise<string | undefined> => {
    const offset = values.get(tag);
    return offset === undefined ? undefined : name(offset);
  };
  const paths = { rpath: await textOf(tags.RPATH), runpath: await textOf(tags.RUNPATH) };
  return { table: { ...paths, ...dynamicTable(values, strings) }, needed: names, soname: await textOf(tags.SONAME) };
}

function readEntries(reader: Reader, elfClass: 32 | 64): { values: Map<number, number>; needed: number[]; ended: boolean } {
  const values = new Map<number, number>();
  const needed: number[] = [];
  const word = elfClass / 8;
  const read = (at: number): number => (elfClass === 64 ? reader.clamped64(at) : reader.u32(at));
  for (let at = 0; reader.has(at, 2 * word); at += 2 * word) {
    const tag = read(at);
    if (tag === tags.NULL) return { values, needed, ended: true };
    if (tag === tags.NEEDED) {
      if (needed.length < mostNeeded) needed.push(read(at + word));
    } else if (Number.isFinite(tag)) {
      values.set(tag, read(at + word));
    }
  }
  return { values, needed, ended: false };
}

type Tables = Omit<DynamicTable, "rpath" | "runpath">;

function dynamicTable(values: ReadonlyMap<number, number>, strings: AddressedTable | undefined): Tables {
  const plt = table(values, tags.JMPREL, tags.PLTRELSZ);
  return {
    init: address(values, tags.INIT),
    fini: address(values, tags.FINI),
    preinitArray: table(values, tags.PREINIT_ARRAY, tags.PREINIT_ARRAYSZ),
    initArray: table(values, tags.INIT_ARRAY, tags.INIT_ARRAYSZ),
    finiArray: table(values, tags.FINI_ARRAY, tags.FINI_ARRAYSZ),
    strings,
    symbols: address(values, tags.SYMTAB),
    hash: address(values, tags.HASH),
    gnuHash: address(values, tags.GNU_HASH),
    rela: table(values, tags.RELA, tags.RELASZ),
    rel: table(values, tags.REL, tags.RELSZ),
    relr: table(values, tags.RELR, tags.RELRSZ),
    pltRelocations: plt && { ...plt, addends: values.get(tags.PLTREL) === tags.RELA },
  };
}

/** An address that a tag gives; none where it is 0 or no address at all. */
function address(values: ReadonlyMap<number, number>, tag: number): number | undefined {
  const value = values.get(tag);
  return value === undefined || value === 0 || !Number.isFinite(value) ? undefined : value;
}

function table(values: ReadonlyMap<number, number>, tag: number, sizeTag: number): AddressedTable | undefined {
  const at = address(values, tag);
  const size = values.get(sizeTag) ?? 0;
  return at === undefined ? undefined : { address: at, size: Number.isFinite(size) ? size : 0 };
}
