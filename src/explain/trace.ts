/** Reads what `strace -f -i` wrote: which program died where, of what, and which call was refused before. */

export interface Death {
  /** The file that the process had executed last, as it was named in execve. */
  readonly program: string | undefined;
  readonly signal: string;
  /** The line of the signal, as strace has it. */
  readonly signalLine: string;
  /** Address of the instruction that was running, 0 for a jump to nowhere. */
  readonly instruction: number | undefined;
  /** The address that could not be accessed. */
  readonly address: string | undefined;
  /** The call that was refused before and that tells most, as one line. */
  readonly refused: string | undefined;
}

export interface Trace {
  /** Processes that died of a signal, in order. */
  readonly deaths: readonly Death[];
  /** The last telling refusal of all processes. */
  readonly refused: string | undefined;
  /** The error of the only execve there was: the command itself could not be started. */
  readonly startError: string | undefined;
}

interface Task {
  program?: string;
  starting?: string;
  refused?: string;
  signal?: { line: string; name: string; instruction: number | undefined };
}

/** Refused by the kernel for what it is, not for what is missing or forbidden. */
const REFUSED = / = -1 (EINVAL|ENOSYS|EOPNOTSUPP|ENOEXEC|ENODEV|ENXIO) /;
/** glibc asks so at every start, and older kernels refuse it too; rseq and clone3 have fallbacks. */
const USUAL = /^(arch_prctl\(0x3001|rseq\(|clone3\(|prctl\(PR_SET_VMA|ioctl\(|readlink\()/;
const OF_GS = /^arch_prctl\(ARCH_[SG]ET_GS/;
const GROWING = /^mmap\(.*MAP_GROWSDOWN/;

/** Reads a whole trace; lines that are not understood are passed over. */
export function readTrace(text: string): Trace {
  const tasks = new Map<string, Task>();
  const deaths: Death[] = [];
  let last: string | undefined;
  let startError: string | undefined;
  let started = false;
  for (const line of text.split("\n")) {
    const [, pid, place, what] = /^(\d+) +\[([0-9a-f?]+)\] (.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
    const task = tasks.get(pid) ?? {};
    tasks.set(pid, task);
    noteProgram(task, what);
    started ||= task.program !== undefined;
    startError ??= /^execve\(.* = -1 (E[A-Z0-9]+) /.exec(what)?.[1];
    const child = /^(?:clone3?|v?fork|<\.\.\. (?:clone3?|v?fork) resumed>).* = (\d+)$/.exec(what)?.[1];
    if (child !== undefined) tasks.set(child, { ...task, ...tasks.get(child) });
    const call = oneSpace(what);
    if ((REFUSED.test(call) && !USUAL.test(call)) || GROWING.test(call)) {
      // What is known to kill is not displaced by what follows from it.
      if (!OF_GS.test(task.refused ?? "")) task.refused = call;
      if (!OF_GS.test(last ?? "")) last = call;
    }
    const signal = /^--- (SIG[A-Z0-9]+) /.exec(what)?.[1];
    if (signal !== undefined) {
      const instruction = /^[0-9a-f]+$/.test(place) ? Number.parseInt(place, 16) : undefined;
      task.signal = { line: what, name: signal, instruction };
    }
    const killed = /^\+\+\+ killed by (SIG[A-Z0-9]+)/.exec(what)?.[1];
    if (killed !== undefined && task.signal?.name === killed) {
      deaths.push({
        program: task.program,
        signal: killed,
        signalLine: task.signal.line,
        instruction: task.signal.instruction,
        address: /si_addr=(0x[0-9a-f]+|NULL)/.exec(task.signal.line)?.[1],
        refused: task.refused,
      });
    }
  }
  return { deaths, refused: last, startError: started ? undefined : startError };
}

function noteProgram(task: Task, what: string): void {
  const named = /^execve\("((?:[^"\\]|\\.)*)"/.exec(what)?.[1];
  if (named !== undefined) task.starting = named;
  if (task.starting !== undefined && /^(execve\(|<\.\.\. execve resumed>).*\) += 0$/.test(what)) {
    task.program = task.starting;
    delete task.refused;
  }
}

/** strace lines results up with blanks. */
function oneSpace(what: string): string {
  return what.replace(/\) +=/, ") =");
}
