/** `sandfit check` on archives: known by content, those inside others too, and never silent about what was not looked at. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { type TarEntry, tar, tarGz, zip } from "../fixtures/archives.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { sandfit, temporaryFolder } from "../support/cli.js";

const folder = temporaryFolder();
const inFolder = { cwd: folder };
const program = Buffer.from(sampleProgram("gs-call").bytes);
const entries: TarEntry[] = [
  { name: "lib/text", data: "text\n" },
  { name: "bin/gs-call", data: program, mode: 0o755 },
];
/** As a layer of an image has it: a device, a whiteout, a link to the top. */
const layer = tar([
  { name: "dev/null", type: "3" },
  { name: "dev/pipe", type: "6" },
  { name: "etc/.wh.old", data: "" },
  { name: "lib64", type: "2", target: "/usr/lib64" },
  ...entries,
]);
const xz = Buffer.from("\xfd7zXZ\0 and so on", "latin1");

interface Checked {
  readonly names: readonly string[];
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

async function checked(...names: string[]): Promise<Checked> {
  const { stdout, stderr, exitCode } = await sandfit(["check", "--json", ...names], inFolder);
  return { names: JSON.parse(stdout).files.map((file: { name: string }) => file.name), stderr, exitCode };
}

beforeAll(() => {
  const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);
  put("tool-1.0-py3-none-any.whl", zip([{ name: "tool/gs-call", data: program, mode: 0o100755 }]));
  put("layer", layer);
  put("blob", gzipSync(layer));
  put(
    "image.tar",
    tar([
      { name: "manifest.json", data: "[]" },
      { name: "abc/layer.tar", data: layer },
      { name: "blobs/x", data: gzipSync(layer) },
    ]),
  );
  put("deep", tar([{ name: "a", data: tar([{ name: "b", data: tarGz(entries) }]) }]));
  put("packed-text", gzipSync("text\n".repeat(1000)));
  put("texts.zip", zip([{ name: "a.txt", data: "a" }]));
  put("packed.tar.xz", xz);
  put("a.txt", "text\n");
  put("b.md", "# text\n");
  put("gs-call", program);
  mkdirSync(join(folder, "dist"));
  put("dist/a.whl", zip([{ name: "gs-call", data: program, mode: 0o100755 }]));
  put("dist/tools", tarGz(entries));
  put("dist/page.1.gz", gzipSync("a manual page\n"));
  put("dist/damaged", tar(entries).subarray(0, 2000));
  put("dist/b.tar.xz", xz);
  mkdirSync(join(folder, "texts"));
  put("texts/a.txt", "text\n");
});

test.each([
  ["tool-1.0-py3-none-any.whl", ["tool/gs-call"]],
  ["layer", ["bin/gs-call"]],
  ["blob", ["bin/gs-call"]],
  ["image.tar", ["abc/layer.tar!/bin/gs-call", "blobs/x!/bin/gs-call"]],
])("%s by its content", async (name, inside) => {
  expect(await checked(name)).toEqual({ names: inside.map((one) => `${name}!/${one}`), stderr: "", exitCode: 1 });
});

test("archives in a directory are looked into; what cannot be is said, and is no error", async () => {
  const { names, stderr, exitCode } = await checked("dist");
  expect(names).toEqual(["dist/a.whl!/gs-call", "dist/tools!/bin/gs-call"]);
  expect(stderr).toMatch(
    /^sandfit: 2 archives were not looked into: dist\/damaged \(.*cut off.*\), dist\/b\.tar\.xz \(an xz archive\)\n$/,
  );
  expect(exitCode).toBe(1);
});

test("report looks into the same archives", async () => {
  const { stdout, exitCode } = await sandfit(["report", "--format", "json", "dist"], inFolder);
  const { programs, errors } = JSON.parse(stdout);
  expect(programs.map((one: { report: { name: string } }) => one.report.name).sort()).toEqual([
    "dist/a.whl!/gs-call",
    "dist/tools!/bin/gs-call",
  ]);
  expect(errors.map((one: { name: string }) => one.name)).toEqual(["dist/damaged"]);
  expect(exitCode).not.toBe(0);
});

test("an archive in an archive in an archive is said to be one", async () => {
  const { names, stderr, exitCode } = await checked("deep");
  expect(names).toEqual([]);
  expect(stderr).toBe(
    "sandfit: no programs found in deep\nsandfit: 1 archive was not looked into: deep!/a!/b (it lies in an archive in an archive)\n",
  );
  expect(exitCode).toBe(2);
});

test.each(["texts", "texts.zip"])("%s: nothing looked at is exit 2 and a warning", async (name) => {
  const stderr = `sandfit: no programs found in ${name}\n`;
  expect(await checked(name)).toEqual({ names: [], stderr, exitCode: 2 });
  expect(await sandfit(["check", name], inFolder)).toEqual({ stdout: "", stderr, exitCode: 2 });
});

test("a single name that is no program is an error, as before", async () => {
  expect(await checked("a.txt")).toEqual({ names: ["a.txt"], stderr: "", exitCode: 2 });
  expect((await sandfit(["check", "packed-text"], inFolder)).stdout).toMatch(/packed-text is no Linux program: gzip archive/);
});

test("texts among several names are passed over, with one line", async () => {
  const names = ["a.txt", "b.md", "gs-call", "texts"];
  const stderr = "sandfit: no program in texts, a.txt, b.md\n";
  expect(await checked(...names)).toEqual({ names: ["gs-call"], stderr, exitCode: 1 });
  const { stdout, exitCode } = await sandfit(["check", "--format", "ndjson", ...names], inFolder);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(exitCode).toBe(1);
  expect(await checked("a.txt", "b.md")).toMatchObject({ names: [], exitCode: 2 });
  expect(await checked("a.txt", "missing")).toMatchObject({ names: ["missing"], exitCode: 2 });
});

test("the limits hold for archives inside", async () => {
  const bomb = gzipSync(tar([{ name: "zeros", data: Buffer.alloc(100 << 20) }]));
  writeFileSync(join(folder, "bomb"), tarGz([{ name: "inner", data: bomb }]));
  const { stderr, exitCode } = await checked("bomb");
  expect(stderr).toMatch(/not looked into: bomb!\/inner \(unpacks to more than 200 times its size/);
  expect(exitCode).toBe(2);
});
