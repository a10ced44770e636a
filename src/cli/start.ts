#!/usr/bin/env node
/** Entry point of the published command: has Node keep its compiled form, where it can (22.8 and later), and runs src/cli/main.ts. */

import * as module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// In the user's own cache directory: Node's default is one in /tmp, where anybody may have put code.
(module as { enableCompileCache?(folder: string): void }).enableCompileCache?.(
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sandfit"),
);
void import("./main.js").then(({ main }) => main(process.argv));
