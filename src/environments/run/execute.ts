/** Runs one command on the host or in a gVisor sandbox and says how it ended. */

import { type Ending, ending } from "./ending.js";
import { collect, text, without } from "./output.js";
import { killTree } from "./processes.js";
import { end, noteEnd, noteStart } from "./running.js";
import { newLog } from "./runsc-log.js";
import { HOST, runscCommand, type Sandbox } from "./sandbox.js";
import { start } from "./start.js";

export interface ExecuteOptions {
  /** Where to run it; the host by default. */
  readonly sandbox?: Sandbox;
  /** What the program reads from its standard input; nothing by default. */
  readonly stdin?: string | Uint8Array;
  /** In milliseconds; a minute by default. Then the whole process tree is ended. */
  readonly timeout?: number;
  /** Most bytes of standard output and of standard error each; a program that writes more is ended. 8 MiB by default. */
  readonly maxOutput?: number;
  readonly cwd?: string;
  /** The program's whole environment; this process's own by default. gVisor adds HOME where it is missing. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Execution extends Ending {
  readonly sandbox: Sandbox;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
  readonly stderrBytes: Uint8Array;
  /** In milliseconds, the sandbox's own start included. */
  readonly duration: number;
}

/** How long output may still come after the end of the program itself, in milliseconds. */
const LINGER = 2000;

/**
 * Runs `command` (program and arguments; a program without a slash is searched in PATH). Never throws for what the program does.
 * On the host, execvp(3) hands a file in no executable format to /bin/sh, as a shell would; runsc does not, so name the shell.
 */
export async function execute(command: readonly string[], options: ExecuteOptions = {}): Promise<Execution> {
  const { sandbox = HOST, timeout = 60_000, maxOutput = 8 * 1024 * 1024, cwd, env, stdin } = options;
  const started = performance.now();
  const log = sandbox.kind === "runsc" ? newLog() : undefined;
  const words = sandbox.kind === "runsc" && log ? [...runscCommand(sandbox, log.path), ...command] : command;
  const { child, end: ended } = start(words, {
    detached: true, // a session and group of its own, so that it can be ended as a whole
    // Pipes throughout: runsc writes a redirected regular file from offset 0, over what is there.
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: { ...env } }),
  });
  const pid = child?.pid;
  let why: "time" | "output" | undefined;
  const stop = (reason: "time" | "output"): void => {
    why ??= reason;
    if (pid !== undefined) end(pid);
  };
  const letGo = (): void => {
    child?.stdout?.destroy();
    child?.stderr?.destroy();
  };
  // A program need not read what it is given.
  child?.stdin?.on("error", () => {}).end(stdin);
  if (child !== undefined && pid !== undefined) {
    noteStart(pid, sandbox);
    // What a program leaves in the background would keep the pipes open for ever; gVisor ends it with the first process.
    if (sandbox.kind === "host") child.once("exit", () => killTree(pid));
    // And one that made a session of its own and lost its parent cannot be found any more; let go of the pipes then.
    child.once("exit", () => setTimeout(letGo, LINGER).unref());
  }
  const stdout = collect(child?.stdout, maxOutput, () => stop("output"));
  const stderr = collect(child?.stderr, maxOutput, () => stop("output"));
  const timer = setTimeout(() => stop("time"), timeout);
  const result = await ended;
  clearTimeout(timer);
  if (pid !== undefined) noteEnd(pid);

  const how = ending(result, sandbox, why, log?.takeComplaint());
  const errors = how.startError === undefined ? stderr() : without(stderr(), how.startError);
  return {
    ...how,
    sandbox,
    stdout: text(stdout()),
    stderr: text(errors),
    stdoutBytes: stdout(),
    stderrBytes: errors,
    duration: performance.now() - started,
  };
}
