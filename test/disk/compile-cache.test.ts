/** The compiled form of the command counts only where nobody but the user can have written it. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder, openCache } from "../../src/disk/compile-cache.js";
import { writeCache } from "../../src/disk/keep-compiled.js";
import { sampleProgram } from "../fixtures/programs/index.js";

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sandfit-home-"));
  folder = join(home, ".cache", "sandfit");
});
afterEach(() => {
  if (home !== "/proc") rmSync(home, { recursive: true, force: true });
});

const bytes = Buffer.from("compiled");
const all = () => true;

/** Runs the built command with this home; gives its output, status and what is in the cache then. */
function run(...args: string[]): { status: number | null; stdout: string; stderr: string; kept: string[] } {
  const { XDG_CACHE_HOME: _, ...environment } = process.env;
  const command = process.env["SANDFIT_TEST_COMMAND"] as string;
  const result = spawnSync(process.execPath, [command, ...args], {
    env: { ...environment, HOME: home },
    encoding: "utf8",
    timeout: 20_000,
  });
  const kept = existsSync(folder) ? readdirSync(folder).sort() : [];
  return { status: result.status, stdout: result.stdout, stderr: result.stderr, kept };
}

describe("the folder", () => {
  it("is below XDG_CACHE_HOME, else below HOME, else nowhere", () => {
    expect(cacheFolder({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/x/sandfit");
    expect(cacheFolder({ HOME: "/h" })).toBe("/h/.cache/sandfit");
    expect(cacheFolder({ HOME: "relative" })).toBeUndefined();
    expect(cacheFolder({})).toBeUndefined();
  });

  it("is none where caching is switched off", () => {
    expect(cacheFolder({ HOME: "/h", SANDFIT_NO_CACHE: "1" })).toBeUndefined();
    expect(cacheFolder({ HOME: "/h", NODE_DISABLE_COMPILE_CACHE: "1" })).toBeUndefined();
  });

  it("is made private, and so is what is in it", () => {
    writeCache(folder, "a", bytes, all);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o600);
    expect(openCache(folder, "a")?.read(0, bytes.length)).toEqual(new Uint8Array(bytes));
  });
});

it("what a process that was killed has left of a file goes with the next that is written", () => {
  writeCache(folder, "a", bytes, all);
  writeFileSync(join(folder, "a.4711"), "comp");
  writeCache(folder, "b", bytes, all);
  expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
});

describe("what others could have written is not taken", () => {
  beforeEach(() => writeCache(folder, "a", bytes, all));

  it("a folder that others may write to", () => {
    chmodSync(folder, 0o770);
    expect(openCache(folder, "a")).toBeUndefined();
    writeCache(folder, "b", bytes, all);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("a file that others may write to", () => {
    chmodSync(join(folder, "a"), 0o620);
    expect(openCache(folder, "a")).toBeUndefined();
  });

  it("a link to a file, and a link to a folder", () => {
    symlinkSync(join(folder, "a"), join(folder, "b"));
    expect(openCache(folder, "b")).toBeUndefined();
    symlinkSync(folder, join(home, "link"));
    expect(openCache(join(home, "link"), "a")).toBeUndefined();
  });

  it("a folder where the file should be, and nothing at all", () => {
    mkdirSync(join(folder, "c"));
    expect(openCache(folder, "c")).toBeUndefined();
    expect(openCache(folder, "d")).toBeUndefined();
  });
});

describe("the command", () => {
  it("keeps its compiled form and says the same with it", () => {
    const first = run("check", process.execPath);
    expect(first.kept).toHaveLength(1);
    const second = run("check", process.execPath);
    expect(second).toEqual(first);
  });

  it("keeps what a healthy and a faulty program need, in whatever order they come", () => {
    const faulty = join(home, "faulty");
    writeFileSync(faulty, sampleProgram("gs-call").bytes);
    const kept = (program: string) => {
      const [name = "none"] = run("check", program).kept;
      return readFileSync(join(folder, name));
    };
    const first = kept(faulty);
    const both = kept(process.execPath);
    expect(both.equals(first)).toBe(false);
    for (const program of [faulty, process.execPath, faulty]) expect(kept(program).equals(both)).toBe(true);
  });

  it("compiles again where the kept form is damaged, and replaces it", () => {
    const first = run("check", process.execPath);
    const path = join(folder, first.kept[0] as string);
    writeFileSync(path, Buffer.alloc(4096, 0x41));
    expect(run("check", process.execPath)).toEqual(first);
    expect(readFileSync(path).subarray(0, 4).toString()).not.toBe("AAAA");
  });

  // V8 itself looks at the header alone, and crashes of what is wrong behind it.
  it.each<[string, (kept: Buffer) => Buffer]>([
    [
      "a bit in the middle is another",
      (kept) => kept.fill(kept[kept.length >> 2]! ^ 4, kept.length >> 2, (kept.length >> 2) + 1),
    ],
    ["the second half is zeros", (kept) => kept.fill(0, kept.length >> 1)],
    ["the end of what V8 reads is zeros", (kept) => kept.fill(0, kept.length >> 2, kept.length >> 1)],
    ["one block is zeros", (kept) => kept.fill(0, 200 * 512, 201 * 512)],
    ["it ends in the middle", (kept) => kept.subarray(0, kept.length >> 1)],
    ["it names parts past its end", () => Buffer.from('{"kinds":[0],"parts":{"main.js":[1e18,9e18]}}\n'.repeat(2))],
    ["its names are no names", () => Buffer.from('{"kinds":[0],"parts":{"main.js":["a",null],"__proto__":[5,5]}}\n'.repeat(2))],
  ])("compiles again where %s", (_what, damage) => {
    const first = run("check", process.execPath);
    const path = join(folder, first.kept[0] as string);
    const damaged = damage(readFileSync(path));
    writeFileSync(path, damaged);
    expect(run("check", process.execPath)).toEqual(first);
    expect(readFileSync(path).equals(damaged)).toBe(false);
  });

  it("leaves nothing of what a full disk has cut off", () => {
    const limited = `ulimit -f 64; exec "${process.execPath}" "$0" check "${process.execPath}"`;
    const command = process.env["SANDFIT_TEST_COMMAND"] as string;
    const { XDG_CACHE_HOME: _, ...environment } = process.env;
    const { status } = spawnSync("sh", ["-c", limited, command], { env: { ...environment, HOME: home } });
    expect(status).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("runs without a home and writes nothing for --version", () => {
    expect(run("--version").kept).toEqual([]);
    home = join(home, "missing");
    folder = join(home, ".cache", "sandfit");
    expect(run("check", process.execPath)).toMatchObject({ status: 0, stderr: "", kept: [] });
  });

  it("ends where a folder can never be made", () => {
    home = "/proc";
    folder = join(home, ".cache", "sandfit");
    expect(run("check", process.execPath)).toMatchObject({ status: 0, stderr: "", kept: [] });
  });

  it("removes what another build has left", () => {
    writeCache(folder, "0000-other", bytes, all);
    expect(run("check", process.execPath).kept).not.toContain("0000-other");
  });
});
