/** Wheels: written with RECORD as PEP 376 and PEP 427 have it, everything else byte for byte, and pip takes the result. */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RefusedError } from "../../../src/errors.js";
import { defaultLimits } from "../../../src/input/archive/limits.js";
import { openArchive } from "../../../src/input/archive/open.js";
import { tarGz, type ZipMember, zip } from "../../fixtures/archives.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { expectSentence, sandfit, temporaryFolder } from "../../support/cli.js";
import { packed } from "../../support/packing.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
const NAME = "tool-1.0-py3-none-any.whl";
const program = Buffer.from(sampleProgram("gs-call").bytes);
const healthy = Buffer.from(sampleProgram("healthy").bytes);
const INFO = "tool-1.0.dist-info";
const METADATA = "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n";
const WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
const sum = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("base64url");
const line = (path: string, bytes: Uint8Array | string) => `${path},sha256=${sum(bytes)},${Buffer.byteLength(bytes as string)}\n`;

const contents: readonly (readonly [string, Uint8Array | string, number])[] = [
  ["tool/__init__.py", "import os\n", 0o644],
  ["tool/empty.py", "", 0o644],
  ['tool/bin/odd, "name"', program, 0o755],
  ["tool/bin/gs-call", program, 0o755],
  ["tool/bin/healthy", healthy, 0o755],
  [`${INFO}/METADATA`, METADATA, 0o644],
  [`${INFO}/WHEEL`, WHEEL, 0o644],
];
const record = `${contents.map(([path, bytes]) => line(path.includes('"') ? '"tool/bin/odd, ""name"""' : path, bytes)).join("")}${INFO}/RECORD,,\n`;

function wheel(more: readonly ZipMember[] = [], text = record): Buffer {
  const members = contents.map(([name, data, mode]) => ({ name, data, mode: 0o100000 | mode }));
  return zip([...members, { name: `${INFO}/RECORD`, data: text }, ...more]);
}

function put(folder: string, bytes: Uint8Array): string {
  mkdirSync(join(top, folder));
  const input = join(top, folder, NAME);
  writeFileSync(input, bytes);
  return input;
}

const out = (folder: string) => join(top, folder, `out-${NAME}`);
const packTo = (input: string, output: string, settings = {}) => packed(input, [{ output, machine: undefined }], settings);

const LIST = `
import sys, zipfile, json, hashlib, base64, csv, io
z = zipfile.ZipFile(sys.argv[1]); bad = z.testzip(); names = z.namelist()
sums = {n: 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256(z.read(n)).digest()).rstrip(b'=').decode() for n in names}
info = [n for n in names if n.endswith('.dist-info/RECORD')][0]
rows = list(csv.reader(io.StringIO(z.read(info).decode())))
print(json.dumps({'bad': bad, 'names': names, 'sums': sums, 'record': rows, 'sizes': {n: z.getinfo(n).file_size for n in names},
  'modes': {n: oct(z.getinfo(n).external_attr >> 16) for n in names}}))
`;

const withPython = testNeeding(hasProgram("python3"), "python3");

withPython("RECORD names what was fixed by its new sum, and Python's zipfile reads the rest byte for byte", async () => {
  const input = put("a", wheel());
  const [one] = await packTo(input, out("a"));
  expect(one!.manifest.files.filter(({ program: found }) => found !== null).map(({ path }) => path)).toHaveLength(3);
  const look = (path: string) => JSON.parse(execFileSync("python3", ["-c", LIST, path], { encoding: "utf8" }));
  const [before, after] = [look(input), look(out("a"))];
  expect(after.bad).toBeNull();
  expect([...after.names].sort()).toEqual([...before.names].sort());
  expect(after.names.slice(-3)).toEqual([`${INFO}/METADATA`, `${INFO}/WHEEL`, `${INFO}/RECORD`]);
  expect(after.modes).toEqual(before.modes);
  const changed = after.names.filter((name: string) => after.sums[name] !== before.sums[name]).sort();
  expect(changed).toEqual([`${INFO}/RECORD`, "tool/bin/gs-call", 'tool/bin/odd, "name"'].sort());
  const rows = after.record.map(([path, hash, size]: string[]) => [path, hash, size]);
  expect(rows).toEqual(
    before.record.map(([path]: string[]) =>
      path === `${INFO}/RECORD` ? [path, "", ""] : [path, after.sums[path!], String(after.sizes[path!])],
    ),
  );
  // It is what check takes, and there is nothing left to do.
  expect(await sandfit(["check", out("a")])).toMatchObject({ exitCode: 0 });
});

