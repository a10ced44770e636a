/**
 * Killed at every step of writing: strace ends the process at the first, second, third … system call that writes. The
 * input is never harmed, the output is whole or absent, and what was cut off can be taken back and finished.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { command, sandfit, temporaryFolder, writeSample } from "../../support/cli.js";
import { endsOf, writeLargeApe } from "../../support/large.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
const STEPS = "mkdir,write,pwrite64,ftruncate,copy_file_range,sendfile,fsync,chmod,fchmod,link,rename,unlink,rmdir";
const withStrace = testNeeding(hasProgram("strace"), "strace");

/** Runs `sandfit ARGS` in a folder and kills it at the nth of the calls that change the disk. False: it ended before. */
function killedAt(step: number, cwd: string, args: readonly string[]): boolean {
  const inject = `inject=${STEPS}:signal=KILL:when=${step}`;
  const { signal, status } = spawnSync(
    "strace",
    ["-f", "-qq", "-o", "/dev/null", "-e", `trace=${STEPS}`, "-e", inject, process.execPath, command, ...args],
    { cwd, stdio: "ignore" },
  );
  return signal === "SIGKILL" || status === 137;
}

/** Calls `look` after a kill at each step in turn, until a run is not killed any more; returns how many there were. */
async function everyStep(prepare: () => string, args: readonly string[], look: (cwd: string) => Promise<void>): Promise<number> {
  for (let step = 1; ; step++) {
    const cwd = prepare();
    const wasKilled = killedAt(step, cwd, args);
    await look(cwd);
    rmSync(cwd, { recursive: true });
    if (!wasKilled) return step - 1;
  }
}

const fresh = () => mkdtempSync(join(top, "case-"));
const original = Buffer.from(sampleProgram("ape-gs").bytes);

describe("a small file", () => {
  withStrace("fix -o: the input as it was, the output whole or absent", async () => {
    const whole = fresh();
    writeSample(whole, "ape-gs", "in");
    await sandfit(["fix", "in", "-o", "out"], { cwd: whole });
    const result = readFileSync(join(whole, "out"));
    const seen = new Set<string>();
    const steps = await everyStep(
      () => {
        const cwd = fresh();
        writeSample(cwd, "ape-gs", "in");
        return cwd;
      },
      ["fix", "in", "-o", "out"],
      async (cwd) => {
        expect(readFileSync(join(cwd, "in"))).toEqual(original);
        const isThere = existsSync(join(cwd, "out"));
        seen.add(isThere ? "whole" : "absent");
        if (!isThere) return;
        expect(readFileSync(join(cwd, "out"))).toEqual(result);
        expect(existsSync(join(cwd, "out.sandfit-undo.json"))).toBe(true);
      },
    );
    expect(steps).toBeGreaterThan(10);
    expect(seen).toEqual(new Set(["absent", "whole"]));
  });

  withStrace("fix --in-place and undo: the original or the whole result, with its way back", async () => {
    const fixed = fresh();
    writeSample(fixed, "ape-gs", "file");
    await sandfit(["fix", "--in-place", "file"], { cwd: fixed });
    const result = readFileSync(join(fixed, "file"));
    for (const args of [
      ["fix", "--in-place", "file"],
      ["undo", "file"],
    ]) {
      await everyStep(
        () => {
          const cwd = fresh();
          mkdirSync(join(cwd, "x"));
          spawnSync("cp", args[0] === "undo" ? ["-a", `${fixed}/.`, cwd] : [writeSample(join(cwd, "x"), "ape-gs", "file"), cwd]);
          return cwd;
        },
        args,
        async (cwd) => {
          const bytes = readFileSync(join(cwd, "file"));
          expect([original, result].some((whole) => whole.equals(bytes))).toBe(true);
          if (bytes.equals(result)) expect((await sandfit(["undo", "file"], { cwd })).exitCode).toBe(0);
          expect(readFileSync(join(cwd, "file"))).toEqual(original);
        },
      );
    }
  });
});

describe("a large file that is changed where it stands", () => {
  const SIZE = 80 * 1024 * 1024;
  const place = (cwd: string) => join(cwd, "large");
  const prepare = () => {
    const cwd = fresh();
    writeLargeApe(place(cwd), SIZE);
    return cwd;
  };
  const isOriginal = (cwd: string) => endsOf(place(cwd), SIZE).start.equals(original);
  const checked = (cwd: string) => sandfit(["check", "large"], { cwd });

  withStrace("fix --in-place: undo brings the original back, from every state", async () => {
    const seen = new Set<string>();
    await everyStep(prepare, ["fix", "--in-place", "large"], async (cwd) => {
      const { stdout, exitCode } = await checked(cwd);
      const state = exitCode === 0 ? "after" : exitCode === 1 ? "before" : "between";
      seen.add(state);
      expect(isOriginal(cwd)).toBe(state === "before");
      if (state === "between")
        expect(stdout).toMatch(/large is half changed, since a sandfit was cut off: `sandfit undo` brings/);
      if (state !== "before") expect((await sandfit(["undo", "large"], { cwd })).exitCode).toBe(0);
      expect(isOriginal(cwd)).toBe(true);
      expect((await checked(cwd)).exitCode).toBe(1);
    });
    expect(seen).toEqual(new Set(["before", "between", "after"]));
  });

  withStrace("a second fix --in-place finishes, from every state", async () => {
    await everyStep(prepare, ["fix", "--in-place", "large"], async (cwd) => {
      expect((await sandfit(["fix", "--in-place", "large"], { cwd })).exitCode).toBe(0);
      expect((await checked(cwd)).exitCode).toBe(0);
      expect((await sandfit(["undo", "large"], { cwd })).exitCode).toBe(0);
      expect(isOriginal(cwd)).toBe(true);
    });
  });

  withStrace("undo: a second undo finishes, from every state", async () => {
    const fixedFolder = prepare();
    await sandfit(["fix", "--in-place", "large"], { cwd: fixedFolder });
    await everyStep(
      () => {
        const cwd = fresh();
        spawnSync("cp", ["-a", `${fixedFolder}/.`, cwd]);
        return cwd;
      },
      ["undo", "large"],
      async (cwd) => {
        const hasRecord = readdirSync(cwd).includes("large.sandfit-undo.json");
        if (!hasRecord) expect(isOriginal(cwd)).toBe(true);
        else expect((await sandfit(["undo", "large"], { cwd })).exitCode).toBe(0);
        expect(isOriginal(cwd)).toBe(true);
        expect(statSync(place(cwd)).mode & 0o777).toBe(0o755);
      },
    );
  });
});
