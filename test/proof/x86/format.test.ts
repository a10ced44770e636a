/** AT&T text as objdump -d has it, on real code. */

import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { decode } from "../../../src/x86/decode.js";
import { format } from "../../../src/x86/format.js";
import { Instruction } from "../../../src/x86/instruction.js";
import { executableParts } from "../../support/executable.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const insn = new Instruction();

/** In objdump's words a comment and blanks differ, targets have no 0x, a lack of index is `%riz`, and 2.40 hides the 1 of a shift. */
const fromObjdump = (line: string) =>
  line
    .replace(/\s+#.*$/, "")
    .replace(/<.*>/, "")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^((?:bnd )?(?:j\w+|call|loop\w*|xbegin)) ([0-9a-f]+)$/, "$1 0x$2")
    .replace(/,%[re]iz,1\)/, ")");

testNeeding(hasProgram("objdump"), "objdump")("150,000 instructions of node: all that is not shown as bytes is the same", () => {
  const [part] = executableParts(process.execPath, ".text");
  if (part === undefined) return;
  const from = part.address + Math.floor(part.bytes.length / 2);
  const range = [`--start-address=${from}`, `--stop-address=${from + 600_000}`];
  const { stdout } = spawnSync("objdump", ["-d", "-w", "--section=.text", ...range, process.execPath], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  let compared = 0;
  let asBytes = 0;
  const different: string[] = [];
  for (const line of stdout.split("\n")) {
    const [, address, hex, theirs] = /^\s*([0-9a-f]+):\t([0-9a-f ]+)\t(.*)$/.exec(line) ?? [];
    if (address === undefined || theirs!.includes("(bad)") || theirs!.startsWith(".byte")) continue;
    const bytes = Uint8Array.from(hex!.trim().split(" "), (byte) => Number.parseInt(byte, 16));
    if (decode(bytes, 0, bytes.length, insn) !== bytes.length) continue;
    const ours = format(insn, bytes, Number.parseInt(address, 16)).replace(/ {2}#.*$/, "");
    compared++;
    if (ours.startsWith("(")) asBytes++;
    else if (ours.replace("$1,", "") !== fromObjdump(theirs!).replace("$1,", "")) different.push(`${line.trim()} | ${ours}`);
  }
  // The first few may be out of step where the range begins inside an instruction.
  expect(different.slice(5)).toEqual([]);
  expect(compared).toBeGreaterThan(50_000);
  expect(asBytes).toBeLessThan(compared / 50);
});
