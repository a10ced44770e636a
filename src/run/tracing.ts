/** Puts strace in front of a command and gets what it wrote. */

import { randomUUID } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../disk/private-folder.js";
import type { Ending } from "./ending.js";
import type { TracedProgram } from "./pass-through.js";

export interface Tracing {
  readonly command: string[];
  /** To be handed to passThrough: the mark where the trace comes by standard error, else the program. */
  readonly through: { readonly mark: string } | { readonly traced: TracedProgram };
  /** What strace wrote; `aside` is what came behind the mark. */
  read(aside: string): string;
  /** Removes what is temporary. */
  dispose(): void;
}

/** Calls that are many and refused by nobody: left out, so that a trace stays small. */
const QUIET =
  "read,write,readv,writev,pread64,pwrite64,recvfrom,sendto,recvmsg,sendmsg,poll,ppoll,select,pselect6,epoll_wait,epoll_pwait," +
  "futex,clock_gettime,gettimeofday,lseek,close,brk,madvise,munmap,getpid,gettid,rt_sigprocmask,sched_yield,nanosleep,clock_nanosleep";
/** Follow children, give the instruction's address with every line. */
const FLAGS = ["-f", "-i", `--trace=!${QUIET}`];

/**
 * Runs strace inside a sandbox, where the shell gets the signals and passes them on, and writes the trace behind a mark once the program
 * has ended. A shell has what it starts beside itself read nothing and ignore SIGINT and SIGQUIT: both are undone.
 */
const INSIDE = `m=$1; strace=$2; shift 2; t=$(mktemp) || exit 125
exec 3<&0
usual='env --default-signal=INT,QUIT'; $usual true 2>/dev/null || usual=
program() { read -r p rest <"$t"; }
tell() { while kill -0 "$s" && ! program; do sleep 0.1; done; kill -"$1" "$p"; } 2>/dev/null
for n in HUP INT QUIT TERM USR1 USR2 ALRM CONT WINCH; do trap "tell $n" "$n"; done
$usual "$strace" FLAGS -o "$t" -- "$@" <&3 3<&- &
s=$!
while kill -0 "$s" 2>/dev/null && ! { program && grep -q "^$p .*+++ [ek].* +++$" "$t"; }; do sleep 0.1; done
{ kill -9 "$s"; wait "$s"; } 2>/dev/null; c=$?
exec >&2; printf '\\n%s\\n' "$m"; cat "$t"; exit "$c"`;

/** `command` under strace. `inside` a runsc files stay in the sandbox, so the trace comes last on standard error, behind a mark. */
export function traced(strace: string, command: readonly string[], inside: boolean): Tracing {
  if (inside) {
    const mark = `sandfit-trace-${randomUUID()}`;
    const script = INSIDE.replace("FLAGS", FLAGS.map((flag) => `'${flag}'`).join(" "));
    return {
      command: ["/bin/sh", "-c", script, "sh", mark, strace, ...command],
      through: { mark },
      read: (aside) => aside,
      dispose() {},
    };
  }
  const { folder, remove } = temporaryFolder("trace");
  const file = join(folder, "trace");
  return {
    command: [strace, ...FLAGS, "-o", file, "--", ...command],
    through: { traced: programIn(file) },
    read: () => {
      try {
        return readFileSync(file, "utf8");
      } catch {
        return ""; // strace could not start the command
      }
    },
    dispose: remove,
  };
}

/** How the program that a trace is about has ended; undefined where it tells nothing of that. */
export function endIn(trace: string): Pick<Ending, "exitCode" | "signal"> | undefined {
  const program = Number.parseInt(trace, 10);
  for (const line of trace.split("\n")) {
    const end = endOf(line);
    if (end?.pid === program) return { exitCode: end.exitCode, signal: end.signal };
  }
  return undefined;
}

/** Which process has ended, and how, where a line tells it. */
function endOf(line: string): { pid: number; exitCode: number | undefined; signal: NodeJS.Signals | undefined } | undefined {
  const [, pid, code, signal] = /^(\d+) +\[.*?\] \+\+\+ (?:exited with (\d+)|killed by (\w+).*) \+\+\+$/.exec(line) ?? [];
  if (pid === undefined) return undefined;
  return {
    pid: Number(pid),
    exitCode: code === undefined ? undefined : Number(code),
    signal: signal as NodeJS.Signals | undefined,
  };
}

/** The program that a trace is about, told by the lines that are in it by now. */
function programIn(file: string): TracedProgram {
  const part = Buffer.alloc(1 << 16);
  let [at, line] = [0, ""];
  let pid: number | undefined;
  let hasEnded = false;
  /** Reads on, line by line. */
  const readOn = () => {
    let descriptor: number;
    try {
      descriptor = openSync(file, "r");
    } catch {
      return; // not yet
    }
    try {
      for (
        let size = readSync(descriptor, part, 0, part.length, at);
        size > 0;
        size = readSync(descriptor, part, 0, part.length, at)
      ) {
        at += size;
        const lines = (line + part.toString("latin1", 0, size)).split("\n");
        line = lines.pop()!;
        for (const one of lines) {
          pid ??= Number.parseInt(one, 10);
          hasEnded ||= endOf(one)?.pid === pid;
        }
      }
    } finally {
      closeSync(descriptor);
    }
  };
  return {
    pid: () => {
      if (pid === undefined) readOn();
      return pid;
    },
    hasEnded: () => {
      if (!hasEnded) readOn();
      return hasEnded;
    },
  };
}
