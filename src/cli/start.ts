#!/usr/bin/env node
/** What Node compiles of the command: it runs the rest, src/cli/main.ts, from V8's compiled form where that is at hand. */

import { join } from "node:path";
import { cacheFolder, openCache, writeCache } from "../disk/compile-cache.js";
import { optimiseLate } from "./optimising.js";
import { joinCompiled, nothingGiven, partsBeside, splitCompiled } from "./parts.js";

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
const name = `${build}-${word}`;
const kept = folder === undefined ? undefined : openCache(folder, name);
const given = kept === undefined ? nothingGiven : splitCompiled(kept);
const parts = partsBeside(__filename, join(__dirname, "command"), (module) => asUsual(() => require(module)), given);

if (folder !== undefined && !isWorker) {
  process.once("exit", (code) => {
    // After findings other functions have been compiled than after none. What is kept grows until it serves both.
    if (code > 1 || (given.kinds.includes(code) && !parts.hasNew() && !parts.hasRefused())) return;
    const kinds = parts.hasRefused() ? [code] : [...new Set([...given.kinds, code])];
    writeCache(folder, name, joinCompiled(kinds, parts.compiled()), (other) => other.startsWith(COMMAND_HASH));
  });
}

parts.run("main.js");
