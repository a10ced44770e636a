/** The kernel's decoder says of every instruction what src/x86/decode.ts says, wherever in the bytes it begins. */

import { describe, expect, it } from "vitest";
import { kernelDecoder } from "../../src/code/kernel.js";
import { decode } from "../../src/x86/decode.js";
import { Flow, Instruction } from "../../src/x86/instruction.js";
import { executableParts } from "../x86/executable.js";

/** Positions at which the two disagree, at most ten; looks at every byte, also inside instructions. */
function disagreements(bytes: Uint8Array, end: number): string[] {
  const kernel = kernelDecoder(bytes);
  const instruction = new Instruction();
  const found: string[] = [];
  for (let at = 0; at < end && found.length < 10; at++) {
    const length = decode(bytes, at, end, instruction);
    const other = kernel.decode(at, end);
    if (length !== other) found.push(`${at}: length ${length}, kernel ${other}`);
    else if (length > 0 && instruction.flow !== kernel.flowDecoded()) found.push(`${at}: flow ${instruction.flow}`);
    else if (length > 0 && isDirect(instruction) && instruction.target !== kernel.targetDecoded())
      found.push(`${at}: target ${instruction.target}`);
  }
  return found;
}

function isDirect({ flow }: Instruction): boolean {
  return flow === Flow.Jump || flow === Flow.Branch || flow === Flow.Call;
}

describe("the kernel decodes as the decoder does", () => {
  it("at every byte of two megabytes of node's code", () => {
    const [part] = executableParts(process.execPath, ".text");
    const bytes = new Uint8Array(part!.bytes.subarray(0, 2 << 20));
    expect(disagreements(bytes, bytes.length)).toEqual([]);
  });

  it("at every byte of a megabyte of pseudo-random ones, half of them prefixes and escapes", () => {
    const bytes = new Uint8Array(1 << 20);
    const special = [0x66, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x67, 0x48, 0x4f, 0x0f, 0xc4, 0xc5, 0x62, 0x8f, 0xc7, 0xff];
    let state = 1;
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      bytes[i] = (state & 0x80000) === 0 ? state >>> 24 : special[state >>> 28]!;
    }
    expect(disagreements(bytes, bytes.length)).toEqual([]);
  });

  it("where the bytes end in the middle of an instruction", () => {
    const [part] = executableParts(process.execPath, ".text");
    const bytes = new Uint8Array(part!.bytes.subarray(4096, 8192));
    for (let end = 1; end < 200; end++) expect(disagreements(bytes, end)).toEqual([]);
  });
});
