/** Hostile archives: refused or tamed with one clear sentence; nothing is written outside, no part of an output is left. */

import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/errors.js";
import { pax, type TarEntry, tar, tarGz, type ZipMember, zip } from "../../fixtures/archives.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { expectSentence, sandfit, temporaryFolder } from "../../support/cli.js";
import { caseOf, namesIn, packedTo, type Settings } from "../../support/packing.js";

const top = temporaryFolder();
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const link = (name: string, target: string): TarEntry => ({ name, type: "2", target });
const hard = (name: string, target: string): TarEntry => ({ name, type: "1", target });
const file = (name: string): TarEntry => ({ name, data: "x" });
const folderEntry = (name: string): TarEntry => ({ name: `${name}/`, type: "5", mode: 0o755 });

/** Expects the sentence, and that the input is all there is afterwards, for both forms of output. */
async function expectRefused(input: Uint8Array, sentence: RegExp, settings: Settings = {}): Promise<void> {
  for (const out of ["out.tar.gz", "out"]) {
    const one = caseOf(top, input);
    const error = await packedTo(one, out, settings).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(sentence);
    expect(error.message.startsWith(`${one.input}`), error.message).toBe(true);
    expect(error.message).not.toContain("\n");
    expect(namesIn(one.folder)).toEqual(["input"]);
  }
}

describe("names", () => {
  const names: readonly [string, TarEntry[], RegExp][] = [
    ["absolute", [file("/etc/x")], /entry "\/etc\/x" has an absolute name$/],
    ["absolute for Windows", [file("C:\\x")], /has an absolute name$/],
    ["..", [file("../x")], /leads out of the archive by "\.\."$/],
    [".. within", [file("a/../../x")], /leads out/],
    [".. by a backslash", [file("a\\..\\x")], /leads out/],
    ["not UTF-8", [{ name: bytes(0x61, 0xff, 0x62), data: "x" }], /the name of entry "a\\xffb" is not UTF-8$/],
    ["not UTF-8, in a pax header", [{ ...pax({}), data: Buffer.from("10 path=\xff\n", "latin1") }, file("x")], /is not UTF-8$/],
    ["a NUL", [pax({ path: "a\0b" }), file("x")], /has a NUL in its name$/],
    ["none", [file("")], /has no name$/],
    ["a part too long", [pax({ path: "x".repeat(256) }), file("x")], /too long for Linux$/],
    ["a path too long", [pax({ path: "long/".repeat(820) }), file("x")], /too long for Linux$/],
    ["twice", [file("a"), file("a")], /entry "a" is in it twice$/],
    ["twice, spelled otherwise", [file("a/b"), file("./a//b")], /is in it twice$/],
    ["a file and a folder", [file("a"), file("a/b")], /lies below "a", which is a file$/],
    ["a folder and a file", [file("a/b"), file("a")], /is in it twice$/],
    ["differing by case", [file("Bin/x"), file("bin/y")], /entries "Bin" and "bin" differ by case alone/],
    ["differing by case and accent", [file("É"), file("e\u0301")], /differ by case alone/],
  ];
  test.each(names)("tar: %s", async (_what, entries, sentence) => {
    await expectRefused(tar(entries), sentence);
    await expectRefused(tarGz(entries), sentence);
  });

  const members: readonly [string, ZipMember[], RegExp][] = [
    ["absolute", [{ name: "/etc/x" }], /absolute name$/],
    ["..", [{ name: "a/../../x" }], /leads out/],
    [".. by a backslash", [{ name: "..\\x" }], /leads out/],
    ["not UTF-8", [{ name: bytes(0x61, 0xff), flags: 0 }], /is not UTF-8$/],
    ["twice", [{ name: "a" }, { name: "a" }], /is in it twice$/],
    ["differing by case", [{ name: "a" }, { name: "A" }], /differ by case alone/],
  ];
  test.each(members)("zip: %s", (_what, entries, sentence) => expectRefused(zip(entries), sentence));

  test("names that differ by case are taken where that is asked for", async () => {
    const one = caseOf(top, tar([file("a"), file("A")]));
    const { manifest } = await packedTo(one, "out", { allowCaseCollisions: true });
    expect(manifest.files.map(({ path }) => path)).toEqual(["A", "a"]);
  });

  test("a name in a folder that is not UTF-8", async () => {
    const one = caseOf(top, Buffer.from(""));
    execFileSync("/bin/bash", ["-c", "rm input; mkdir input; touch $'input/a\\xff'"], { cwd: one.folder });
    await expect(packedTo(one, "out")).rejects.toThrow(/the name of entry "a\\xff" is not UTF-8$/);
    expect(namesIn(one.folder)).toEqual(["input"]);
  });
});

