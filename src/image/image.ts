/** What a file is to the systems that could load it: the types that `image/` produces and everything after it reads. */

export type Machine = "x86-64" | "i386" | "aarch64" | "arm" | "riscv" | "powerpc" | "s390" | "mips" | "other";

/** A run of file bytes that a loader maps, and where. `fileSize` bytes come from the file, the rest up to `memorySize` is zero. */
export interface LoadedRange {
  /** Offset of the first byte, in bytes from the start of the file. */
  readonly fileOffset: number;
  readonly fileSize: number;
  /** Virtual address of the first byte, before any load bias (PIE: relative to the base; PE: ImageBase + RVA). */
  readonly address: number;
  readonly memorySize: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  /** Segment or section name where the format has one (".text", "__TEXT"). */
  readonly name: string | undefined;
}

/** In headers that nothing is loaded from, damaged 64-bit fields above 2^53-1 are Infinity; so in sections. */
export interface ProgramHeader {
  /** p_type, e.g. 1 for PT_LOAD. */
  readonly type: number;
  /** p_flags: PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** A section as the section header table names it. */
export interface SectionHeader {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
  /** sh_addralign, in bytes. */
  readonly align: number;
}

/** A symbol as a name for an address. */
export interface CodeSymbol {
  readonly name: string;
  readonly address: number;
  /** Size in bytes, 0 where unknown. */
  readonly size: number;
  /** STT_FUNC (or IFUNC); apelink's zip symbol table does not say, there it is true for symbols in executable ranges. */
  readonly isFunction: boolean;
  /** STT_OBJECT: data, wherever it lies. Never said by apelink's table. */
  readonly isObject?: boolean;
  readonly from: "symtab" | "dynsym" | "zip";
}

/** An imported function and the addresses of the PLT stubs and GOT slots that lead to it. */
export interface ImportedFunction {
  readonly name: string;
  /** Addresses of GOT slots that hold it after relocation. */
  readonly slots: readonly number[];
}

/** A table that the dynamic section points to: `address` is virtual, `size` in bytes, 0 where the section does not say. */
export interface AddressedTable {
  readonly address: number;
  readonly size: number;
}

/** What PT_DYNAMIC says (gABI, "Dynamic Section"). All addresses are virtual, before any load bias. */
export interface DynamicTable {
  /** DT_RPATH and DT_RUNPATH: folders with colons between, as written. */
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DT_INIT and DT_FINI: functions. */
  readonly init: number | undefined;
  readonly fini: number | undefined;
  /** DT_PREINIT_ARRAY, DT_INIT_ARRAY, DT_FINI_ARRAY: tables of function pointers. */
  readonly preinitArray: AddressedTable | undefined;
  readonly initArray: AddressedTable | undefined;
  readonly finiArray: AddressedTable | undefined;
  readonly strings: AddressedTable | undefined;
  /** DT_SYMTAB; its size is not in the dynamic section, DT_HASH or DT_GNU_HASH imply it. */
  readonly symbols: number | undefined;
  readonly hash: number | undefined;
  readonly gnuHash: number | undefined;
  readonly rela: AddressedTable | undefined;
  readonly rel: AddressedTable | undefined;
  readonly relr: AddressedTable | undefined;
  /** DT_JMPREL, and whether DT_PLTREL says that its entries carry addends (DT_RELA). */
  readonly pltRelocations: (AddressedTable & { readonly addends: boolean }) | undefined;
}

/**
 * One operating system's view of the file. A range's bytes are those the system sees, wherever in the file they come
 * from: a Mach-O view of an APE takes its first bytes from where the script's `dd` copies them.
 */
export interface View {
  readonly format: "elf" | "pe" | "macho";
  readonly machine: Machine;
  readonly entry: number;
  readonly ranges: readonly LoadedRange[];
}

/** What Linux (and FreeBSD, NetBSD, OpenBSD) would load. */
export interface ElfView extends View {
  readonly format: "elf";
  /** The 64 (or 52) header bytes, whether from offset 0 or decoded from an APE's printf line. */
  readonly header: Uint8Array;
  /** Where the header text or bytes stand in the file: offset 0 for an ELF, of the escaped string for an APE. */
  readonly headerOffset: number;
  readonly class: 32 | 64;
  /** EI_DATA: little-endian or big-endian. */
  readonly littleEndian: boolean;
  /** e_type: 2 ET_EXEC, 3 ET_DYN, 1 ET_REL, 4 ET_CORE. */
  readonly type: number;
  /** e_machine as written. */
  readonly machineCode: number;
  readonly flags: number;
  readonly osabi: number;
  readonly programHeaderOffset: number;
  readonly programHeaders: readonly ProgramHeader[];
  /** Empty where the file has none or they are damaged (then `notes` says so); never relied on to load. */
  readonly sections: readonly SectionHeader[];
  readonly interpreter: string | undefined;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  /** DT_SONAME */
  readonly soname: string | undefined;
  /** What PT_DYNAMIC holds; undefined where there is none or it cannot be read. */
  readonly dynamic: DynamicTable | undefined;
  /** Needs no dynamic linker: neither PT_INTERP nor DT_NEEDED. */
  readonly isStatic: boolean;
  /** ET_DYN: loaded at an address of the kernel's choice (a dynamically linked ET_EXEC has PT_DYNAMIC and is not). */
  readonly isPositionIndependent: boolean;
  /** By UPX: what is seen is what unpacks the program. */
  readonly isPacked: boolean;
  /** Sentences about harmless damage met while reading (for --why), e.g. section headers that run past the end. */
  readonly notes: readonly string[];
}

/** An APE: the parts that are not any system's view. */
export interface ApeParts {
  readonly magic: "MZqFpD" | "jartsr" | "APEDBG";
  /** Every ELF header found in a printf line within the first 8192 bytes, in file order, whatever its machine. */
  readonly elfHeaders: readonly {
    readonly header: Uint8Array;
    readonly textOffset: number;
    readonly textLength: number;
    readonly machine: Machine;
  }[];
  /** Whether the script, on Linux, writes the ELF header over the file itself; otherwise it unpacks a loader, or makes a copy. */
  readonly changesItself: boolean;
}

/** The zip archive at the end of a file, by its end-of-central-directory record. */
export interface ZipTail {
  /** File offset of the end-of-central-directory record. */
  readonly endOffset: number;
  readonly zip64: boolean;
  /** File offset of the central directory's first record (`offsetBias` is added already). */
  readonly directoryOffset: number;
  readonly directorySize: number;
  /** As the end record claims; never relied on. */
  readonly entryCount: number;
  /**
   * Bytes to add to an offset that the archive's records hold to get a file offset: 0 for an APE, more where a program was put
   * in front of an archive without telling it (then the directory does not start where it says). Can be negative.
   */
  readonly offsetBias: number;
  /**
   * Lowest local header's file offset. In most programs nothing that is loaded lies behind it, but early cosmopolitan
   * builds (GNU Make of 2022, say) link members into their data segment: compare with the ranges. Undefined where the directory was too
   * large to be read on the way: then ask `firstLocalHeader()` in zip.ts, which reads it.
   */
  readonly firstLocalHeader: number | undefined;
}

/** What a file is by its first bytes. */
export type ImageKind = "elf" | "ape" | "pe" | "macho" | "script" | "text" | "archive" | "empty" | "other";

/** A file, read as far as needed to say what each system would load. */
export interface Image {
  readonly name: string;
  readonly size: number;
  readonly kind: ImageKind;
  /** For kinds that are no programs: what it is, in a few words ("gzip archive", "shell script, #!/bin/sh"). */
  readonly description: string;
  /** Linux views, one per machine; for an ELF exactly one, for a fat APE two. */
  readonly elf: readonly ElfView[];
  readonly pe: View | undefined;
  readonly macho: readonly View[];
  readonly ape: ApeParts | undefined;
  readonly zip: ZipTail | undefined;
  /** Sentences about damage that does not stop a Linux check (a PE view that cannot be read, a printf line left aside). */
  readonly notes: readonly string[];
}
