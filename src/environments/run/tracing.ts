/** Puts the tracer in front of a command, and reads what it wrote. */

import { accessSync, constants } from "node:fs";
import { readStart } from "../../files/read-fully.js";
import { callsWith } from "../trace/calls.js";
import type { Trace } from "../trace/events.js";
import { decodeTrace } from "../trace/record.js";
import { encodeRules } from "../trace/rules.js";
import { underTracer } from "../trace/tracer.js";
import { inPath } from "./search-path.js";

export interface Tracing {
  readonly command: string[];
  /** To be handed to passThrough where the trace comes by standard error. */
  readonly mark: string | undefined;
  /** The trace; `aside` is what came behind the mark, a character a byte. Undefined where the tracer wrote none. */
  take(aside: string): Trace | undefined;
  dispose(): void;
}

/** Calls that are many and refused by nobody: left out, so that a trace stays small. Messages stay, for netlink's errors are in them. */
const QUIET =
  /^(read|write|readv|writev|pread64|pwrite64|sendto|sendmsg|poll|ppoll|select|pselect6|epoll_wait|epoll_pwait|futex|clock_gettime|gettimeofday|lseek|close|brk|madvise|munmap|getpid|gettid|rt_sigprocmask|rt_sigaction|rt_sigreturn|sched_yield|nanosleep|clock_nanosleep)$/;
/** Enough for a million calls. */
const LIMIT = 128 << 20;

/** `command` traced. `inside` a runsc files stay in the sandbox, so the trace comes last on standard error, behind a mark. */
export function traced(command: readonly string[], inside: boolean): Tracing {
  const rules = encodeRules([], { record: callsWith(({ name }) => !QUIET.test(name)) });
  const tracer = underTracer(inside ? command : asExecvp(command), { record: inside ? "mark" : "file", rules, limit: LIMIT });
  return {
    command: tracer.command,
    mark: tracer.mark,
    take(aside) {
      const record = tracer.take(Buffer.from(aside, "latin1"));
      return record && decodeTrace(record);
    },
    dispose: tracer.dispose,
  };
}

/** The tracer executes; on the host a command is started as execvp(3) does it, which hands a file in no executable format to /bin/sh. */
function asExecvp(command: readonly string[]): readonly string[] {
  const [name = "", ...args] = command;
  const path = name.includes("/") ? name : inPath(name);
  if (path === undefined) return command;
  try {
    accessSync(path, constants.X_OK);
    const start = readStart(path, 4).toString("latin1");
    return start.startsWith("#!") || start === "\x7fELF" ? command : ["/bin/sh", path, ...args];
  } catch {
    return command; // what cannot be read or executed fails as ever
  }
}
