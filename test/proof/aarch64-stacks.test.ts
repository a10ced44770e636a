/** What stack-growsdown repairs in aarch64 code, run in qemu before and after. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { GROWING, WHOLE } from "../fixtures/aarch64/programs.js";
import { find, fixed, shapes } from "../support/aarch64-stacks.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const qemu = ["qemu-aarch64-static", "qemu-aarch64"].find(hasProgram);

for (const [name, build, options] of shapes) {
  testNeeding(qemu !== undefined, "qemu-aarch64")(`${name}: grows before, is mapped whole after`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "sandfit-"));
    try {
      const run = (bytes: Uint8Array) => {
        const path = join(folder, "program");
        writeFileSync(path, bytes);
        chmodSync(path, 0o755);
        const { status, stderr } = spawnSync(qemu!, ["-strace", path], { encoding: "utf8" });
        return { status, grows: stderr.includes("MAP_GROWSDOWN") };
      };
      const bytes = build(options);
      expect(run(bytes)).toEqual({ status: GROWING, grows: true });
      expect(run(fixed(bytes, await find(bytes)))).toEqual({ status: WHOLE, grows: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
