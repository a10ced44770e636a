/** runsc's own log: one file a run, read for the reason where runsc could not do its work, then deleted. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const folders = new Set<string>();

/** Path for the log of a run that is about to begin, in a folder of its own. */
export function newLog(): string {
  const folder = mkdtempSync(join(tmpdir(), "sandfit-runsc-"));
  folders.add(folder);
  return join(folder, "log");
}

/** Removes the logs of runs that will not be looked at any more. */
export function dropLogs(which: Iterable<string> = folders): void {
  for (const folder of [...which]) {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

/**
 * What runsc says went wrong, without the chain of "starting container: ..." in front; undefined where all went well. Releases
 * differ: lines of JSON with "level":"error", or of text with "FATAL ERROR:".
 */
export function takeComplaint(path: string): string | undefined {
  let log: string;
  try {
    log = readFileSync(path, "utf8");
  } catch {
    return undefined; // never written: runsc ended before it opened it
  } finally {
    dropLogs([dirname(path)]);
  }
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
