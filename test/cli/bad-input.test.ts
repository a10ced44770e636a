/** What is no program for Linux, or cannot be read: one clear sentence each, exit code 2, nothing written, no waiting. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import type { FileError } from "../../src/check/model.js";
import { readImage } from "../../src/image/detect.js";
import { headerFields, put, segmentFields, withField } from "../fixtures/images/elf-fields.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { expectSentence, sandfit, shell, temporaryFolder } from "../support/cli.js";
import { hasProgram, isRoot, testNeeding } from "../support/requirements.js";

const cwd = temporaryFolder();
const good = sampleProgram("gs-call").bytes;
const header = headerFields(64);
const text = (words: string) => new TextEncoder().encode(words);

/** Both commands say the same of it, `check` with the file's name, and neither writes. */
async function expectBoth(name: string, sentence: RegExp): Promise<void> {
  const before = readdirSync(cwd).sort();
  const checked = await sandfit(["check", name], { cwd });
  expectSentence(checked, sentence);
  expect(checked.stdout.startsWith(`error ${name}`), checked.stdout).toBe(true);
  expectSentence(await sandfit(["fix", name], { cwd }), sentence);
  expect(readdirSync(cwd).sort()).toEqual(before);
}

describe("files that are something else", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(0), /empty file/],
    ["text", text("hello, world\n"), /is no Linux program: text/i],
    ["gzip", gzipSync("hello"), /is no Linux program: gzip/],
    [
      "macho",
      Uint8Array.of(0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, ...new Array(64).fill(0)),
      /is no Linux program: .*(Mach-O|macOS)/,
    ],
    ["random", Uint8Array.from({ length: 64 }, (_, i) => (i * 151 + 200) & 255), /is no Linux program/],
    ["one-byte", Uint8Array.of(0x7f), /is no Linux program/],
  ])("%s", async (name, bytes, sentence) => {
    writeFileSync(join(cwd, name), bytes);
    await expectBoth(name, sentence);
  });
});

