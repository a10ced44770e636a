/** runsc's own log: one file a run, read for the reason where runsc could not do its work, then deleted. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../files/private-folder.js";

export interface RunscLog {
  readonly path: string;
  /** What went wrong, see `complaintIn`; the log is gone then. */
  takeComplaint(): string | undefined;
}

/** The log of a run that is about to begin, in a directory of its own. */
export function newLog(): RunscLog {
  const { folder, remove } = temporaryFolder("runsc");
  const path = join(folder, "log");
  return {
    path,
    takeComplaint() {
      try {
        return complaintIn(readFileSync(path, "utf8"));
      } catch {
        return undefined; // never written: runsc ended before it opened it
      } finally {
        remove();
      }
    },
  };
}

/**
 * What runsc says went wrong, without the chain of "starting container: ..." in front; undefined where all went well. Releases
 * differ: lines of JSON with "level":"error", or of text with "FATAL ERROR:".
 */
function complaintIn(log: string): string | undefined {
  let complaint: string | undefined;
  for (const line of log.split("\n")) {
    const fatal = /FATAL ERROR: (.*)$/.exec(line)?.[1];
    complaint = fatal ?? fromJson(line) ?? complaint;
  }
  return complaint?.replace(/^((starting|creating) (root )?(container|sandbox): )+(creating process: )?/, "");
}

function fromJson(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { msg, level } = JSON.parse(line) as { msg?: unknown; level?: unknown };
    return level === "error" && typeof msg === "string" ? msg : undefined;
  } catch {
    return undefined;
  }
}
