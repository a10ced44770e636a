/** `sandfit check` on a folder of many files: gathered, the worst first; and as a stream of lines. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Ajv } from "ajv";
import { beforeAll, expect, test } from "vitest";
import { loaderPrograms } from "../fixtures/programs/loader-programs.js";
import { sandfit, startSandfit, temporaryFolder, writeSample } from "../support/cli.js";

const folder = temporaryFolder();
const HEALTHY = 990;

beforeAll(() => {
  for (let i = 0; i < HEALTHY; i++)
    writeFileSync(join(folder, `script${String(i).padStart(3, "0")}`), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  for (let i = 0; i < 6; i++) writeSample(folder, "gs-call", `gs${i}`);
  for (const { name, bytes } of loaderPrograms(folder).filter((one) => ["load-order", "pie-align"].includes(one.name)))
    writeFileSync(join(folder, name), bytes, { mode: 0o755 });
  writeFileSync(join(folder, "broken"), "\x7fELF\x02\x01\x01aaaaaaaaa\x02\x00", { mode: 0o755 });
});

test("a thousand files fit on a screen", async () => {
  const { stdout, exitCode } = await sandfit(["check", "."], { cwd: folder });
  expect(exitCode).toBe(2);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThan(30);
  expect(lines[0]).toBe("✖ 6 programs: tls-in-gs   will not run; runs after `sandfit fix`");
  expect(lines.filter((line) => /^[✖▲•]/.test(line)).map((line) => line.split("   ")[0])).toEqual([
    "✖ 6 programs: tls-in-gs",
    "✖ 1 program: load-order",
    "▲ 1 program: pie-align",
  ]);
  expect(stdout).toContain("… 2 more (--all)");
  expect(stdout).toMatch(/^error broken/m);
  expect(lines.at(-1)).toBe(
    `${HEALTHY + 8} programs, 7 will not run (7 fixable), 1 may fail, ${HEALTHY} with nothing against them, 1 could not be read`,
  );
});

test("--format ndjson is a line a file, in order, and each is what the schema says", async () => {
  const { stdout, exitCode } = await sandfit(["check", "--format", "ndjson", "."], { cwd: folder });
  expect(exitCode).toBe(2);
  const schema = JSON.parse(readFileSync(new URL("../../schema/report-1.json", import.meta.url), "utf8"));
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(schema);
  const validate = ajv.compile({ $ref: "sandfit/report-1.json#/definitions/line" });
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const line of lines) {
    validate(line);
    expect(validate.errors).toBeNull();
  }
  const names = lines.map((line) => line.file.name);
  expect(names).toEqual([...names].sort());
  expect(names).toHaveLength(HEALTHY + 9);
});

test("--format ndjson writes a line before the next file is there", async () => {
  const child = startSandfit(["check", "--format", "ndjson", "gs0", "-"], { cwd: folder });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  expect(JSON.parse((await lines.next()).value).file.name).toBe("gs0");
  child.stdin!.end("#!/bin/sh\n");
  expect(JSON.parse((await lines.next()).value).file.name).toBe("(standard input)");
  expect((await lines.next()).done).toBe(true);
});
