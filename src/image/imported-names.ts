/** The names of the functions that other files provide, as bytes: a look at them, before anything is read of the functions themselves. */

import { includesText } from "../bytes/find.js";
import type { ByteSource } from "../bytes/source.js";
import { readAtAddress } from "./address.js";
import type { ElfView } from "./image.js";

/** Bytes of names that are looked through. Beyond, as in a program that exports all of itself, the relocations are less to read. */
const MOST_NAMES = 1 << 20;

/** Whether an import can have one of some names: whether they stand among those of the dynamic symbols, which is far less to read. */
export async function mayBeImported(source: ByteSource, view: ElfView, names: readonly string[]): Promise<boolean> {
  const { strings } = view.dynamic ?? {};
  if (strings === undefined || strings.size > MOST_NAMES) return true;
  const bytes = await readAtAddress(source, view, strings.address, strings.size);
  return names.some((name) => includesText(`${name}\0`, bytes));
}
