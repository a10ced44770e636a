#!/usr/bin/env node
/** What Node compiles of the command: it runs the rest, src/cli/main.ts, from V8's compiled form where that is at hand. */

import { writeSync } from "node:fs";
import { cacheFolder, openCache } from "../disk/compile-cache.js";
import { optimiseLate } from "./optimising.js";
import { nothingGiven, partsBeside, splitCompiled } from "./parts.js";

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
const parts = partsBeside(__filename, `${__dirname}/command`, asUsual(require), given);

if (folder !== undefined && !isWorker) {
  process.on("exit", (code) => {
    if (code > 1 || (given.kinds.includes(code) && !parts.hasNew() && !parts.hasRefused())) return;
    try {
      const { keep }: typeof import("./keep.js") = require(`${__dirname}/command/keep.cjs`);
      keep(folder, name, parts, given, code, (other) => other.startsWith(COMMAND_HASH));
    } catch {
      // Too few descriptors, for instance: the next start compiles again.
    }
  });
}

try {
  parts.run("main.js");
} catch (error) {
  // Only what reads the command's own files can fail here: too few descriptors, for instance. What explains errors is among them.
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  const reason = code === "EMFILE" || code === "ENFILE" ? "too many open files" : message;
  try {
    writeSync(2, `sandfit: a part of the command cannot be read: ${reason}\n`);
  } catch {
    // Nobody reads it.
  }
  process.exitCode = 2;
}