const hasPip = spawnSync("python3", ["-m", "pip", "--version"]).status === 0;
testNeeding(hasPip, "pip")("pip installs it, and checks its sums by RECORD", async () => {
  const input = put("pip", wheel());
  mkdirSync(join(top, "pip/new"));
  const output = join(top, "pip/new", NAME);
  expect(await sandfit(["pack", input, "-o", output])).toMatchObject({ exitCode: 0, stderr: "" });
  const target = join(top, "pip/target");
  const args = ["-m", "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", target, output];
  execFileSync("python3", args, { encoding: "utf8", stdio: "pipe" });
  const installed = readFileSync(join(target, "tool/bin/gs-call"));
  expect(installed.equals(program)).toBe(false);
  expect(readFileSync(join(target, INFO, "RECORD"), "utf8")).toContain(line("tool/bin/gs-call", installed).trim());
  expect(readFileSync(join(target, "tool/bin/healthy")).equals(healthy)).toBe(true);
});

test("the same bytes from the same wheel, whatever the order of its entries", async () => {
  await packTo(put("b", wheel()), out("b"));
  const reversed = zip([
    { name: `${INFO}/RECORD`, data: record },
    ...[...contents].reverse().map(([name, data, mode]) => ({ name, data, mode: 0o100000 | mode })),
  ]);
  await packTo(put("c", reversed), out("c"));
  expect(readFileSync(out("c")).equals(readFileSync(out("b")))).toBe(true);
});

test("a wheel with nothing to fix keeps its RECORD", async () => {
  const files = [
    { name: "tool/x", data: healthy, mode: 0o100755 },
    { name: `${INFO}/RECORD`, data: "odd\r\ntext" },
  ];
  const [one] = await packTo(put("d", zip(files)), out("d"));
  expect(one!.manifest.files.every(({ sha256: { before, after } }) => before === after)).toBe(true);
});

test.each([
  ["no-record", tarGz([{ name: "a", data: "a" }]), /is no wheel: it has 0 files \*\.dist-info\/RECORD and not one$/],
  ["unnamed", wheel([], record.replace(/^tool\/bin\/gs-call.*\n/m, "")), /its RECORD does not name "tool\/bin\/gs-call"$/],
  ["symlink", wheel([{ name: "link", data: "tool", mode: 0o120777 }]), /is no wheel: "link" is a symlink$/],
])("%s: one sentence, and nothing is written", async (folder, bytes, sentence) => {
  const input = put(folder, bytes);
  await expect(packTo(input, out(folder))).rejects.toThrow(sentence);
  expect(() => readFileSync(out(folder))).toThrow(/ENOENT/);
});

test("a signed wheel is refused", async () => {
  const input = put("signed", wheel([{ name: `${INFO}/RECORD.jws`, data: "{}" }]));
  const error = await packTo(input, out("signed")).catch((reason: unknown) => reason);
  expect((error as RefusedError).reasons).toEqual([
    `${input} is signed (${INFO}/RECORD.jws), and a changed one would not be what was signed`,
  ]);
});

test("programs that are left out go from RECORD too", async () => {
  const beyond = Buffer.from(sampleProgram("dual-register").bytes);
  const input = put(
    "left",
    wheel([{ name: "tool/beyond", data: beyond, mode: 0o100755 }], `${record}${line("tool/beyond", beyond)}`),
  );
  const [one] = await packTo(input, out("left"), { keepGoing: true });
  expect(one!.manifest.leftOut.map(({ path }) => path)).toEqual(["tool/beyond"]);
  const texts: string[] = [];
  const archive = openArchive(out("left"), defaultLimits);
  for await (const { path, content } of archive.entries()) {
    const parts: Uint8Array[] = [];
    for await (const part of content()) parts.push(part);
    if (path.endsWith("/RECORD")) texts.push(Buffer.concat(parts).toString());
  }
  archive.close();
  expect(texts).toHaveLength(1);
  expect(texts[0]).toContain("tool/bin/gs-call");
  expect(texts[0]).not.toContain("beyond");
});

test("the new wheel's name has to be given, and is for one machine", async () => {
  const input = put("name", wheel());
  expectSentence(await sandfit(["pack", input]), /say where the new one goes, such as -o fixed\/tool-1\.0-py3-none-any\.whl$/);
  expectSentence(await sandfit(["pack", input, "-o", out("name"), "--arch", "both"]), /for one machine, not for both$/);
});
