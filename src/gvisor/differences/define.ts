/** What a known difference between Linux and gVisor is: as data, for `differences`, `probe`, `why`, `run` and the pages. */

import type { Assembler } from "../../asm/assembler.js";
import type { Outcome, TestStep } from "../../asm/small-test.js";

/** What stands in the way of a program, worst first. */
export const kinds = ["security", "silent", "dies", "refused", "missing", "value"] as const;
/**
 * "security": gVisor says yes, does something else, and what is lost protected somebody. "silent": it says yes and does something else.
 * "dies": a process is killed or hangs. "refused": an error. "missing": a file that is not there. "value": another answer.
 */
export type Kind = (typeof kinds)[number];

/** The groups that records are kept in, each with a page of its own. */
export const subjects = {
  "sockets-silent": "socket options and flags with another effect",
  "sockets-unread": "socket options that are thrown away",
  sockets: "sockets: families, options, flags",
  netlink: "netlink",
  files: "files and their attributes",
  locks: "fcntl, locks, pipes",
  fuse: "FUSE",
  proc: "files under /proc",
  sys: "files under /sys and /dev",
  processes: "processes: prctl, namespaces, identity",
  seccomp: "seccomp, Landlock, eBPF, keys",
  scheduling: "scheduling, limits, semaphores, futexes",
  memory: "memory",
  signals: "signals",
  time: "clocks and timers",
  terminals: "terminals",
  mounts: "mounts and file systems",
  calls: "system calls that gVisor lacks",
} as const;
/** One of them. */
export type Subject = keyof typeof subjects;

/**
 * A condition on one argument: its low 32 bits are one of these, none of these, or have at least one of these bits. A text is compared
 * with what the argument points to; a last `*` stands for anything.
 */
export type ArgumentIs = number | string | readonly number[] | { readonly not: readonly number[] } | { readonly bits: number };

/** What a program asks: a call, and what its arguments must be; or a path, whatever the call. Both must hold where both are given. */
export interface Question {
  /** The name of a system call, or of one of several. */
  readonly call?: string | readonly string[];
  /** By position, from 0. */
  readonly args?: Readonly<Record<number, ArgumentIs>>;
  /** `*` stands for one name and a last `**` for this and all that is below. */
  readonly path?: string;
  /** The call that made its descriptor. */
  readonly of?: Question;
  /** What the call answers in gVisor: "ok", or error names; default: what the probe saw. */
  readonly answers?: readonly string[];
}

/** Something that helps, for a user to choose. */
export type Remedy =
  /** A flag of runsc. What the probe answers with it is in answers.json. */
  | { readonly flag: string; readonly note?: string }
  /** A setting of the program or of the container, or other means: from what is known of the program, not from a run here. */
  | { readonly option: string };

/** Why an answer is never made up. */
export type Forbidden = "security" | "privacy" | "durability" | "locking" | "accounting";

/** How a program may be given the answer that it needs, without harm to anybody. */
export type Cure =
  /** A file that is missing; its content where it is a constant, and where it comes from otherwise. */
  | { readonly how: "file"; readonly content: string; readonly constant: boolean }
  /** A constant answer to a question. */
  | { readonly how: "answer"; readonly answer: string }
  /** The same call without what is refused. */
  | { readonly how: "without"; readonly drop: string }
  /** Never, and why. */
  | { readonly how: "never"; readonly reason: Forbidden; readonly because: string }
  /** No answer helps: what is missing is the effect. */
  | { readonly how: "none"; readonly because: string };

/** A line of gVisor's source, at the commit of `gvisorSource`. */
export interface SourceLine {
  readonly path: string;
  /** None where the point is that something is not there. */
  readonly line?: number;
}

/** How a difference is shown. */
export interface DifferenceProbe {
  /** The outcome of the last step is the answer, unless it is code. */
  readonly steps: readonly TestStep[] | ((a: Assembler) => void);
  /** Words for what it returned, by number. */
  readonly words?: Readonly<Record<number, string>> & { readonly other?: string };
  /** Show the number. */
  readonly number?: true;
  /** In a sandbox of its own: it harms what runs after it. */
  readonly alone?: true;
  /**
   * `sandfit probe` tries it too: harmless, and the same for every user. Either whenever the answer is not Linux's, or where this holds,
   * for calls with senseless arguments.
   */
  readonly anywhere?: true | ((outcome: Outcome) => boolean);
}

/** One known difference. gVisor's answers are not in it: a run wrote them into answers.json. */
export interface Difference {
  readonly id: string;
  readonly subject: Subject;
  /** What differs, without a full stop. */
  readonly title: string;
  readonly kind: Kind;
  readonly asks: readonly Question[];
  readonly linux: {
    /** What the probe answers there. */
    readonly answer: string;
    /** Only from Linux's documentation: this kind of machine cannot be asked. A run compares all others. */
    readonly documented?: true;
    /** The first kernel that answers so. */
    readonly since?: string;
  };
  /** Who meets it, and what happens then. */
  readonly consequence: string;
  readonly remedies?: readonly Remedy[];
  readonly source?: readonly SourceLine[];
  /** Public reports. */
  readonly reports?: readonly string[];
  readonly probe: DifferenceProbe;
  readonly cure: Cure;
  /** What else users must know of it, in paragraphs: it has a page of its own then, as a security notice. */
  readonly notice?: readonly string[];
}

/** A record before it knows its file. */
export type Draft = Omit<Difference, "subject">;

/** The records of one file. */
export function about(subject: Subject, drafts: readonly Draft[]): readonly Difference[] {
  return drafts.map((draft) => ({ ...draft, subject }));
}

/** A line of gVisor's kernel, below pkg/sentry. */
export const sentry = (path: string, line?: number): SourceLine => ({
  path: `pkg/sentry/${path}`,
  ...(line !== undefined && { line }),
});

/** An issue or pull request of google/gvisor. */
export const issue = (number: number): string => `https://github.com/google/gvisor/issues/${number}`;

/** sendto, sendmsg and sendmmsg with one of these flags. */
export const sends = (bits: number): Question[] => [
  { call: ["sendto", "sendmmsg"], args: { 3: { bits } } },
  { call: "sendmsg", args: { 2: { bits } } },
];
/** recvfrom, recvmsg and recvmmsg with one of these flags. */
export const receives = (bits: number): Question[] => [
  { call: ["recvfrom", "recvmmsg"], args: { 3: { bits } } },
  { call: "recvmsg", args: { 2: { bits } } },
];