describe("what is no file", () => {
  test.each([
    ["missing", /missing cannot be opened: there is no such file$/],
    ["/dev/null", /\/dev\/null is a device, not a file$/],
    ["/dev/zero", /\/dev\/zero is a device, not a file$/],
  ])("%s", expectBoth);

  test("an empty name, as of an unset variable", async () => {
    expectSentence(await sandfit(["check", ""], { cwd }), /the name of a file is empty$/);
    expectSentence(await sandfit(["fix", ""], { cwd }), /the name of a file is empty$/);
  });

  test("a folder that is gone", async () => {
    expectSentence(
      await shell('mkdir gone && cd gone && rmdir ../gone && "$@" fix /bin/true -o out', cwd),
      /^sandfit: the folder that it was started in is gone$/,
    );
  });

  test("a report over its own program", async () => {
    writeFileSync(join(cwd, "subject"), good);
    expectSentence(await sandfit(["report", "subject", "-o", "./subject"], { cwd }), /is what the report is about/);
    expect(readFileSync(join(cwd, "subject")).equals(good)).toBe(true);
  });

  test("a skill where no folder can be made", async () => {
    expectSentence(await sandfit(["skill", "--install", "/proc/none"], { cwd }), /^sandfit: \/proc\/none\S* cannot be written/);
  });

  test("a fifo in the place of what it would replace, which is not waited for", async () => {
    const place = join(cwd, "skills", "sandfit");
    mkdirSync(place, { recursive: true });
    execFileSync("mkfifo", [join(place, "SKILL.md"), join(cwd, "env.sh")]);
    expectSentence(await sandfit(["skill", "--install", "skills"], { cwd }), /SKILL\.md cannot be read: it is a fifo$/);
    expectSentence(await sandfit(["tools", "no-such-tool", "--env", "env.sh"], { cwd }), /env\.sh is a fifo, not a file$/);
  });

  test("an output, a plan or an archive without a name", async () => {
    writeFileSync(join(cwd, "subject"), good, { mode: 0o755 });
    const before = readdirSync(cwd);
    const sentence = /^sandfit: the name of an output is empty$/;
    expectSentence(await sandfit(["fix", "subject", "-o", ""], { cwd }), sentence);
    expectSentence(await sandfit(["fix", "subject", "--dry-run", "--plan", ""], { cwd }), sentence);
    expectSentence(
      await sandfit(["pack", "", "-o", "x.tar.gz"], { cwd }),
      /^sandfit: the name of an archive or folder is empty$/,
    );
    expect(readdirSync(cwd)).toEqual(before);
  });

  test("- as an output", async () => {
    writeFileSync(join(cwd, "subject"), good, { mode: 0o755 });
    const before = readdirSync(cwd);
    const sentence = /cannot write the result to standard output/;
    expectSentence(await sandfit(["fix", "subject", "-o", "-"], { cwd }), sentence);
    expectSentence(await sandfit(["fix", "subject", "--dry-run", "--plan", "-"], { cwd }), sentence);
    expectSentence(
      await sandfit(["pack", ".", "-o", "-"], { cwd }),
      /- cannot be written: a package is a \.tar\.gz, a wheel or a folder$/,
    );
    expect((await sandfit(["report", "subject", "-o", "-"], { cwd })).stdout).toContain("subject");
    expect(readdirSync(cwd)).toEqual(before);
  });

  test("a folder as standard input", async () => {
    expectSentence(await shell('"$@" check - < .', cwd), /standard input is a folder, not a file$/);
  });

  test("a name that is not UTF-8, by itself and in a folder", async () => {
    await shell("mkdir names; printf '\\177ELF' > names/$'no\\xff'", cwd);
    expectSentence(await shell('"$@" check names/*', cwd), /its name is not UTF-8/);
    expectSentence(await sandfit(["check", "names"], { cwd }), /its name is not UTF-8/);
    await shell("rm -r names", cwd);
  });

  test("a folder, for fix", async () => {
    mkdirSync(join(cwd, "folder"), { recursive: true });
    expectSentence(await sandfit(["fix", "folder"], { cwd }), /folder is a folder, not a file$/);
  });

  test("a part of a path that is a file", async () => {
    writeFileSync(join(cwd, "file"), "");
    symlinkSync("ring.zip", join(cwd, "ring.zip"));
    mkdirSync(join(cwd, "folder"), { recursive: true });
    for (const [name, reason] of [
      ["file/deeper", /a part of its path is no folder$/],
      ["ring.zip", /too many symbolic links$/],
    ] as const) {
      await expectBoth(name, reason);
      for (const args of [
        ["undo", name],
        ["pack", name],
        ["report", name],
        ["pack", "folder", "-o", `${name}/deeper`],
      ])
        expectSentence(await sandfit(args, { cwd }), reason);
      for (const args of [
        ["verify", "--folder", name, "file"],
        ["tools", "--from", name],
      ])
        expectSentence(await sandfit(args, { cwd }), / is no folder$/);
    }
  });

  test("a fifo, without waiting for a writer", async () => {
    execFileSync("mkfifo", [join(cwd, "fifo")]);
    await expectBoth("fifo", /fifo is a fifo, not a file$/);
  });

  test("a socket", async () => {
    const server = createServer().listen(join(cwd, "socket"));
    await expectBoth("socket", /socket is a socket, not a file$/);
    server.close();
  });

  const through = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  testNeeding(!isRoot || hasProgram("setpriv"), "setpriv")(
    "a file without permission, also behind a folder without it",
    async () => {
      mkdirSync(join(cwd, "closed"), { recursive: true });
      writeFileSync(join(cwd, "closed/program"), good);
      writeFileSync(join(cwd, "secret"), good);
      chmodSync(join(cwd, "secret"), 0);
      chmodSync(join(cwd, "closed"), 0);
      for (const name of ["secret", "closed/program"]) {
        expectSentence(await sandfit(["check", name], { cwd, through }), /cannot be opened: permission denied$/);
      }
      expectSentence(await sandfit(["check", "closed"], { cwd, through }), /cannot be read: permission denied$/);
      const { stdout } = await sandfit(["check", "closed", "subject"], { cwd, through });
      expect(stdout).toMatch(/^error closed cannot be read: permission denied$/m);
      expect(stdout).toMatch(/^subject: /m);
      expect(stdout).toMatch(/^1 program,.* 1 could not be read$/m);
      chmodSync(join(cwd, "closed"), 0o755);
    },
  );

  testNeeding(!isRoot || hasProgram("setpriv"), "setpriv")(
    "what cannot be looked at in a folder is said, not passed over",
    async () => {
      const folder = join(cwd, "partly");
      mkdirSync(join(folder, "closed"), { recursive: true });
      for (const [name, mode] of [
        ["program", 0o755],
        ["secret", 0o111],
        ["data", 0o000],
      ] as const) {
        writeFileSync(join(folder, name), good);
        chmodSync(join(folder, name), mode);
      }
      chmodSync(join(folder, "closed"), 0);
      const { stdout, exitCode } = await sandfit(["check", "partly", "--json"], { cwd, through });
      chmodSync(join(folder, "closed"), 0o755);
      const answers = JSON.parse(stdout).files.map(({ name, error }: FileError) => [
        name,
        error?.replace(/^.* cannot/, "cannot"),
      ]);
      expect(answers).toEqual([
        ["partly/program", undefined],
        ["partly/secret", "cannot be opened: permission denied"],
        ["partly/closed", "cannot be read: permission denied"],
      ]);
      expect(exitCode).toBe(2);
    },
  );
});

