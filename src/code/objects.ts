/** What the symbol table calls data (STT_OBJECT), though it lies where code may be. */

import type { CodeSymbol } from "../image/image.js";
import type { Code } from "./code.js";

const known = new WeakMap<Code, readonly CodeSymbol[]>();

/** The object that covers some byte of a stretch of code, given by its position and length; undefined where none does. */
export function objectAt(code: Code, position: number, length: number): CodeSymbol | undefined {
  let objects = known.get(code);
  if (objects === undefined) {
    objects = code.symbols.filter(
      ({ isObject, size, address }) => isObject === true && size > 0 && code.space.positionOf(address) >= 0,
    );
    known.set(code, objects);
  }
  // Hardly any program has one.
  const address = code.space.addressOf(position);
  return objects.find((object) => object.address < address + length && address < object.address + object.size);
}
