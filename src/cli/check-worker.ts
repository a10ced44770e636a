/** A worker of src/cli/check-pool.ts. */

import { isMainThread } from "node:worker_threads";
import { Command } from "@commander-js/extra-typings";
import workerpool from "workerpool";
import { InputError } from "../errors.js";
import { checkFile } from "./check-file.js";

/** Answers the pool's questions until it ends the thread. */
export const command = new Command("check-worker").action(() => {
  if (isMainThread) throw new InputError("check-worker is what `sandfit check` starts by itself");
  workerpool.worker({ check: checkFile });
});
