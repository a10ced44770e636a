/** Finds the one sandbox that `--in gvisor[=PATH] --platform P` names. */

import { InputError } from "../../errors.js";
import type { Platform } from "../../gvisor/gvisor.js";
import type { RunscSandbox } from "./sandbox.js";
import { findSandboxes, runscPaths } from "./sandboxes.js";

const INSIDE = "Inside gVisor itself: sandfit run --trace -- COMMAND";

/** The runsc named, or the newest on this machine that starts a program on the platform. Throws InputError with the reasons. */
export async function chooseRunsc(path: string | undefined, platform: Platform): Promise<RunscSandbox> {
  const paths = path === undefined ? runscPaths().reverse() : [path];
  const reasons: string[] = [];
  for (const runsc of paths) {
    const { present, absent } = await findSandboxes({ runsc: [runsc], platforms: [platform] });
    const found = present.find((sandbox) => sandbox.kind === "runsc");
    if (found?.kind === "runsc") return found;
    reasons.push(...absent.map((one) => `${runsc}: ${one.reason}`));
  }
  if (paths.length === 0)
    throw new InputError(`no runsc is found in /opt/gvisor, $SANDFIT_RUNSC or PATH; name one with --in gvisor=PATH. ${INSIDE}`);
  throw new InputError(`no gVisor can be used here: ${reasons.join("; ")}. ${INSIDE}`);
}
