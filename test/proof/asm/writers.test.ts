/** The files that the writers make: they run, other tools read them, and gVisor's loader rules hold. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { octal } from "../../../src/asm/ape-script.js";
import { assimilate, writeApe } from "../../../src/asm/ape-writer.js";
import { Assembler } from "../../../src/asm/assembler.js";
import { type ElfOptions, writeElf } from "../../../src/asm/elf-writer.js";
import * as o from "../../../src/asm/operands.js";
import { appendZip, crc32 } from "../../../src/asm/zip-writer.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-writers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const onLinux = testNeeding(process.platform === "linux" && process.arch === "x64", "x86-64 Linux");

/** Exits with the sum of a number in each section; bss holds what the program puts there. */
function program(): Assembler {
  const a = new Assembler();
  a.func("_start").mov(o.rip("b"), 1, 4);
  a.mov(o.edi, o.rip("a")).add(o.edi, o.rip("b")).add(o.edi, o.rip("c")).mov(o.eax, 60).syscall();
  a.section("rodata").object("a").u32(40).section("data").object("c").u32(1).section("bss").zeros(0x3000).object("b").zeros(4);
  return a;
}

function save(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes, { mode: 0o755 });
  return path;
}

const VARIANTS: readonly [string, ElfOptions][] = [
  ["plain", {}],
  ["sections", { sections: true }],
  ["symbols", { symbols: true }],
  ["separate head", { separateHead: true, symbols: true }],
  ["pie", { kind: "pie", symbols: true }],
  ["no stack header", { stack: "none" }],
  ["executable stack", { stack: 7 }],
];

describe.each(VARIANTS)("ELF, %s", (name, options) => {
  const file = writeElf(program(), options);
  const path = save(`elf-${name.replace(" ", "-")}`, file.bytes);
  const view = new DataView(file.bytes.buffer);
  const count = view.getUint16(56, true);
  const headers = Array.from({ length: count }, (_, i) => {
    const at = 64 + 56 * i;
    const word = (n: number): number => Number(view.getBigUint64(at + n, true));
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: word(8),
      address: word(16),
      memory: word(40),
    };
  });
  const loads = headers.filter((header) => header.type === 1);

  onLinux("runs", () => {
    expect(spawnSync(path).status).toBe(42);
  });

  test("keeps gVisor's loader rules (pkg/sentry/loader/elf.go)", () => {
    expect(loads[0].offset).toBe(0);
    expect(loads.every((load, i) => i === 0 || load.address >= loads[i - 1].address + loads[i - 1].memory)).toBe(true);
    expect(count).toBeLessThanOrEqual(73);
    expect(loads.every((load) => load.address % 4096 === load.offset % 4096)).toBe(true);
  });

  testNeeding(hasProgram("readelf"), "readelf")("readelf has no complaint", () => {
    const { stdout, stderr } = spawnSync("readelf", ["-aW", path], { encoding: "utf8" });
    expect(stderr).toBe("");
    if (options.symbols) expect(stdout).toMatch(/FUNC\s+GLOBAL DEFAULT\s+1 _start/);
  });

  test("PT_GNU_STACK as asked for", () => {
    const stack = headers.find((header) => header.type === 0x6474e551)?.flags;
    expect(stack).toBe(options.stack === "none" ? undefined : (options.stack ?? 6));
  });
});

test("a position-independent program refuses absolute addresses", () => {
  const a = new Assembler();
  expect(() => writeElf(a.func("_start").mov(o.edi, o.address("_start")), { kind: "pie" })).toThrow("absolute address of _start");
});

test("marked places and labels have their addresses", () => {
  const a = new Assembler();
  const file = writeElf(a.func("_start").nop(3).mark("here").label("x").hlt());
  expect(file.labels.get("x")).toBe(0x401003);
  expect(file.sites).toEqual([{ kind: "here", address: 0x401003, offset: 0x1003 }]);
  expect(file.bytes[0x1003]).toBe(0xf4);
});

describe("APE", () => {
  const zip = (): { name: string; data: Uint8Array }[] => [{ name: "a.txt", data: new TextEncoder().encode("hello\n") }];
  const ape = writeApe(program(), { aarch64: Uint8Array.of(0, 0, 0, 0x14), zip });
  const path = save("ape", ape.bytes);

  onLinux.each([["sh"], ["bash"]])("runs through %s and leaves nothing behind", (shell) => {
    const home = mkdtempSync(join(folder, "home-"));
    const { status, stderr } = spawnSync(shell, [path], {
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", TMPDIR: home },
    });
    expect({ status, stderr }).toEqual({ status: 42, stderr: "" });
    expect(spawnSync("ls", ["-A", home], { encoding: "utf8" }).stdout).toBe("");
  });

  onLinux("assimilates itself to what assimilate() makes of it, which runs", () => {
    const own = save("ape-own", ape.bytes);
    expect(spawnSync("sh", [own, "--assimilate"]).status).toBe(0);
    expect(Buffer.compare(readFileSync(own), assimilate(ape).bytes)).toBe(0);
    expect(spawnSync(own).status).toBe(42);
  });

  testNeeding(hasProgram("unzip"), "unzip")("has a zip that unzip takes", () => {
    expect(spawnSync("unzip", ["-p", path, "a.txt"], { encoding: "utf8" }).stdout).toBe("hello\n");
    expect(spawnSync("unzip", ["-t", path]).status).toBe(0);
  });

  test("prints its ELF headers within 8192 bytes, in letters and octal alone", () => {
    const script = Buffer.from(ape.bytes.subarray(0, 8192)).toString("latin1");
    const lines = [...script.matchAll(/^printf '(\\177ELF(?:[!-&(-[\]-~]|\\[0-7]{1,3})*)' >&7$/gm)];
    expect(lines.length).toBe(2);
    const decoded = lines[0][1].replace(/\\([0-7]{1,3})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    expect(Buffer.from(decoded, "latin1").equals(Buffer.from(ape.elfHeader))).toBe(true);
  });

  testNeeding(hasProgram("objdump"), "objdump")("has a PE view that objdump reads", () => {
    const { stdout } = spawnSync("objdump", ["-p", "-h", path], { encoding: "utf8" });
    expect(stdout).toContain("pei-x86-64");
    expect(stdout).toMatch(/\.data\s+00003044|\.data/);
  });

  test("other magics have no PE header", () => {
    for (const magic of ["jartsr", "APEDBG"] as const) {
      const { bytes } = writeApe(program(), { magic });
      expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe(`${magic}='`);
      expect(Buffer.from(bytes).includes("PE\0\0")).toBe(false);
    }
  });
});

test("octal escapes are as short as what follows allows", () => {
  expect(octal(Uint8Array.of(0x7f, 0x45, 0, 0x31, 0, 0x39, 0x27, 0x25, 0x5c, 0x20))).toBe("\\177E\\0001\\09\\47\\45\\134\\40");
});

test("crc32 is that of zip", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("an empty zip is an end record alone", () => {
  expect(appendZip(Uint8Array.of(1), []).length).toBe(23);
});
