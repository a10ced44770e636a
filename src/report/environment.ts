/** What a probe finds out about where it runs. */

export interface ProbeResult {
  readonly id: string;
  /** What came out, in a few words: "ok", "EINVAL", "SIGSEGV". */
  readonly result: string;
  /** Whether a program that needs this fails here; undefined where that could not be found out. */
  readonly bites: boolean | undefined;
  /** Rules of `check` that it is the probe of. */
  readonly rules: readonly string[];
}

/** Raised when the JSON shape changes in a way that breaks readers (schema/probe-1.json). */
export const ENVIRONMENT_VERSION = 1;

export interface Environment {
  readonly version: typeof ENVIRONMENT_VERSION;
  readonly kind: "linux" | "gvisor" | "unknown";
  readonly platform?: "systrap" | "ptrace" | "kvm";
  /** Dates of gVisor's source, YYYY-MM-DD: the release has what came on `notBefore` and lacks what came on `before`. */
  readonly release?: { readonly notBefore?: string; readonly before?: string };
  /** What the answer rests on, and what stood in the way of it. */
  readonly signals: readonly string[];
  readonly probes: readonly ProbeResult[];
}
