/** How gVisor runs application code. */

/** systrap is the default since 2023; ptrace was before. */
export const platforms = ["systrap", "ptrace", "kvm"] as const;
/** One of them. */
export type Platform = (typeof platforms)[number];
