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
}

/** A symbol as a name for an address. */
export interface CodeSymbol {
  readonly name: string;
  readonly address: number;
  /** Size in bytes, 0 where unknown. */
  readonly size: number;
  /** STT_FUNC (or IFUNC); apelink's zip symbol table does not say, there it is true for symbols in executable ranges. */
  readonly isFunction: boolean;
  readonly from: "symtab" | "dynsym" | "zip";
}

/** An imported function and the addresses of the PLT stubs and GOT slots that lead to it. */
export interface ImportedFunction {
  readonly name: string;
  /** Addresses of GOT slots that hold it after relocation. */
  readonly slots: readonly number[];
}

/** One operating system's view of the file. */
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
  readonly isStatic: boolean;
  /** PT_DYNAMIC present or ET_DYN. */
  readonly isPositionIndependent: boolean;
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
}

/** The zip archive at the end of a file, by its end-of-central-directory record. */
export interface ZipTail {
  readonly endOffset: number;
  readonly zip64: boolean;
  readonly directoryOffset: number;
  readonly directorySize: number;
  readonly entryCount: number;
  /** Lowest local header offset; the program proper ends at or before it. */
  readonly firstLocalHeader: number;
}

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
}
