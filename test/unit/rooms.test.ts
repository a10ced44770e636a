/** The rooms of src: each imports only rooms below it, types included. Who adds a room puts it into this list. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../src", import.meta.url));

/** From top to bottom, as docs/how-it-works.md has them. */
const rooms = [
  "cli",
  "pack",
  "diagnose",
  "environments",
  "write",
  "input",
  "files",
  "report",
  "fix",
  "check",
  "rules",
  "gvisor",
  "code",
  "x86",
  "image",
  "asm",
  "bytes",
];

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
const roomOf = (path: string) => (path.includes("/") ? path.split("/")[0]! : undefined);

test("every directory of src is a room of the list", () => {
  expect([...new Set(files.map(roomOf))].filter((room) => room !== undefined).sort()).toEqual([...rooms].sort());
});

test("no room imports one above it", () => {
  const upward: string[] = [];
  for (const path of files) {
    const from = roomOf(path);
    if (from === undefined) continue;
    for (const { fileName } of ts.preProcessFile(readFileSync(join(root, path), "utf8")).importedFiles) {
      if (!fileName.startsWith(".")) continue;
      const target = relative(root, join(root, path, "..", fileName));
      const to = roomOf(target);
      if (to !== undefined && !target.startsWith("..") && rooms.indexOf(to) < rooms.indexOf(from))
        upward.push(`${path} → ${target}`);
    }
  }
  expect(upward).toEqual([]);
});
