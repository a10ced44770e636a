/** Files and links that others put in the way, several Sandfits at once, and limits: the input is never harmed, nobody else's file either. */

import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/errors.js";
import { openFile } from "../../../src/files/file-source.js";
import { alone } from "../../../src/files/lock.js";
import { writePatched } from "../../../src/write/replace.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { command, expectSentence, sandfit, shell, temporaryFolder, writeSample } from "../../support/cli.js";
import { endsOf, writeLargeApe } from "../../support/large.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
const original = Buffer.from(sampleProgram("ape-gs").bytes);
const RECORD = ".sandfit-undo.json";
const nothing = async () => {};

function fresh(): { cwd: string; file: string } {
  const cwd = mkdtempSync(join(top, "case-"));
  return { cwd, file: writeSample(cwd, "ape-gs", "file") };
}

describe("what others put in the way", () => {
  test("a link in the place of the record is replaced, and what it leads to stays as it was", async () => {
    const { cwd, file } = fresh();
    writeFileSync(join(cwd, "precious"), "precious");
    for (const args of [
      ["fix", "file"],
      ["fix", "--in-place", "file"],
    ]) {
      const record = join(cwd, args.includes("--in-place") ? `file${RECORD}` : `file.gvisor${RECORD}`);
      symlinkSync("precious", record);
      expect((await sandfit(args, { cwd })).exitCode).toBe(0);
      expect(readFileSync(join(cwd, "precious"), "utf8")).toBe("precious");
      expect(lstatSync(record).isFile()).toBe(true);
    }
    expect((await sandfit(["undo", "file"], { cwd })).exitCode).toBe(0);
    expect(readFileSync(file)).toEqual(original);
  });

  testNeeding(hasProgram("mkfifo"), "mkfifo")("a fifo in the place of the record is not waited for", async () => {
    const { cwd } = fresh();
    execFileSync("mkfifo", [join(cwd, `file${RECORD}`)]);
    expect((await sandfit(["check", "file"], { cwd })).exitCode).toBe(1);
    expectSentence(await sandfit(["undo", "file"], { cwd }), /cannot be read: it is a fifo$/);
  });

  test("a record that is not about the file says nothing about it", async () => {
    const { cwd, file } = fresh();
    await sandfit(["fix", "file", "-o", "other"], { cwd });
    for (const text of [
      "{}",
      "no JSON",
      readFileSync(join(cwd, `other${RECORD}`), "utf8").replaceAll('"after":"6', '"after":"7'),
    ]) {
      writeFileSync(`${file}${RECORD}`, text);
      expect((await sandfit(["check", "file"], { cwd })).exitCode).toBe(1);
    }
  });

  test("a link as the output is followed only with --force, and never to a folder or to nothing", async () => {
    const { cwd } = fresh();
    writeFileSync(join(cwd, "precious"), "precious");
    symlinkSync("precious", join(cwd, "link"));
    symlinkSync("missing", join(cwd, "dangling"));
    symlinkSync(".", join(cwd, "folder"));
    expectSentence(await sandfit(["fix", "file", "-o", "link"], { cwd }), /link exists already/);
    expectSentence(await sandfit(["fix", "file", "-o", "dangling", "--force"], { cwd }), /dangling is a link to nothing/);
    expectSentence(await sandfit(["fix", "file", "-o", "folder", "--force"], { cwd }), /folder is a folder, not a file/);
    expect(readFileSync(join(cwd, "precious"), "utf8")).toBe("precious");
    expect(existsSync(join(cwd, "missing"))).toBe(false);
  });

  test("an output that leads into a process, such as the node that runs Sandfit, is refused", () => {
    const { cwd } = fresh();
    const node = join(cwd, "node");
    copyFileSync(process.execPath, node);
    const before = lstatSync(node);
    for (const args of [
      ["fix", "file", "--force", "-o", "/proc/self/exe"],
      ["report", "file", "-o", "/proc/self/../self/exe"],
    ]) {
      const { stdout, stderr, status } = spawnSync(node, [command, ...args], { cwd, encoding: "utf8" });
      expectSentence(
        { stdout, stderr, exitCode: status ?? undefined },
        /is no place for an output: \/proc leads into processes$/,
      );
    }
    expect(lstatSync(node)).toMatchObject({ ino: before.ino, size: before.size, mtimeMs: before.mtimeMs });
    expect(readdirSync(cwd).sort()).toEqual(["file", "node"]);
  });

  test("the copy is made in a folder of mode 0700, never set-user-id, and goes when the proof fails", async () => {
    const { cwd, file } = fresh();
    chmodSync(file, 0o6755);
    const source = openFile(file);
    const prove = async (_: unknown, path: string | undefined) => {
      expect(statSync(dirname(path!)).mode & 0o7777).toBe(0o700);
      expect(statSync(path!).mode & 0o7000).toBe(0);
      throw new InputError("not proved");
    };
    await expect(writePatched(source, join(cwd, "out"), [], { overwrite: false, provesFile: true, prove })).rejects.toThrow(
      "not proved",
    );
    source.close();
    expect(readdirSync(cwd)).toEqual(["file"]);
  });

  test("a file that is replaced or grows meanwhile is left alone", async () => {
    const { cwd, file } = fresh();
    const replaced = openFile(file);
    const prove = async () => {
      writeFileSync(join(cwd, "new"), "another file");
      renameSync(join(cwd, "new"), file);
    };
    const other = join(cwd, "out");
    await writePatched(replaced, other, [], { overwrite: false, prove });
    expect(readFileSync(other)).toEqual(original);
    await expect(writePatched(replaced, file, [], { overwrite: false, prove: nothing })).rejects.toThrow(/exists already/);
    replaced.close();

    const { file: growing } = fresh();
    const source = openFile(growing);
    appendFileSync(growing, "more");
    await expect(writePatched(source, join(cwd, "out2"), [], { overwrite: false, prove: nothing })).rejects.toThrow(
      /changed while it was being read/,
    );
    source.close();
    expect(existsSync(join(cwd, "out2"))).toBe(false);
  });

  test("an output that appears meanwhile survives", async () => {
    const { cwd, file } = fresh();
    const source = openFile(file);
    const out = join(cwd, "out");
    const prove = async () => writeFileSync(out, "precious");
    await expect(writePatched(source, out, [], { overwrite: false, record: "{}", prove })).rejects.toThrow(
      /appeared while it was being written/,
    );
    source.close();
    expect(readFileSync(out, "utf8")).toBe("precious");
    expect(readdirSync(cwd).sort()).toEqual(["file", "out"]);
  });

  test("a large file with a second name is copied, so that the other name stays as it was", async () => {
    const cwd = mkdtempSync(join(top, "case-"));
    const size = 70 * 1024 * 1024;
    writeLargeApe(join(cwd, "large"), size);
    linkSync(join(cwd, "large"), join(cwd, "second"));
    expect((await sandfit(["fix", "--in-place", "large"], { cwd })).exitCode).toBe(0);
    expect(endsOf(join(cwd, "second"), size).start).toEqual(original);
    expect(endsOf(join(cwd, "large"), size).start).not.toEqual(original);
  });
});

