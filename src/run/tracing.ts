/** Puts strace in front of a command, where it is installed, and gets what it wrote. */

import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface Tracing {
  readonly command: string[];
  /** To be handed to passThrough where the trace comes by standard error. */
  readonly mark?: string;
  /** What strace wrote; `aside` is what came behind the mark. */
  take(aside: string): string;
}

/** Calls that are many and refused by nobody: left out, so that a trace stays small. */
const QUIET =
  "read,write,readv,writev,pread64,pwrite64,recvfrom,sendto,recvmsg,sendmsg,poll,ppoll,select,pselect6,epoll_wait,epoll_pwait," +
  "futex,clock_gettime,gettimeofday,lseek,close,brk,madvise,munmap,getpid,gettid,rt_sigprocmask,sched_yield,nanosleep,clock_nanosleep";
/** Follow children, give the instruction's address with every line. */
const FLAGS = ["-f", "-i", `--trace=!${QUIET}`];

/** The file of a program in PATH, or undefined. */
export function inPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(Boolean)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this one
    }
  }
  return undefined;
}

/** `command` under strace. `inside` a runsc files stay in the sandbox, so the trace comes last on standard error, behind a mark. */
export function traced(strace: string, command: readonly string[], inside: boolean): Tracing {
  if (inside) {
    const mark = `sandfit-trace-${randomBytes(12).toString("hex")}`;
    const script = `t=$(mktemp) || exit 125; ${strace} ${FLAGS.map((flag) => `'${flag}'`).join(" ")} -o "$t" -- "$@"; c=$?
exec >&2; printf '\\n%s\\n' ${mark}; cat "$t"; exit $c`;
    return { command: ["/bin/sh", "-c", script, "sh", ...command], mark, take: (aside) => aside };
  }
  const folder = mkdtempSync(join(tmpdir(), "sandfit-trace-"));
  const file = join(folder, "trace");
  return {
    command: [strace, ...FLAGS, "-o", file, "--", ...command],
    take: () => {
      try {
        return readFileSync(file, "utf8");
      } catch {
        return ""; // strace could not start the command
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
