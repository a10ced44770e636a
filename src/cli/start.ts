#!/usr/bin/env node
/** Entry point of the published command: has Node keep its compiled form, where it can (22.8 and later), and runs src/cli/main.ts. */

import { writeSync } from "node:fs";
import * as module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// In the user's own cache directory: Node's default is one in /tmp, where anybody may have put code.
(module as { enableCompileCache?(folder: string): void }).enableCompileCache?.(
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sandfit"),
);
import("./main.js").then(({ main }) => main(process.argv)).catch(explain);

/** Only reading the command's own files can fail here: too few descriptors, for instance. What explains errors is among them. */
function explain(error: NodeJS.ErrnoException): void {
  const { code, message } = error;
  if (code === undefined) throw error;
  const reason = code === "EMFILE" || code === "ENFILE" ? "too many open files" : message;
  try {
    writeSync(2, `sandfit: a part of the command cannot be read: ${reason}\n`);
  } catch {
    // Nobody reads it.
  }
  process.exitCode = 2;
}
