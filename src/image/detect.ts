/** What a file is, by its content, and what each system would load of it. */
import { cachedSource } from "../bytes/cached.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { apeMagic, findApeHeaders, readApeViews } from "./ape.js";
import { findMachoOverlay } from "./ape-script.js";
import { readElf } from "./elf.js";
import { elfTypeName } from "./elf-header.js";
import type { ElfView, Image } from "./image.js";
import { guessKind } from "./kinds.js";
import { elfMachineName } from "./machines.js";
import { isMacho64, machoKind, readMacho } from "./macho.js";
import { readPe } from "./pe.js";
import { findZipTail } from "./zip.js";

/** One read gives the headers of nearly every program. */
const startLength = 64 * 1024;

/**
 * Reads a file as far as needed to say what each system would load of it. Files that are no programs are no errors: `kind`
 * and `description` say what they are.
 * Throws InputError for files that claim to be ELF or APE and that no system can load.
 */
export async function readImage(file: ByteSource): Promise<Image> {
  try {
    return await readByContent(cachedSource(file));
  } catch (error) {
    if (!(error instanceof InputError) || error.message.includes(file.name)) throw error;
    throw new InputError(`${file.name}: ${error.message}`);
  }
}

async function readByContent(source: ByteSource): Promise<Image> {
  const start = await source.read(0, startLength);
  const notes: string[] = [];
  const base = { name: source.name, size: source.size, elf: [], pe: undefined, macho: [], ape: undefined, zip: undefined, notes };

  const magic = apeMagic(start);
  if (magic !== undefined) return { ...base, ...(await readApe(source, start, magic, notes)) };
  if (start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46) {
    const view = await readElf(source, start.subarray(0, 64), 0);
    const zip = await optional("the zip archive at the end", notes, () => findZipTail(source));
    return { ...base, kind: "elf", description: describeElf(view), elf: [view], zip };
  }
  const macho = machoKind(start);
  if (macho !== undefined) {
    const view = isMacho64(start) ? await optional("the Mach-O view", notes, () => readMacho(source)) : undefined;
    return { ...base, kind: "macho", description: macho, macho: view === undefined ? [] : [view] };
  }
  if (start[0] === 0x4d && start[1] === 0x5a) {
    const pe = await optional("the PE view", notes, () => readPe(source));
    if (pe !== undefined) return { ...base, kind: "pe", description: `Windows program or library, ${pe.machine}`, pe };
  }
  return { ...base, ...guessKind(start, source.size) };
}

type ApeImage = Pick<Image, "kind" | "description" | "elf" | "pe" | "macho" | "ape" | "zip">;

async function readApe(
  source: ByteSource,
  start: Uint8Array,
  magic: NonNullable<ReturnType<typeof apeMagic>>,
  notes: string[],
): Promise<ApeImage> {
  const ape = findApeHeaders(start, magic, notes);
  const elf = await readApeViews(source, ape, notes);
  // Only the MZ magic is one that Windows takes (APE specification, "APE UNIX-Only Magic").
  const pe = magic === "MZqFpD" ? await optional("the PE view", notes, () => readPe(source)) : undefined;
  const macho = await optional("the Mach-O view", notes, async () => {
    const overlay = await findMachoOverlay(source, start);
    return overlay && readMacho(source, overlay);
  });
  if (elf.length === 0 && pe === undefined && macho === undefined) {
    const reason = notes[0] ?? "no printf in the first 8192 bytes makes an ELF header";
    throw new InputError(`${source.name} starts as an Actually Portable Executable, but no system can load it: ${reason}`);
  }
  if (elf.length === 0)
    notes.push("no printf in the first 8192 bytes makes an ELF header that can be loaded, so it is no program for Linux");
  const zip = await optional("the zip archive at the end", notes, () => findZipTail(source));
  const machines = elf.map((view) => elfMachineName(view.machineCode)).join(" and ");
  return {
    kind: "ape",
    description: `Actually Portable Executable${machines === "" ? " without a Linux part" : `, ${machines}`}`,
    elf,
    pe,
    macho: macho === undefined ? [] : [macho],
    ape,
    zip,
  };
}

/** Runs a reader for a part that a Linux check can do without: damage in it is a note. */
async function optional<T>(what: string, notes: string[], read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    notes.push(`${what} is left aside: ${error.message}`);
    return undefined;
  }
}

function describeElf(view: ElfView): string {
  const order = view.littleEndian ? "" : ", big-endian";
  return `ELF ${elfTypeName(view.type)}, ${view.class}-bit ${elfMachineName(view.machineCode)}${order}`;
}