describe("links", () => {
  test.each<[string, TarEntry[], RegExp]>([
    ["absolute", [link("a", "/etc/passwd")], /entry "a" is a link to outside: "\/etc\/passwd" is absolute$/],
    ["above the top", [link("a/b", "../../x")], /is a link to outside: "\.\.\/\.\.\/x" leads above the top$/],
    ["above the top by another link", [link("a", "."), link("b", "a/../x")], /entry "b" is a link to outside/],
    ["through a link that is absolute", [link("a", "b/c"), link("b", "/etc")], /is a link to outside/],
    ["a file below a link", [link("a", "b"), file("a/x")], /entry "a\/x" lies below "a", which is a symbolic link$/],
    ["a file over a link", [link("a", "b"), file("a")], /is in it twice$/],
    ["a link without a target", [link("a", "")], /is a link to nothing$/],
    ["a hard link to outside", [hard("a", "/etc/passwd")], /entry "a" is a hard link to outside/],
    ["a hard link by ..", [hard("a", "../x")], /is a hard link to outside/],
    ["a hard link to nothing", [hard("a", "b")], /is a hard link to "b", which is no file before it$/],
    ["a hard link to a link", [link("b", "c"), hard("a", "b")], /which is no file before it$/],
  ])("%s", (_what, entries, sentence) => expectRefused(tar(entries), sentence));

  test.each<[string, string, RegExp]>([
    ["absolute", "/etc/passwd", /is a link to outside/],
    ["above the top", "../x", /is a link to outside/],
  ])("in a zip: %s", (_what, data, sentence) => expectRefused(zip([{ name: "a", mode: 0o120777, data }]), sentence));

  test("inside, dangling, and round in circles stay as they are", async () => {
    const entries = [
      file("d/x"),
      link("a", "d/x"),
      link("d/up", "../d/x"),
      link("gone", "d/nothing"),
      link("r", "s"),
      link("s", "r"),
    ];
    const one = caseOf(top, tar(entries));
    await packedTo(one, "out");
    expect(readFileSync(join(one.folder, "out/d/up"), "utf8")).toBe("x");
    expect(lstatSync(join(one.folder, "out/r")).isSymbolicLink()).toBe(true);
  });

  test("in a folder: to outside", async () => {
    const one = caseOf(top, Buffer.from(""));
    execFileSync("/bin/sh", ["-c", "rm input; mkdir input; ln -s /etc/passwd input/x"], { cwd: one.folder });
    await expect(packedTo(one, "out")).rejects.toThrow(/is a link to outside/);
  });
});

describe("what is no file", () => {
  test.each<[string, string, RegExp]>([
    ["a character device", "3", /is a device; only files, folders and links are packed$/],
    ["a block device", "4", /is a device/],
    ["a fifo", "6", /is a fifo/],
    ["a GNU sparse file", "S", /is of a kind that is not read here/],
    ["a continuation of another volume", "M", /is of a kind that is not read here/],
  ])("tar: %s", (_what, type, sentence) => expectRefused(tar([{ name: "x", type }]), sentence));

  test("a pax sparse file", () =>
    expectRefused(
      tar([pax({ "GNU.sparse.major": "1" }), file("x")]),
      /is stored as a sparse file; make the archive without --sparse$/,
    ));

  test.each<[string, number]>([
    ["a device", 0o020666],
    ["a fifo", 0o010666],
    ["a socket", 0o140666],
  ])("zip: %s", (what, mode) => expectRefused(zip([{ name: "x", mode }]), new RegExp(`entry "x" is ${what}; only files`)));

  test("a fifo in a folder is not opened", async () => {
    const one = caseOf(top, Buffer.from(""));
    execFileSync("/bin/sh", ["-c", "rm input; mkdir input; mkfifo input/x"], { cwd: one.folder });
    await expect(packedTo(one, "out")).rejects.toThrow(/entry "x" is a fifo/);
    expect(namesIn(one.folder)).toEqual(["input"]);
  });
});

