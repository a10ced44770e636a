/** What of all that a probe finds most people meet, and whom it bites: for the short answer of `sandfit probe`. */

import { findDifference } from "../gvisor/differences/index.js";

/** Who meets a refusal and what helps. */
interface Bite {
  readonly words: string;
  readonly help?: string;
}

/** Those of rules, whose pages are about files; the others have the words or the title of their records. The order is that of the answer. */
const common: Readonly<Record<string, Bite | "as recorded" | "title">> = {
  "arch-set-gs": {
    words: "Programs built with Cosmopolitan Libc v3.3 to v4.0.2 (make, lua, curl, zip, redbean, llamafile …) crash",
    help: "`sandfit check FILE`, `sandfit fix FILE`",
  },
  growsdown: {
    words: "Threads of Cosmopolitan programs that need more than one page of stack crash",
    help: "`sandfit check FILE`, `sandfit fix FILE`",
  },
  "wrong-class": { words: "32-bit programs do not start", help: "a 64-bit build, or qemu-user" },
  "shebang-long": { words: "Scripts with a long #! line do not start", help: "`sandfit fix FILE`" },
  "netlink-sock-diag": "as recorded",
  "netlink-netfilter": "as recorded",
  "perf-event-open": "as recorded",
  "io-uring": "as recorded",
  "personality-no-randomize": "as recorded",
  "proc-partitions": "as recorded",
  "proc-vmstat": "as recorded",
  "udp-segment": "title",
  fanotify: "as recorded",
  "pidfd-open": "as recorded",
  // What protects somebody elsewhere, and here does nothing.
  "ktls-clear-text": "title",
  "socket-filter": "title",
  "so-bindtoifindex": "title",
  "ip-minttl": "title",
};

/** The probes that the short answer names. */
export const commonProbes: readonly string[] = Object.keys(common);

/** One sentence, with what helps, without a full stop. */
export function biteWords(id: string): string {
  const bite = common[id];
  if (bite === undefined) return id;
  if (typeof bite === "object") return bite.help === undefined ? bite.words : `${bite.words}; what helps: ${bite.help}`;
  const record = findDifference(id);
  if (record === undefined) return id;
  if (bite === "title") return record.title;
  const help = record.remedies?.flatMap((remedy) => ("option" in remedy ? remedy.option : []))[0];
  return help === undefined ? record.consequence : `${record.consequence}; what helps: ${help}`;
}