describe("several at once", () => {
  test("one waits for none: the second is told", async () => {
    const { file } = fresh();
    await alone(file, async () => {
      await expect(alone(file, nothing)).rejects.toThrow(`${file} is being written by another sandfit`);
      await expect(alone(`${file}2`, nothing)).resolves.toBeUndefined();
    });
    await expect(alone(file, nothing)).resolves.toBeUndefined();
  });

  test.each([0, 70 * 1024 * 1024])(
    "fix and undo of one file, whose archive is at %i: the original or the result, and the way back",
    async (size) => {
      const cwd = mkdtempSync(join(top, "case-"));
      const file = join(cwd, "file");
      if (size === 0) writeSample(cwd, "ape-gs", "file");
      else writeLargeApe(file, size);
      const fix = ["fix", "--in-place", "file"];
      for (let round = 0; round < 3; round++) {
        const all = await Promise.all([fix, ["undo", "file"], fix, ["undo", "file"]].map((args) => sandfit(args, { cwd })));
        for (const { exitCode, stderr } of all) {
          expect([0, 1, 2]).toContain(exitCode);
          expect(stderr).not.toContain("this is a bug");
        }
        const { exitCode } = await sandfit(["check", "file"], { cwd });
        expect([0, 1]).toContain(exitCode);
        if (exitCode === 0) expect((await sandfit(["undo", "file"], { cwd })).exitCode).toBe(0);
        expect(endsOf(file, size).start).toEqual(original);
        expect(readdirSync(cwd).filter((name) => name.startsWith("."))).toEqual([]);
      }
    },
  );
});

describe("limits", () => {
  test("on the size of a file: a sentence, and nothing is left", async () => {
    const { cwd } = fresh();
    const outcome = await shell('ulimit -f 8; "$@" fix file', cwd);
    expectSentence(outcome, /^sandfit: file\.gvisor cannot be written: the file would be too large$/);
    expect(readdirSync(cwd)).toEqual(["file"]);
  });

  test("on the address space: a sentence with a way out, which is one; and what needs no walk is checked", async () => {
    const { cwd } = fresh();
    expectSentence(await shell('ulimit -v 6000000; "$@" fix file', cwd), /NODE_OPTIONS=--disable-wasm-trap-handler needs less/);
    const { exitCode } = await shell('ulimit -v 6000000; NODE_OPTIONS=--disable-wasm-trap-handler "$@" fix file', cwd);
    expect(exitCode).toBe(0);
    writeSample(cwd, "healthy");
    expect((await shell('ulimit -v 6000000; "$@" check healthy', cwd)).exitCode).toBe(0);
  });

  test("on open files, for workers: this process does what they cannot", async () => {
    const { cwd } = fresh();
    for (let i = 0; i < 70; i++) writeSample(cwd, "ape-gs", `file-${i}`);
    const { stdout, stderr } = await shell('ulimit -n 28; "$@" check .', cwd);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^71 programs,/m);
  });

  test("a standard output that is full: no success is told, and the output is whole", async () => {
    const { cwd } = fresh();
    const { exitCode } = await shell('"$@" fix file > /dev/full', cwd);
    expect(exitCode).not.toBe(0);
    expect((await sandfit(["check", "file.gvisor"], { cwd })).exitCode).toBe(0);
    expect((await shell('"$@" check file > /dev/full', cwd)).exitCode).not.toBe(0);
  });
});