describe("bombs", () => {
  const MIB = 2 ** 20;
  const zeros = tar([{ name: "zeros", data: Buffer.alloc(80 * MIB) }]);

  test("gzip: by ratio, unless that is raised", async () => {
    const bomb = gzipSync(zeros, { level: 9 });
    await expectRefused(bomb, /unpacks to more than 200 times its size, as a bomb does \(--max-ratio raises that\)$/);
    const { manifest } = await packedTo(caseOf(top, bomb), "out", { limits: { maxRatio: 2000 } });
    expect(manifest.files.find(({ path }) => path === "zeros")?.size).toBe(80 * MIB);
  });

  test("gzip, tar, zip: by size", async () => {
    const settings = { limits: { maxSize: 2 * MIB } };
    const sentence = /unpacks to more than 2097152 bytes \(--max-size raises that\)$/;
    const data = Buffer.alloc(3 * MIB);
    await expectRefused(gzipSync(tar([{ name: "x", data }])), sentence, settings);
    await expectRefused(tar([{ name: "x", data }]), sentence, settings);
    await expectRefused(zip([{ name: "x", data, packed: deflateRawSync(data), method: 8 }]), sentence, settings);
  });

  test("zip: members that all share the same packed bytes", async () => {
    const data = Buffer.alloc(20 * MIB);
    const packed = deflateRawSync(data);
    const members = Array.from({ length: 40 }, () => ({ name: "x", data, packed, method: 8 }));
    await expectRefused(zip(members, true), /unpacks to more than 200 times|is in it twice|is damaged/);
    const named = members.map((member, i) => ({ ...member, name: String.fromCharCode(0x61 + i) }));
    await expectRefused(zip(named, true), /unpacks to more than 200 times its size/);
  });

  test("a zip member that is larger than it says", () =>
    expectRefused(
      zip([{ name: "x", data: Buffer.alloc(MIB), packed: deflateRawSync(Buffer.alloc(MIB)), method: 8, size: 10 }]),
      /entry "x" is damaged: too many bytes/,
    ));

  test("many entries", async () => {
    const entries = Array.from({ length: 11 }, (_, i) => file(`f${i}`));
    const sentence = /holds more than 10 entries \(--max-entries raises that\)$/;
    await expectRefused(tar(entries), sentence, { limits: { maxEntries: 10 } });
    await expectRefused(zip(entries.map(({ name }) => ({ name }))), sentence, { limits: { maxEntries: 10 } });
  });

  test("a pax header that claims gigabytes", () =>
    expectRefused(
      tar([{ ...pax({ path: "x" }), size: 0o77777777777 }, file("x")]),
      /the tar archive is damaged: header exceeds max size$/,
    ));
});

describe("damage", () => {
  const program = sampleProgram("healthy").bytes;
  const entries = [folderEntry("bin"), { name: "bin/tool", mode: 0o755, data: program }];
  const whole = tar(entries);
  const packedWhole = gzipSync(whole);

  test.each<[string, Uint8Array, RegExp]>([
    ["a gzip stream that is cut off", packedWhole.subarray(0, packedWhole.length / 2), /the gzip stream is cut off$/],
    ["a gzip stream without its end", packedWhole.subarray(0, -4), /the gzip stream is cut off$/],
    [
      "a gzip stream with another sum",
      Buffer.concat([packedWhole.subarray(0, -8), Buffer.alloc(8)]),
      /the gzip stream is damaged: incorrect data check$/,
    ],
    ["a tar cut off in a file", whole.subarray(0, 2048), /the tar archive is cut off in the middle of an entry$/],
    ["a tar cut off between entries", tar(entries, false), /the tar archive is cut off: the blocks of zeros/],
    [
      "a tar with another header sum",
      Buffer.concat([whole.subarray(0, 512), Buffer.from("bin/x"), whole.subarray(517)]),
      /does not have its checksum$/,
    ],
    [
      "a zip cut off",
      zip([{ name: "a", data: program }]).subarray(0, -30),
      /the zip archive is damaged: end of central directory/,
    ],
    ["a zip with another sum", zip([{ name: "a", data: "abc", crc: 1 }]), /entry "a" is damaged: its checksum is another one$/],
    ["an encrypted zip", zip([{ name: "a", data: "abc", packed: Buffer.alloc(15), flags: 1 }]), /entry "a" is encrypted$/],
    [
      "a zip by another method",
      zip([{ name: "a", data: "abc", method: 93 }]),
      /is packed by method 93; only deflate is read here$/,
    ],
    ["nothing", Buffer.alloc(0), /is empty$/],
    ["only gzip", gzipSync(""), /the tar archive is empty$/],
    ["gzip of a text", gzipSync("no archive"), /the tar archive is cut off/],
    ["a text", Buffer.from("no archive\n"), /is no archive: pack reads tar, tar\.gz, zip and folders$/],
    ["a program", program, /is a program, not an archive of programs; `sandfit fix` is for that$/],
    ["an xz archive", Buffer.from("\xfd7zXZ\0more", "latin1"), /is an xz archive; unpack it first/],
  ])("%s", (_what, input, sentence) => expectRefused(input, sentence));
});

