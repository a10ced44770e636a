/** A progress bar on standard error, where that is a terminal. */

import { isatty } from "node:tty";
import type { Progress } from "../pack/options.js";

const STANDARD_ERROR = 2;

export interface Bar extends Progress {
  /** Takes the bar away. */
  stop(): void;
}

const nothing: Bar = { start() {}, advance() {}, stop() {} };

/** A bar for a person who watches; nothing for a file, a pipe or CI. */
export async function progressBar(): Promise<Bar> {
  if (!isatty(STANDARD_ERROR) || process.env["TERM"] === "dumb") return nothing;
  const { default: cliProgress } = await import("cli-progress");
  const bar = new cliProgress.SingleBar({
    format: "{what} {bar} {percentage}%",
    stream: process.stderr,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: null,
    // Signals are the workspace's business: it goes first.
    gracefulExit: false,
  });
  let isShown = false;
  const stop = () => {
    if (isShown) bar.stop();
    isShown = false;
  };
  return {
    start(what, total) {
      stop();
      if (total === 0) return;
      bar.start(total, 0, { what: what.padEnd("reading back".length) });
      isShown = true;
    },
    advance: (count) => isShown && bar.increment(count),
    stop,
  };
}
