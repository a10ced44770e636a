/** `sandfit fix --as ape` as people use it: written, checked, done twice, undone, refused. */

import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";

const folder = temporaryFolder();

describe("sandfit fix --as ape", () => {
  test("writes an APE that checks as running; a second time changes nothing; undo brings the original back", async () => {
    const path = writeSample(folder, "ape-gs-threads-b");
    chmodSync(path, 0o750);
    const original = readFileSync(path);
    const fixed = await sandfit(["fix", "--as", "ape", "--in-place", path]);
    expect(fixed).toMatchObject({ exitCode: 0, stderr: "" });
    expect(fixed.stdout).toMatch(/5 edits, 6 bytes \(x86-64\)/);
    expect(fixed.stdout).toMatch(/warning: .*PR_SET_MDWE.*MemoryDenyWriteExecute=.*SELinux/);
    expect(fixed.stdout).toMatch(/bit 0 of __hostos/);
    expect(readFileSync(path).toString("latin1", 0, 6)).toBe("MZqFpD");
    expect(statSync(path)).toMatchObject({ size: original.length });
    expect(statSync(path).mode & 0o777).toBe(0o750);

    const checked = await sandfit(["check", "--verbose", path]);
    expect(checked.stdout).toMatch(/rewrites-itself[\s\S]*PR_SET_MDWE/);
    const after = readFileSync(path);
    const again = await sandfit(["fix", "--as", "ape", "--in-place", path]);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stdout).toMatch(/nothing to change/);
    expect(Buffer.compare(readFileSync(path), after)).toBe(0);

    expect((await sandfit(["undo", path])).exitCode).toBe(0);
    expect(Buffer.compare(readFileSync(path), original)).toBe(0);
  });

  test("half a repair is told, with what is missing, and --why says which edits finish it", async () => {
    const path = writeSample(folder, "ape-gs-threads-a", "half");
    const whole = join(folder, "whole");
    await sandfit(["fix", "--as", "ape", path, "-o", whole]);
    const { edits } = JSON.parse(readFileSync(`${whole}.sandfit-undo.json`, "utf8"));
    const bytes = readFileSync(whole);
    for (const { fileOffset, after, before } of edits) if (after === "51") bytes.set(Buffer.from(before, "hex"), fileOffset);
    writeFileSync(path, bytes);
    const { stdout, exitCode } = await sandfit(["check", "--why", path]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/half done, missing: .*__get_tls_privileged/);
    expect(stdout).toMatch(/as ape {2}1 edit that other systems do not notice: bit 0 of __hostos/);
    expect((await sandfit(["fix", "--as", "ape", "--in-place", path])).exitCode).toBe(0);
    expect(Buffer.compare(readFileSync(path), readFileSync(whole))).toBe(0);
  });

  test("what is an ELF already is refused, and the ELF offered", async () => {
    const path = writeSample(folder, "ape-gs-elf");
    const { stderr, exitCode } = await sandfit(["fix", "--as", "ape", path]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/is no APE but an ELF already, which `sandfit fix` repairs without --as ape\n$/);
  });
});
