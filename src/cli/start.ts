#!/usr/bin/env node
/** What Node compiles of the command: it runs the rest, src/cli/main.ts, from V8's compiled form where that is at hand. */

import { join } from "node:path";
import { cacheFolder, readCache, writeCache } from "../disk/compile-cache.js";
import { optimiseLate } from "./optimising.js";
import { joinCompiled, partsBeside, splitCompiled } from "./parts.js";

const asUsual = optimiseLate();

/** A hash of src/cli/main.ts with all that it needs; put in by scripts/bundle.mjs. */
declare const COMMAND_HASH: string;

/** The commands whose compiled form is kept: each has its own, since only functions that were called are compiled. */
const commands = ["check", "fix", "undo", "rules", "run", "verify", "rehearse", "probe", "report", "pack"];

const build = `${COMMAND_HASH}-${process.version}-${process.arch}`;
/** A worker of a check takes the check's, and leaves the writing to it. */
const isWorker = process.argv[2] === "check-worker";
const word = isWorker ? "check" : (process.argv[2] ?? "");
const folder = commands.includes(word) ? cacheFolder(process.env) : undefined;
// After findings more has been compiled than after none, and it serves both.
const names = { findings: `${build}-${word}-1`, clean: `${build}-${word}-0` };

const withFindings = folder === undefined ? undefined : readCache(folder, names.findings);
const kept = withFindings ?? (folder === undefined ? undefined : readCache(folder, names.clean));
const parts = partsBeside(
  __filename,
  join(__dirname, "command"),
  (name) => asUsual(() => require(name)),
  kept === undefined ? new Map() : splitCompiled(kept),
);

if (folder !== undefined && !isWorker) {
  process.once("exit", (code) => {
    const isNewKind = code === 1 && withFindings === undefined;
    if (code > 1 || !(isNewKind || parts.hasNew())) return;
    const name = code === 1 ? names.findings : names.clean;
    writeCache(folder, name, joinCompiled(parts.compiled()), (other) => other.startsWith(COMMAND_HASH));
  });
}

parts.run("main.js");