describe("damaged programs", () => {
  test.each([4, 16, 20, 52, 63, 64, 100, 119])("cut to %i bytes", async (length) => {
    writeFileSync(join(cwd, "cut"), good.subarray(0, length));
    await expectBoth("cut", /text|no Linux program|ELF|e_type|program headers|past the end/);
  });

  test.each(["ape-gs", "ape-gs-fat", "gs-call"])("a download of %s that broke off", async (name) => {
    const { bytes } = sampleProgram(name);
    const { elf } = await readImage(memorySource(bytes, name));
    const end = Math.max(...elf.flatMap((view) => view.ranges).map((range) => range.fileOffset + range.fileSize));
    writeFileSync(join(cwd, "cut"), bytes.subarray(0, end - 0x1001));
    await expectBoth("cut", /cut is cut off: program header \d loads 0x\w+ bytes from 0x\w+, but the file ends at 0x\w+$/);
  });

  test("an APE that broke off before its program headers", async () => {
    writeFileSync(join(cwd, "cut"), sampleProgram("ape-gs").bytes.subarray(0, 0x1800));
    await expectBoth("cut", /without a Linux part; the ELF header printed at offset .* past the end/);
  });

  const segment = segmentFields(64, 64);
  test.each<[string, Uint8Array, RegExp]>([
    ["program headers past the end", withField(good, header["e_phoff"]!, 0x10000000), /at 0x10000000\) lie past the end/],
    ["program headers at the end of 64 bits", withField(good, header["e_phoff"]!, 0xfffffffffffffff0n), /above 2\^53\) lie past/],
    ["program headers of size 1", withField(good, header["e_phentsize"]!, 1), /e_phentsize is 1/],
    ["65,534 program headers", withField(good, header["e_phnum"]!, 0xfffe), /65534 program headers/],
    ["a segment at the end of 64 bits", withField(good, segment["p_vaddr"]!, 0xfffffffffffff000n), /program header 0 reaches/],
    ["a segment whose offset overflows", withField(good, segment["p_offset"]!, 0xfffffffffffff000n), /segment|offset/],
    // Found by fuzzing: the rule about zeros behind the end of the file took it.
    [
      "a read-only segment of which nothing is there, with zeros behind",
      withField(withField(good, segment["p_offset"]!, 1n << 36n), segment["p_memsz"]!, 1n << 16n),
      /is cut off: program header 0 loads 0x\w+ bytes from 0x1000000000, but the file ends/,
    ],
  ])("%s", async (_name, bytes, sentence) => {
    writeFileSync(join(cwd, "damaged"), bytes);
    await expectBoth("damaged", sentence);
  });

  test("a zip directory that claims 2^32 entries and bytes costs nothing", async () => {
    const bytes = sampleProgram("ape-gs-fat").bytes.slice();
    put(bytes, { offset: bytes.length - 14, size: 2 }, 0xffff);
    put(bytes, { offset: bytes.length - 12, size: 2 }, 0xffff);
    put(bytes, { offset: bytes.length - 10, size: 4 }, 0xfffffff0);
    writeFileSync(join(cwd, "bomb"), bytes);
    const { stderr, exitCode } = await sandfit(["check", "bomb"], { cwd });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 1 });
  });
});
