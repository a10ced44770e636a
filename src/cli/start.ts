#!/usr/bin/env node
/** What Node compiles of the command: it runs the rest, src/cli/main.ts, from V8's compiled form where that is at hand. */

import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { cacheFolder, readCache, writeCache } from "../disk/compile-cache.js";

// V8 optimises what has run for some milliseconds. A command is over before that pays, and what every program needs at length is
// WebAssembly; so it is to wait fifteen times as long (the default is 66 KiB of bytecode). Node 22 and later have no such flag,
// and wait longer by themselves.
if (process.version.startsWith("v20.")) setFlagsFromString("--interrupt-budget=1000000");

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
const cached = withFindings ?? (folder === undefined ? undefined : readCache(folder, names.clean));
const script = new Script(commandText(), { filename: __filename, ...(cached === undefined ? {} : { cachedData: cached }) });

if (folder !== undefined && !isWorker) {
  process.once("exit", (code) => {
    const hasAll = cached !== undefined && script.cachedDataRejected !== true && (withFindings !== undefined || code !== 1);
    if (hasAll || code > 1) return;
    writeCache(folder, code === 1 ? names.findings : names.clean, script.createCachedData(), (name) =>
      name.startsWith(COMMAND_HASH),
    );
  });
}

const command = { exports: {} };
script.runInThisContext()(command.exports, require, command, __filename);

/** The command as a function of (exports, require, module, __filename): it stands behind this in a comment. */
function commandText(): string {
  const text = readFileSync(__filename, "latin1");
  const mark = ["/*", "the command*"].join("");
  return text.slice(text.indexOf(mark) + mark.length, text.lastIndexOf("*/")).replaceAll("*@/", "*/");
}
