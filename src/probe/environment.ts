/** What this environment is: plain Linux or gVisor, which platform, which release, and what it refuses. */

export interface ProbeResult {
  readonly id: string;
  /** What came out, in a few words: "ok", "EINVAL", "SIGSEGV". */
  readonly result: string;
  /** Whether a program that needs this fails here; undefined where that could not be found out. */
  readonly bites: boolean | undefined;
}

export interface Environment {
  readonly kind: "linux" | "gvisor" | "unknown";
  readonly platform?: "systrap" | "ptrace" | "kvm";
  /** Dates of gVisor's source, YYYY-MM-DD: the release has what came on `notBefore` and lacks what came on `before`. */
  readonly release?: { readonly notBefore?: string; readonly before?: string };
  /** What the answer rests on. */
  readonly signals: readonly string[];
  readonly probes: readonly ProbeResult[];
}

export interface ProbeOptions {
  /** In milliseconds; ten seconds unless told. */
  readonly timeout?: number;
}

/** Finds out what this process runs in. */
export async function probeEnvironment(_options: ProbeOptions = {}): Promise<Environment> {
  return { kind: "unknown", signals: [], probes: [] };
}
