/** A few instructions, assembled and analysed as the code of a program: what unit tests of src/code ask about. */

import { Assembler } from "../../src/asm/assembler.js";
import { writeElf } from "../../src/asm/elf-writer.js";
import { memorySource } from "../../src/bytes/source.js";
import { analyzeCode, type Code } from "../../src/code/code.js";
import { readImage } from "../../src/image/detect.js";

export interface Snippet {
  readonly code: Code;
  readonly walk: Code["walk"];
  /** Position of a label in the code. */
  at(label: string): number;
  /** Address of a label. */
  addressOf(label: string): number;
}

export type Body = (a: Assembler) => unknown;

/** `body` follows the entry point's label; it names functions by `func`, other places by `label`. With `symbols`, functions have names. */
export async function snippet(body: Body, symbols = false): Promise<Snippet> {
  const a = new Assembler().func("_start");
  body(a);
  const { bytes, labels } = writeElf(a, { symbols });
  const source = memorySource(bytes, "snippet");
  const image = await readImage(source);
  const code = await analyzeCode(source, image, image.elf[0]!);
  const addressOf = (label: string): number => {
    const address = labels.get(label);
    if (address === undefined) throw new Error(`no label ${label}`);
    return address;
  };
  return { code, walk: code.walk, addressOf, at: (label) => code.space.positionOf(addressOf(label)) };
}
