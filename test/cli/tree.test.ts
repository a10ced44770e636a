/** Trees of files: where paths lead in an archive, and that what a program loads is looked for in the tree that it came from. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../../src/check/check.js";
import type { ElfView } from "../../src/image/image.js";
import { programsIn } from "../../src/input/archive/programs.js";
import { EntryTree } from "../../src/input/archive/tree.js";
import { librariesOf } from "../../src/input/libraries.js";
import { machineTree } from "../../src/input/tree.js";
import { temporaryFolder } from "../support/cli.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();

test("symlinks lead where the kernel would lead, and never out of the tree", () => {
  const tree = new EntryTree("tools.tar");
  tree.addFolder("usr");
  tree.addFile("usr/lib/libc.so.6", 0o755, undefined, false);
  tree.addSymlink("lib", "usr/lib");
  tree.addSymlink("usr/lib/one.so", "/lib/libc.so.6");
  tree.addSymlink("usr/lib/two.so", "../../../../lib/./one.so");
  tree.addSymlink("ring", "ring/ring");
  tree.addHardLink("usr/hard", "usr/lib/libc.so.6");
  tree.addHardLink("usr/none", "usr/nothing");
  const libc = "/usr/lib/libc.so.6";
  for (const path of ["/lib/libc.so.6", "/usr/lib/one.so", "/lib/two.so", "/../lib//two.so", "/usr/lib/../lib/one.so"])
    expect([path, tree.resolve(path)]).toEqual([path, libc]);
  expect(tree.resolve("/usr/hard")).toBe("/usr/hard");
  for (const path of ["/", "/usr", "/ring", "/ring/x", "/usr/none", "/nothing", `/${"a/".repeat(5000)}x`])
    expect([path, tree.resolve(path)]).toEqual([path, undefined]);
  expect(tree.list("/lib")).toEqual(["libc.so.6", "one.so", "two.so"]);
  expect(tree.list("/nothing")).toEqual([]);
  expect(tree.open("/lib/libc.so.6")).toBeUndefined();
  expect(tree.nameOf(libc)).toBe("tools.tar!/usr/lib/libc.so.6");
});

test("what comes later takes a name over", () => {
  const tree = new EntryTree("twice.tar");
  tree.addSymlink("bin", "usr");
  tree.addFile("bin", 0o755, undefined, false);
  expect(tree.resolve("/bin")).toBe("/bin");
});

test("a file of this machine", () => {
  expect(machineTree.resolve(join(folder, "nothing"))).toBeUndefined();
  expect(machineTree.open(folder)).toBeUndefined();
  expect(machineTree.list(join(folder, "nothing"))).toEqual([]);
});

test("a program of an archive gets nothing of this machine's libraries", async () => {
  const view = { class: 64, machine: "x86-64", needed: ["libc.so.6"], dynamic: {} } as unknown as ElfView;
  const closure = await librariesOf("/bin/program", view, new EntryTree("empty.tar")).all();
  expect(closure).toEqual({ found: [], missing: ["libc.so.6"] });
});

const testWithGcc = testNeeding(hasProgram("gcc") && hasProgram("tar"), "gcc and tar");

testWithGcc("libraries and interpreters are those of the archive: by $ORIGIN, ld.so.conf and symlinks", async () => {
  const note = String.raw`__asm__(".section .note.ABI-tag,\"a\",@note\n.align 4\n.long 4\n.long 16\n.long 1\n.asciz \"GNU\"\n.long 0\n.long 4\n.long 11\n.long 0\n.text\n");`;
  const gcc = (...args: string[]) => execFileSync("gcc", args, { cwd: folder });
  writeFileSync(join(folder, "lib.c"), `int seven(void) { return 7; }\n${note}\n`);
  writeFileSync(join(folder, "main.c"), '__asm__(".globl _start\\n_start: call seven\\n");\n');
  for (const one of ["root/usr/bin", "root/opt/lib", "root/etc/ld.so.conf.d", "root/own"])
    mkdirSync(join(folder, one), { recursive: true });
  gcc("-shared", "-nostdlib", "-fPIC", "-Wl,-soname,libtag.so", "-o", "root/opt/lib/libtag.so.1", "lib.c");
  execFileSync("ln", ["-s", "/opt/lib/libtag.so.1", "root/opt/lib/libtag.so"], { cwd: folder });
  writeFileSync(join(folder, "root/etc/ld.so.conf"), "include ld.so.conf.d/*.conf\n");
  writeFileSync(join(folder, "root/etc/ld.so.conf.d/own.conf"), "/opt/lib # ours\n");
  const common = ["-nostdlib", "main.c", "root/opt/lib/libtag.so.1", "-Wl,--dynamic-linker=/own/ld.so"];
  gcc(...common, "-o", "root/usr/bin/configured");
  gcc(...common, "-o", "root/usr/bin/origin", "-Wl,-rpath,$ORIGIN/../../opt/lib");
  gcc(...common, "-o", "root/usr/bin/lost", "-Wl,-rpath,$ORIGIN/nowhere");
  execFileSync("cp", ["root/opt/lib/libtag.so.1", "root/own/ld.so"], { cwd: folder });
  execFileSync("tar", ["czf", "root.tgz", "-C", "root", "usr", "opt", "etc", "own"], { cwd: folder });
  const rules = new Map<string, unknown>();
  for await (const { name, source, surroundings } of programsIn(join(folder, "root.tgz"))) {
    const report = await check(source, { release: "2024-07", platforms: ["ptrace"] }, surroundings);
    rules.set(
      name,
      report.views.flatMap(({ findings }) => findings.map(({ rule, facts }) => `${rule} ${facts["file"]}`)),
    );
  }
  // The linker that the programs name asks for it too, and comes first.
  const theirs = [`abi-tag ${join(folder, "root.tgz")}!/own/ld.so`];
  expect(Object.fromEntries(rules)).toMatchObject({
    "usr/bin/configured": theirs,
    "usr/bin/origin": theirs,
    "usr/bin/lost": theirs,
    "opt/lib/libtag.so.1": ["abi-tag it"],
  });
  for await (const { name, source, surroundings } of programsIn(join(folder, "root.tgz"))) {
    if (!name.startsWith("usr/bin/")) continue;
    const { elf } = await (await import("../../src/image/detect.js")).readImage(source);
    const closure = await surroundings.libraries!(elf[0]!).all();
    const paths = closure.found.map(({ path }) => path.slice(path.indexOf("!/") + 1));
    expect([name, paths, closure.missing]).toEqual([name, ["/own/ld.so", "/opt/lib/libtag.so.1"], []]);
  }
});
