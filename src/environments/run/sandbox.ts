/** An environment that programs can be run in: this machine itself, or one gVisor release on one of its platforms. */

import { arch, platform } from "node:os";
import type { Platform } from "../../gvisor/gvisor.js";

export interface HostSandbox {
  readonly kind: "host";
  readonly id: "host";
}

export interface RunscSandbox {
  readonly kind: "runsc";
  /** Release and platform, as in "20240729-systrap". */
  readonly id: string;
  /** The runsc executable. */
  readonly runsc: string;
  /** Date of the release as runsc or its build tells it, eight digits; "unknown" where neither does. */
  readonly release: string;
  readonly platform: Platform;
  /** Further flags that this machine turned out to need. */
  readonly flags: readonly string[];
}

export type Sandbox = HostSandbox | RunscSandbox;

export const HOST: HostSandbox = { kind: "host", id: "host" };

/** Whether x86-64 Linux programs run on this machine directly. */
export function hostRunsLinux(): boolean {
  return platform() === "linux" && arch() === "x64";
}

/**
 * The words in front of a command that put it into a sandbox. runsc's own messages go to a log of their own, so that standard
 * error is the program's alone; without a network nothing of the machine's is touched and root is not needed for it.
 */
export function runscCommand(sandbox: RunscSandbox, log: string): string[] {
  return [sandbox.runsc, `--platform=${sandbox.platform}`, "--network=none", `--log=${log}`, ...sandbox.flags, "do"];
}
