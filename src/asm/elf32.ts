/** A 32-bit program, by hand: the assembler is one for x86-64. */

import { Bytes } from "./bytes.js";
import { PT_LOAD } from "./loader-shapes.js";

const [EHDR, PHDR, ET_EXEC, EM_386, READ_EXECUTE] = [52, 32, 2, 3, 5];
const BASE = 0x08048000;
/** Where its code is loaded. */
export const ELF32_CODE = BASE + EHDR + PHDR;

/** An i386 executable of one segment: the code, with its data behind it. */
export function writeElf32(code: Uint8Array): Uint8Array {
  const size = EHDR + PHDR + code.length;
  const file = new Bytes(size).set(0, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1));
  file.u16(16, ET_EXEC, EM_386).u32(20, 1, ELF32_CODE, EHDR, 0, 0).u16(40, EHDR, PHDR, 1);
  file.u32(EHDR, PT_LOAD, 0, BASE, BASE, size, size, READ_EXECUTE, 0x1000);
  return file.set(EHDR + PHDR, code).bytes;
}
