/** What the disk knows of a file besides its bytes: its mode, and the libraries that it would load. */

import { statSync } from "node:fs";
import type { Surroundings } from "../rules/surroundings.js";
import { librariesOf } from "./libraries.js";
import { openedAtStart } from "./opened-at-start.js";

/** The surroundings of a file. Never throws: what cannot be found out is left out. */
export function surroundingsOf(path: string): Surroundings {
  const mode = modeOf(path);
  return {
    ...(mode !== undefined && { mode }),
    libraries: (view) => librariesOf(path, view),
    openedAtStart: (view) => openedAtStart(path, view),
  };
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o7777;
  } catch {
    return undefined;
  }
}
