/** The names of the functions that other files provide, as bytes: a look at them, before anything is read of the functions themselves. */

import { asciiOf, includesText, positionsOf } from "../bytes/find.js";
import type { ByteSource } from "../bytes/source.js";
import { readAtAddress } from "./address.js";
import type { ElfView } from "./image.js";

/** Bytes of names that are looked through. Beyond, as in a program that exports all of itself, the relocations are less to read. */
const MOST_NAMES = 1 << 20;

/** The names among those of the dynamic symbols, as bytes; undefined where there are none, or too many to look through. */
async function dynamicNames(source: ByteSource, view: ElfView): Promise<Uint8Array | undefined> {
  const { strings } = view.dynamic ?? {};
  if (strings === undefined || strings.size > MOST_NAMES) return undefined;
  return readAtAddress(source, view, strings.address, strings.size);
}

/**
 * The newest minor version of glibc 2 that a program asks for (36 of GLIBC_2.36), -1 where it asks for none or that cannot be seen so: an
 * older glibc does not start it (ld.so: "version `GLIBC_2.36' not found").
 */
export async function neededGlibc(source: ByteSource, view: ElfView): Promise<number> {
  const bytes = (await dynamicNames(source, view)) ?? new Uint8Array(0);
  let newest = -1;
  for (const at of positionsOf(asciiOf(GLIBC), bytes)) {
    let minor = 0;
    let end = at + GLIBC.length;
    for (; bytes[end]! >= ZERO && bytes[end]! <= ZERO + 9 && minor < 1000; end++) minor = 10 * minor + bytes[end]! - ZERO;
    if (bytes[end] === 0 && end > at + GLIBC.length) newest = Math.max(newest, minor);
  }
  return newest;
}

const GLIBC = "\0GLIBC_2.";
const ZERO = 0x30;

/** Whether an import can have one of some names: whether they stand among those of the dynamic symbols, which is far less to read. */
export async function mayBeImported(source: ByteSource, view: ElfView, names: readonly string[]): Promise<boolean> {
  const bytes = await dynamicNames(source, view);
  return bytes === undefined || names.some((name) => includesText(`${name}\0`, bytes));
}
