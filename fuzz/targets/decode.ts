/** Fuzz target: the decoders of both machines, on any bytes. */

import { makeSweeper } from "../../bench/sweep.js";
import { decode as decodeArm } from "../../src/code/aarch64/instruction.js";
import { decode } from "../../src/x86/decode.js";
import { format } from "../../src/x86/format.js";
import { Instruction } from "../../src/x86/instruction.js";
import { memoryOperand, readRegisters, writtenRegisters } from "../../src/x86/operands.js";
import { scan } from "../../src/x86/scan.js";

const LONGEST = 15;
const ADDRESS = 0x401000;
const instruction = new Instruction();

const ROOM = 0x10000;
const kernel = makeSweeper(ROOM);

/** All x86 decoders agree on every length; every instruction ends within its bytes and can be written down. */
export function fuzz(data: Buffer): void {
  const code = new Uint8Array(data.subarray(0, ROOM));
  new Uint8Array(kernel.memory.buffer).set(code, kernel.codeAt());
  for (let at = 0; at < code.length; ) {
    const length = decode(code, at, code.length, instruction);
    const scanned = scan(code, at, code.length);
    if (length !== scanned) throw new Error(`at ${at}: decode says ${length}, scan says ${scanned}`);
    const byKernel = kernel.decode(at, code.length);
    if (length !== byKernel) throw new Error(`at ${at}: decode says ${length}, the kernel says ${byKernel}`);
    if (length > LONGEST || at + length > code.length) throw new Error(`at ${at}: a length of ${length}`);
    if (length === 0) {
      at++;
      continue;
    }
    if (!/^[^\s\p{C}][^\p{C}]*$/u.test(format(instruction, code, ADDRESS + at))) throw new Error(`at ${at}: no line of text`);
    memoryOperand(instruction, ADDRESS + at);
    if (!Number.isInteger(readRegisters(instruction)) || !Number.isInteger(writtenRegisters(instruction))) {
      throw new Error(`at ${at}: registers that are no bit set`);
    }
    at += length;
  }
  const words = new DataView(code.buffer, code.byteOffset, code.length & ~3);
  for (let at = 0; at < words.byteLength; at += 4) decodeArm(words.getUint32(at, true));
}
