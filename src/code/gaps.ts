/** The stretches between known code: bytes that the walk did not reach. */

import { decode } from "../x86/decode.js";
import { Instruction } from "../x86/instruction.js";
import type { Code } from "./code.js";

const nowhere = new Uint8Array(0);
const known = new WeakMap<Code, Gaps>();

/** Decoded once each when first asked for. */
export class Gaps {
  private readonly code: Code;
  private readonly instruction = new Instruction();
  private from = -1;
  private to = -1;
  /** One byte for each of the gap's. */
  private starts = nowhere;

  /** Those of some code: %fs and %gs are looked for in the same. */
  static of(code: Code): Gaps {
    const gaps = known.get(code) ?? new Gaps(code);
    known.set(code, gaps);
    return gaps;
  }

  private constructor(code: Code) {
    this.code = code;
  }

  /**
   * Start of the instruction that covers an unknown byte when the gap around it is decoded from its beginning, -1 where
   * the gap does not decode without a rest.
   */
  startOf(position: number): number {
    if (position < this.from || position >= this.to) this.open(position);
    for (let at = position; at >= this.from && at > position - 15; at--) if (this.starts[at - this.from] === 1) return at;
    return -1;
  }

  private open(position: number): void {
    const { walk, space } = this.code;
    const region = space.regionOf(position);
    const [from, to] = walk.unknownAround(position, region.start, region.start + region.size);
    this.from = from;
    this.to = to;
    this.starts = nowhere;
    // What starts at the start of a segment is a header or a script, never a function.
    if (from === region.start) return;
    const starts = new Uint8Array(to - from);
    let at = from;
    while (at < to) {
      const length = decode(space.bytes, at, to, this.instruction);
      if (length === 0) return;
      starts[at - from] = 1;
      at += length;
    }
    this.starts = starts;
  }
}
