/** objdump reads what the assembler writes as what was asked for. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import * as o from "../../../src/asm/operands.js";
import { assemble, encodings } from "../../fixtures/encodings.js";
import { temporaryFolder } from "../../support/folder.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const withObjdump = testNeeding(hasProgram("objdump"), "objdump");
const folder = temporaryFolder();

/** The instructions that objdump reads, one a line, blanks evened out. */
function disassemble(bytes: Uint8Array): string[] {
  const path = join(folder, "code");
  writeFileSync(path, bytes);
  const { stdout } = spawnSync("objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", path], {
    encoding: "utf8",
  });
  return [...stdout.matchAll(/^\s+[0-9a-f]+:\s+(.*?)\s*(#.*)?$/gm)].map((match) => match[1].replace(/\s+/g, " "));
}

const NAMES = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
const name = (register: o.Register): string => NAMES[register.number] ?? `r${register.number}`;

withObjdump("each instruction", () => {
  expect(disassemble(assemble((a) => encodings.map(([, , emit]) => emit(a))))).toEqual(encodings.map(([text]) => text));
});

withObjdump("every register, in every operand place", () => {
  const lines: string[] = [];
  const bytes = assemble((a) => {
    for (const base of o.r64) {
      for (const index of o.r64) {
        if (index.number === 4) continue;
        for (const disp of [0, 8, -0x1000]) {
          a.mov(base, o.mem(base, disp, index, 2));
          const shown = disp === 0 && (base.number & 7) !== 5 ? "" : disp < 0 ? "-0x1000" : `0x${disp.toString(16)}`;
          lines.push(`mov ${shown}(%${name(base)},%${name(index)},2),%${name(base)}`);
        }
      }
    }
  });
  expect(disassemble(bytes)).toEqual(lines);
});
