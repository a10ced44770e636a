/** How A64 instructions are known to be code: followed from the entry point, through pointers, or only met by sweeping. */

import type { EvidenceName } from "../evidence.js";
import type { ArmCode } from "./code.js";
import { writtenRegisters } from "./writes.js";

/** An `adrp` stands at most this many instructions before the `add` that completes the address. */
const MOST_BETWEEN = 12;

export class ArmWalk {
  private readonly code: ArmCode;
  private readonly evidence = new Map<number, EvidenceName>();
  /** Code addresses that followed code computes: thread entries, callbacks, the cases of a switch. */
  private taken: number[] = [];

  /** Follows everything that direct jumps and calls reach from the entry point, then from the pointers. */
  constructor(code: ArmCode, entry: number, pointers: readonly number[]) {
    this.code = code;
    this.follow([entry], "entry");
    this.follow(pointers, "pointer");
    while (this.taken.length > 0) {
      const taken = this.taken;
      this.taken = [];
      this.follow(taken, "pointer");
    }
  }

  /** The evidence for the instruction at an address. */
  evidenceAt(address: number): EvidenceName {
    return this.evidence.get(address) ?? "swept";
  }

  private follow(roots: readonly number[], evidence: EvidenceName): void {
    const pending = [...roots];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (this.evidence.has(at)) continue;
      const instruction = this.code.at(at);
      if (instruction === undefined) continue;
      this.evidence.set(at, evidence);
      if (instruction.operation === "call") pending.push(at + instruction.value);
      if (instruction.operation === "near") this.take(at + instruction.value);
      if (instruction.operation === "add" && instruction.value >= 0)
        this.take(this.pageOf(at, instruction.rn) + instruction.value);
      pending.push(...this.code.successors(at));
    }
  }

  private take(address: number): void {
    if (address % 4 === 0 && this.code.contains(address)) this.taken.push(address);
  }

  /** The page that `adrp` has put into a register shortly before, else NaN. */
  private pageOf(address: number, register: number): number {
    for (let at = address - 4; at >= address - 4 * MOST_BETWEEN; at -= 4) {
      const instruction = this.code.at(at);
      if (instruction === undefined) return Number.NaN;
      if (instruction.operation === "page" && instruction.rd === register)
        return Math.floor(at / 4096) * 4096 + instruction.value;
      if (register < 31 && (writtenRegisters(instruction.word) & (1 << register)) !== 0) return Number.NaN;
    }
    return Number.NaN;
  }
}
