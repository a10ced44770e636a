/** Folders that only this user may enter, and that are gone whatever ends the process, short of SIGKILL. */

import { mkdirSync, readdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { freshSuffix } from "./fresh-name.js";

export interface PrivateFolder {
  readonly folder: string;
  /** Removes it with all that is in it. */
  remove(): void;
}

/**
 * Makes a folder whose path is `prefix` and something random. Throws what mkdir(2) does.
 * The signals are listened to before it is there: one that came between would leave it behind.
 */
export function privateFolder(prefix: string): PrivateFolder {
  const folder = `${prefix}${freshSuffix()}`;
  const forget = removeOnSignal(folder);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    forget();
    throw error;
  }
  return {
    folder,
    remove() {
      removeAll(folder);
      forget();
    },
  };
}

/** Again where it fails: a write that is under way may put a file into a folder that is being emptied (ENOTEMPTY). */
function removeAll(folder: string): void {
  try {
    // Nearly always there is one file. What removes all kinds of things is a module of Node's that takes long to load.
    for (const name of readdirSync(folder)) unlinkSync(`${folder}/${name}`);
    rmdirSync(folder);
    return;
  } catch {
    // A folder in it, for instance.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}

/** What is temporary goes too when the process is told to end. Returns the way to forget about it. */
function removeOnSignal(path: string): () => void {
  const remove = (signal: NodeJS.Signals) => {
    removeAll(path);
    process.kill(process.pid, signal);
  };
  // A limit on the size of files (ulimit -f) is to be an error of the write, not the end of the process.
  const goOn = () => {};
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.once(signal, remove);
  process.on("SIGXFSZ", goOn);
  return () => {
    for (const signal of signals) process.removeListener(signal, remove);
    process.removeListener("SIGXFSZ", goOn);
  };
}
