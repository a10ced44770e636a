/** A disk that fails is no fault of a program: pack stops with exit code 2, and leaves nothing out for it. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskError } from "../../../src/errors.js";
import { openFile } from "../../../src/files/file-source.js";
import type { ProgramFile } from "../../../src/pack/inventory.js";
import { treatProgram } from "../../../src/pack/program.js";
import { expectSentence, sandfit, shell, temporaryFolder, writeSample } from "../../support/cli.js";
import { isRoot, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();

function programs(): string {
  const cwd = mkdtempSync(join(top, "case-"));
  mkdirSync(join(cwd, "in"));
  for (const name of ["gs-call", "ape-gs"]) writeSample(join(cwd, "in"), name);
  return cwd;
}

test("a program whose result cannot be written is not refused", async () => {
  const cwd = programs();
  const file = join(cwd, "in", "gs-call");
  const content = { file, size: statSync(file).size, sha256: "", isProgram: true, isScript: false };
  const program: ProgramFile = { content, mode: 0o755, names: ["bin/b"] };
  const treated = treatProgram(program, join(cwd, "missing", "fixed-0"), { machine: undefined, allow: [], as: "elf" });
  await expect(treated).rejects.toThrow(DiskError);
  await expect(treated).rejects.toThrow(/^bin\/b cannot be written/);
  openFile(file).close();
});

testNeeding(isRoot && spawnSync("unshare", ["-m", "true"]).status === 0, "root and mount namespaces")(
  "a full disk at any point: exit code 2 and a sentence that names nothing hidden, with --keep-going too",
  async () => {
    const cwd = programs();
    const used = Number(execFileSync("du", ["-sk", "in"], { cwd, encoding: "utf8" }).split("\t")[0]);
    const codes = new Set<number | undefined>();
    mkdirSync(join(cwd, "out"));
    for (let size = Math.floor(used / 4); size <= used * 4; size += Math.ceil(used / 3)) {
      for (const option of ["", "--keep-going"]) {
        const line = `unshare -m sh -c 'mount -t tmpfs -o size=${size}k t out && "$@" pack in -o out/q.tar.gz ${option}; rc=$?; ls -A out >&2; exit $rc' sh "$@"`;
        const { stdout, stderr, exitCode } = await shell(line, cwd);
        codes.add(exitCode);
        if (exitCode === 0) continue;
        expectSentence({ stdout, stderr, exitCode }, /^sandfit: [^\n]*the disk is full$/);
        expect(stderr).not.toContain(".sandfit-");
      }
    }
    expect(codes).toContain(2);
    expect(codes).toContain(0);
  },
);

test("a folder's mode does not depend on the umask", async () => {
  const cwd = programs();
  await shell('umask 077; "$@" pack in -o q', cwd);
  expect(statSync(join(cwd, "q")).mode & 0o777).toBe(0o755);
  expect(readdirSync(cwd).sort()).toEqual(["in", "q"]);
});

test("names that fflate made a damaged gzip of are packed", async () => {
  const cwd = mkdtempSync(join(top, "case-"));
  mkdirSync(join(cwd, "q"));
  for (const name of ["a ", " "]) writeSample(join(cwd, "q"), "gs-call", name);
  expect((await sandfit(["pack", "q", "-o", "q.tar.gz"], { cwd })).exitCode).toBe(0);
});
