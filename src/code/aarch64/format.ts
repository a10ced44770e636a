/** A64 instructions as text, for the few kinds that findings show. Everything else is a `.word`. */

import { type Instruction, ZERO } from "./instruction.js";

const conditions = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"];
const branches: Readonly<Record<string, string>> = {
  jump: "b",
  call: "bl",
  "branch-zero": "cbz",
  "branch-not-zero": "cbnz",
  "branch-bit-clear": "tbz",
  "branch-bit-set": "tbnz",
};

/** The instruction at an address; `nameAt` gives a name for a branch's target where there is one. */
export function format(instruction: Instruction, address: number, nameAt: (target: number) => string | undefined): string {
  const { operation, word, rd, rn, rm, value, detail, wide } = instruction;
  const register = (number: number) => (number === ZERO ? (wide ? "xzr" : "wzr") : `${wide ? "x" : "w"}${number}`);
  const hex = (number: number) => `#0x${number.toString(16)}`;
  const last = rm < 0 ? hex(value) : register(rm);
  const name = nameAt(address + value);
  const target = `0x${(address + value).toString(16)}${name === undefined ? "" : ` <${name}>`}`;
  switch (operation) {
    case "jump":
    case "call":
      return `${branches[operation]} ${target}`;
    case "branch-if":
      return `b.${conditions[detail]} ${target}`;
    case "branch-zero":
    case "branch-not-zero":
      return `${branches[operation]} ${register(rd)}, ${target}`;
    case "branch-bit-clear":
    case "branch-bit-set":
      return `${branches[operation]} ${register(rd)}, #${detail}, ${target}`;
    case "nop":
      return "nop";
    case "constant":
      return `mov ${register(rd)}, ${hex(value)}`;
    case "keep":
      return `movk ${register(rd)}, ${hex(value)}, lsl #${detail}`;
    case "or":
      return rn === ZERO ? `mov ${register(rd)}, ${last}` : `orr ${register(rd)}, ${register(rn)}, ${last}`;
    default:
      return `.word 0x${(word >>> 0).toString(16).padStart(8, "0")}`;
  }
}
