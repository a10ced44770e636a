/**
 * The case that started the project: an archive of tools that crash in gVisor is packed, unpacked inside every gVisor
 * there is, its env.sh sourced, and every tool does its job; the original archive fails there.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../../src/environments/run/execute.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import type { Manifest } from "../../../src/report/pack-model.js";
import { tarGz } from "../../fixtures/archives.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { TOOLS, toolset } from "../../fixtures/toolset.js";
import { sandfit, temporaryFolder } from "../../support/cli.js";

const folder = temporaryFolder();
const { present } = await findSandboxes();
const schema = JSON.parse(readFileSync(new URL("../../../schema/pack-1.json", import.meta.url), "utf8"));
const isValid = new Ajv({ allowUnionTypes: true }).compile(schema);
let manifest: Manifest;

beforeAll(async () => {
  writeFileSync(join(folder, "original.tar.gz"), tarGz(toolset()));
  const run = await sandfit(["pack", "original.tar.gz", "-o", "packed.tar.gz", "--json"], { cwd: folder });
  expect([run.exitCode, run.stderr]).toEqual([0, ""]);
  const printed = JSON.parse(run.stdout);
  expect(isValid(printed), JSON.stringify(isValid.errors)).toBe(true);
  manifest = printed[0].manifest;
});

/** Unpacks an archive in a fresh folder, sources env.sh from another one, starts every tool, and prints what came of it. */
const script = `
set -u
place=$(mktemp -d) && cd "$place" && mkdir "a place" && tar -xzf "$1" -C "a place" && mkdir elsewhere && cd elsewhere
. "../a place/gvisor/env.sh"
for tool in ${Object.keys(TOOLS).join(" ")} gmake; do
  sh -c 'exec "$0"' "$tool" >out 2>/dev/null
  echo "$tool $? $(cat out)"
done
case $(command -v lua) in "$place/a place/gvisor/bin/lua") echo first in PATH ;; esac
`;

/** What is printed of each tool that does its job. On systrap a faulty one may end well and have printed something else. */
const jobs = [...Object.entries(TOOLS), ["gmake", TOOLS["make"]!] as const].map(
  ([tool, sample]) => `${tool} 0 ${sampleProgram(sample).expectedStdout.trimEnd()}\n`,
);

describe.each(present.map((box) => [box.id, box] as const))("%s", (_id, sandbox) => {
  const run = (archive: string, commands: string) =>
    execute(["/bin/sh", "-c", commands, "sh", join(folder, archive)], { sandbox, cwd: "/", env: { PATH: "/usr/bin:/bin" } });

  test("every tool of the package does its job; in gVisor none of the original's does", async () => {
    const packed = await run("packed.tar.gz", script);
    expect(packed).toMatchObject({ exitCode: 0, stdout: `${jobs.join("")}first in PATH\n`, stderr: "" });
    // The original's env.sh names a folder that is not there; that is not what is tried here.
    const original = await run("original.tar.gz", script.replace(/^\. .*$/m, 'PATH="$place/a place/gvisor/bin:$PATH"'));
    const done = jobs.filter((job) => original.stdout.includes(job));
    expect(done, original.stdout).toEqual(sandbox.kind === "host" ? jobs : []);
  });
});

test("the manifest says what became of each file", () => {
  const programs = manifest.files.filter((file) => file.program !== null);
  expect(programs.map((file) => file.path)).toEqual(
    Object.keys(TOOLS)
      .map((tool) => `gvisor/bin/${tool}`)
      .sort(),
  );
  for (const file of programs) {
    expect(file.program).toMatchObject({ machine: "x86-64", verdict: { before: "fails", after: "runs" } });
    expect(file.sha256.before).not.toBe(file.sha256.after);
  }
  const others = manifest.files.filter((file) => file.program === null && file.origin !== null);
  for (const file of others) expect(file.sha256.before).toBe(file.sha256.after);
  expect(manifest.env).toEqual([
    {
      path: "gvisor/env.sh",
      state: "replaced",
      problems: ["it names the folder /zip/build/gvisor/bin, where it was made or expected, instead of its own"],
    },
  ]);
});
