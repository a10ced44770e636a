/** A small shell script around a program: limits its memory, tells its exit code and the files it left, inside any sandbox. */

import { randomBytes } from "node:crypto";
import { signalOfCode } from "./ending.js";

export interface Watched {
  readonly command: readonly string[];
  readonly mark: string;
  /** Bytes of standard error to allow for what is added. */
  readonly room: number;
}

export interface Evidence {
  /** What the program itself wrote, byte for byte as latin1. */
  readonly stderr: string;
  /** A checksum a file, in order; undefined where the script did not come so far or has no tools for it. */
  readonly files: string | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** The shell's own words about a crash go to /dev/null; the program gets the true standard error. */
const SCRIPT = `m=$1; v=$2; shift 2; exec 3>&2 2>/dev/null
[ "$v" = - ] || ulimit -v "$v" || exit 125
(exec 2>&3 3>&-; exec "$@"); c=$?; exec >&3
printf '\\n%s %s\\n' "$m" "$c"
if command -v sha256sum >/dev/null && command -v find >/dev/null && command -v sort >/dev/null; then
printf 'files\\n'; find . ! -name . -type f -exec sha256sum {} + | sort -k2; find . ! -name . ! -type f | sort; fi
exit "$c"`;

/** Puts the script around a command. `maxMemory` in bytes of address space. */
export function watched(command: readonly string[], maxMemory: number | undefined): Watched {
  const mark = `sandfit-${randomBytes(12).toString("hex")}`;
  const limit = maxMemory === undefined ? "-" : `${Math.max(1, Math.floor(maxMemory / 1024))}`;
  return { command: ["/bin/sh", "-c", SCRIPT, "sh", mark, limit, ...command], mark, room: 1 << 20 };
}

/** Takes apart what the script wrote behind the program's standard error. */
export function readEvidence(bytes: Uint8Array, { mark }: Watched): Evidence {
  const text = Buffer.from(bytes).toString("latin1");
  const at = text.lastIndexOf(`\n${mark} `);
  if (at < 0) return { stderr: text, files: undefined, signal: undefined };
  const [, code = "", rest = ""] = /^\n\S+ (\d+)\n([\s\S]*)$/.exec(text.slice(at)) ?? [];
  const files = /(?:^|\n)files\n([\s\S]*)$/.exec(rest)?.[1];
  return { stderr: text.slice(0, at), files, signal: signalOfCode(Number(code)) };
}
