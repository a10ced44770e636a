/** An APE becomes an ELF: the 64-byte header that its script would print goes over its first 64 bytes. Nothing moves. */

import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import type { ElfView } from "../image/image.js";
import type { Edit } from "../rules/define.js";
import { hexOf } from "../rules/shared/sites.js";

/** Size of an ELF64 header. */
const HEADER = 64;

/**
 * The edit that `sh ./file --assimilate` makes (jart/cosmopolitan tool/build/assimilate.c): the ELF header of `view`
 * over the start of the file. All program headers keep their file offsets, so every loaded byte but these 64 stays.
 */
export async function assimilate(source: ByteSource, view: ElfView): Promise<Edit> {
  const start = await source.read(0, HEADER);
  if (start.length < HEADER) throw new InputError(`${source.name} is shorter than an ELF header`);
  return {
    fileOffset: 0,
    address: undefined,
    before: hexOf(start),
    after: hexOf(view.header.subarray(0, HEADER)),
    rule: "ape-not-elf",
    evidence: "header",
    what: `the ${view.machine} ELF header from file offset 0x${view.headerOffset.toString(16)} over the APE's first 64 bytes`,
  };
}
