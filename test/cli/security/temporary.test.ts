/** What SECURITY.md promises of signals: temporary directories go, and nothing that was started stays. Each command that makes one. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runscPaths } from "../../../src/environments/run/sandboxes.js";
import { sandfit, startSandfit, temporaryFolder, writeSample } from "../../support/cli.js";
import { testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
const LARGE = 1024 ** 3;
/** A length of sleep that nobody else asks for: its processes are told by it. */
const LONG = `4321.${process.pid}`;

/** A program with a gigabyte behind it, which takes its time to be copied. */
function writeLarge(path: string): string {
  writeSample(join(path, ".."), "ape-gs", path.split("/").at(-1));
  truncateSync(path, LARGE);
  return path;
}

interface Case {
  readonly args: (cwd: string) => readonly string[] | Promise<readonly string[]>;
  /** What the temporary directory is called. */
  readonly called: RegExp;
}

const runsc = runscPaths().at(-1);
const cases: Readonly<Record<string, Case>> = {
  fix: { args: (cwd) => ["fix", writeLarge(join(cwd, "large"))], called: /^\.large\.gvisor\.sandfit-/ },
  undo: {
    args: async (cwd) => {
      const path = writeLarge(join(cwd, "large"));
      expect((await sandfit(["fix", "--in-place", path])).exitCode).toBe(0);
      return ["undo", path, "-o", join(cwd, "back")];
    },
    called: /^\.back\.sandfit-/,
  },
  pack: {
    args: (cwd) => {
      mkdirSync(join(cwd, "set"));
      writeLarge(join(cwd, "set", "large"));
      return ["pack", join(cwd, "set"), "-o", join(cwd, "out.tar.gz")];
    },
    called: /^\.out\.tar\.gz\.sandfit-/,
  },
  "check of an archive": {
    args: (cwd) => {
      const path = writeLarge(join(cwd, "large"));
      spawnSync("tar", ["-cf", join(cwd, "set.tar"), "-C", cwd, "large"]);
      expect(existsSync(path)).toBe(true);
      return ["check", join(cwd, "set.tar")];
    },
    called: /^sandfit-archive-/,
  },
  probe: { args: () => ["probe"], called: /^sandfit-probe-/ },
  rehearse: { args: () => ["rehearse", "sleep", LONG], called: /^sandfit-rehearse-/ },
  "run in a rehearsal": { args: () => ["run", "--in", "rehearsal", "sleep", LONG], called: /^sandfit-rehearse-/ },
  tools: {
    args: (cwd) => {
      mkdirSync(join(cwd, "bin"));
      writeFileSync(join(cwd, "bin/thing"), `#!/bin/sh\nexec sleep ${LONG}\n`);
      chmodSync(join(cwd, "bin/thing"), 0o755);
      return ["tools", "thing", "--from", cwd];
    },
    called: /^sandfit-tools-/,
  },
  verify: { args: () => ["verify", "/bin/sleep", "--", LONG], called: /^sandfit-verify-/ },
  "report --run": {
    args: (cwd) => ["report", "--run", writeSample(cwd, "gs-call")],
    called: /^sandfit-(report|probe)-/,
  },
};

/** Comes when something that is called so lies in a directory; or when the command has ended. */
function seen(folder: string, called: RegExp, ended: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!readdirSync(folder).some((name) => called.test(name))) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, look);
    ended.then(() => {
      watcher.close();
      resolve();
    });
    look();
  });
}

/** Command lines of the processes that have a word. */
function processesWith(word: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const words = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0") : [];
      return words.includes(word) && !words.includes("vitest") ? [words.join(" ")] : [];
    } catch {
      return [];
    }
  });
}

async function interrupted({ args, called }: Case, signals: readonly NodeJS.Signals[]): Promise<void> {
  const cwd = mkdtempSync(join(top, "case-"));
  const words = await args(cwd);
  const child = startSandfit(words, { cwd, env: { TMPDIR: cwd } });
  const ended = new Promise<[code: number | null, signal: NodeJS.Signals | null]>((resolve) => {
    child.once("close", (code, signal) => resolve([code, signal]));
  });
  child.stdout?.resume();
  child.stderr?.resume();
  await seen(cwd, called, ended);
  for (const signal of signals) child.kill(signal);
  const [code, signal] = await ended;
  // What was ready before the signal came has ended well.
  expect(signal ?? code).toSatisfy((how) => [...signals, ...(code === null ? [] : [0, 1, 129, 130, 143])].includes(how as never));
  expect(readdirSync(cwd).filter((name) => /sandfit-[\w-]*$/.test(name) && !name.endsWith(".json"))).toEqual([]);
  expect(processesWith(LONG)).toEqual([]);
}

const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

test.each(Object.entries(cases).map(([name, one], index) => [name, signals[index % 3]!, one] as const))(
  "%s leaves nothing behind on %s",
  (_, signal, one) => interrupted(one, [signal]),
);
test.each(signals)("nor does fix on %s", (signal) => interrupted(cases["fix"]!, [signal]));
test("a second signal changes nothing of that", () => interrupted(cases["fix"]!, ["SIGTERM", "SIGTERM", "SIGINT"]));

test("run --trace leaves nothing behind on SIGTERM", () =>
  interrupted({ args: () => ["run", "--trace", "sleep", LONG], called: /^sandfit-trace-/ }, ["SIGTERM"]));
testNeeding(runsc !== undefined, "a runsc")("run in gVisor leaves nothing behind on SIGTERM", () =>
  interrupted({ args: () => ["run", "--in", `gvisor=${runsc}`, "sleep", LONG], called: /^sandfit-runsc-/ }, ["SIGTERM"]),
);