describe("tamed", () => {
  test("set-user-id, set-group-id and sticky bits are dropped, and said", async () => {
    const one = caseOf(top, tar([{ name: "bin/su", mode: 0o6755, data: sampleProgram("gs-call").bytes }]));
    const { manifest } = await packedTo(one, "out");
    expect(lstatSync(join(one.folder, "out/bin/su")).mode & 0o7777).toBe(0o755);
    expect(manifest.notes).toContain('"bin/su": its set-user-id, set-group-id or sticky bit was dropped');
  });

  test("owners and times are not taken over, folders stay accessible", async () => {
    const one = caseOf(
      top,
      tar([
        { name: "d/", type: "5", mode: 0 },
        { name: "d/x", mode: 0, data: "x" },
      ]),
    );
    await packedTo(one, "out");
    const stats = lstatSync(join(one.folder, "out/d/x"));
    expect([stats.uid, stats.mtime.toISOString()]).toEqual([process.getuid!(), "1980-01-01T00:00:00.000Z"]);
    expect([lstatSync(join(one.folder, "out/d")).mode & 0o777, stats.mode & 0o777]).toEqual([0o700, 0o400]);
  });

  test("a name that speaks to the terminal", async () => {
    const one = caseOf(top, tar([{ name: "bin/\u001b[31m", mode: 0o755, data: sampleProgram("gs-call").bytes }]));
    const { stdout, exitCode } = await sandfit(["pack", "input", "-o", "out"], { cwd: one.folder });
    expect(stdout).toContain("bin/\\x1b[31m");
    expect(stdout).not.toContain("\u001b");
    expect(exitCode).toBe(0);
  });
});

describe("outputs", () => {
  const good = tar([file("a")]);

  test.each(["out.tar.gz", "out"])("%s that exists is left alone without --force", async (out) => {
    const one = caseOf(top, good);
    await packedTo(one, out);
    await expect(packedTo(one, out)).rejects.toThrow(/exists already; name another output with -o, or say --force$/);
    await packedTo(one, out, { force: true });
    expect(namesIn(one.folder)).toEqual(["input", out]);
  });

  test("a folder that is no package is never replaced", async () => {
    const one = caseOf(top, good);
    execFileSync("/bin/sh", ["-c", "mkdir out; touch out/precious"], { cwd: one.folder });
    await expect(packedTo(one, "out", { force: true })).rejects.toThrow(/is no package that pack wrote/);
    expect(namesIn(join(one.folder, "out"))).toEqual(["precious"]);
  });

  test("a link as the output is not followed to a folder elsewhere", async () => {
    const one = caseOf(top, good);
    symlinkSync("/tmp", join(one.folder, "out"));
    await expect(packedTo(one, "out", { force: true })).rejects.toThrow(/exists already and is no folder$/);
  });

  test("an output inside the input, and an input inside the output", async () => {
    const one = caseOf(top, good);
    execFileSync("/bin/sh", ["-c", "rm input; mkdir -p input/deep; echo x >input/deep/x"], { cwd: one.folder });
    await expect(packedTo(one, "input/out")).rejects.toThrow(/lies in .*input, which is being packed$/);
    await expect(packedTo({ ...one, input: join(one.folder, "input/deep") }, "input")).rejects.toThrow(/lies in .*input$/);
  });

  test("the command says it in one sentence, with exit code 2", async () => {
    const one = caseOf(top, tar([file("/etc/x")]));
    expectSentence(
      await sandfit(["pack", "input"], { cwd: one.folder }),
      /^sandfit: input: entry "\/etc\/x" has an absolute name$/,
    );
    writeFileSync(join(one.folder, "input"), good);
    expectSentence(await sandfit(["pack", "input", "-o", "no/such/out"], { cwd: one.folder }), /there is no such folder$/);
    expectSentence(
      await sandfit(["pack", "input", "-o", "x.zip"], { cwd: one.folder }),
      /a package is a \.tar\.gz, a wheel or a folder$/,
    );
    expectSentence(await sandfit(["pack", "input", "--max-size", "0"], { cwd: one.folder }), /--max-size 0 is no whole number/);
    expectSentence(await sandfit(["pack", "missing"], { cwd: one.folder }), /missing cannot be opened: there is no such file$/);
    expect(namesIn(one.folder)).toEqual(["input"]);
    expect(existsSync("/etc/x")).toBe(false);
  });
});
