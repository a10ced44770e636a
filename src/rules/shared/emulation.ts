/**
 * What is left where no edit helps: qemu's user mode keeps a program's registers and makes its system calls itself, so gVisor meets none of
 * what it would refuse. Seen on every release and platform (test/proof/emulated.test.ts), and what it costs (docs/benchmarks.md).
 */

/** Part of a sentence, an advice. */
export const UNDER_QEMU =
  "or try qemu-user (`qemu-x86_64-static PROGRAM`, of Debian's qemu-user-static): a loop takes some seven times as long, and what the program starts runs without it";
