/** A program names the folders that its libraries are looked for in, and so may name anything. */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ElfView } from "../../../src/image/image.js";
import { librariesOf } from "../../../src/input/libraries.js";
import { temporaryFolder } from "../../support/folder.js";

const folder = temporaryFolder();

/** A program as far as its libraries go. */
function program(needed: readonly string[], runpath: string): ElfView {
  const view = { class: 64, machine: "x86-64", interpreter: undefined, needed, dynamic: { runpath, rpath: undefined } };
  return view as unknown as ElfView;
}

test.each([
  ["a ring of links", "ring"],
  ["a part of it is a file", "file/deeper"],
  ["a name that is too long", "n".repeat(3000)],
  ["a folder in the place of a library", "folder"],
])("%s", async (_, name) => {
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "folder", "lib.so"), { recursive: true });
  if (name === "ring") symlinkSync("ring", join(folder, "ring"));
  const libraries = librariesOf(join(folder, "program"), program(["lib.so"], `$ORIGIN/${name}`));
  expect(await libraries.all()).toEqual({ found: [], missing: ["lib.so"] });
  expect(await libraries.glibc()).toBeUndefined();
});

test("a thousand folders for two thousand libraries are not all looked at", async () => {
  const runpath = Array.from({ length: 1000 }, (_, i) => `${folder}/${i.toString(36)}`).join(":");
  const needed = Array.from({ length: 2000 }, (_, i) => `${i}.so`);
  const start = process.cpuUsage();
  expect((await librariesOf(join(folder, "program"), program(needed, runpath)).all()).missing).toHaveLength(2000);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6).toBeLessThan(3);
});
