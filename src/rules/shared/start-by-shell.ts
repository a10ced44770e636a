/** First lines that let /bin/sh start a script's interpreter, and that the interpreter passes over: how a path too long for #! is named. */

import type { FirstLine } from "./first-line.js";

/** A language whose interpreter can be started so. */
interface Language {
  /** Names of its interpreters. */
  readonly names: RegExp;
  /** Why this script must not be changed so; `rest` is what follows the first line, or the beginning of it. */
  readonly objection?: (line: FirstLine, rest: string) => string | undefined;
  /** The lines, from what a shell has to run and what the first line handed over behind the interpreter's name. */
  readonly lines: (start: (option?: string) => string, switches: string) => string[];
}

/** `-x` passes over everything in front of the first line that has `#!` and the name in it (perlrun, ruby's manual). */
const skipping = (name: string): Language => ({
  names: new RegExp(`^${name}[0-9.]*$`),
  objection: ({ argument }) => (/(^|\s)-\w*x/.test(argument) ? `${name} is to look for its beginning itself (-x)` : undefined),
  lines: (start, switches) => [start("-x"), `#!${name}${switches}`],
});

const languages: readonly Language[] = [
  {
    // As pip and uv do: to Python it is a string, to a shell it is exec.
    names: /^(python|pypy)[0-9.]*$/,
    objection: pythonsObjection,
    lines: (start) => [start().replace(/^exec/, "'''exec'"), "' '''"],
  },
  skipping("perl"),
  skipping("ruby"),
  {
    // A comment; the shell finds no such command and goes on. Lua itself passes over a first line with `#`.
    names: /^(lua[0-9.]*|luajit)$/,
    lines: (start) => [`--[[ 2>/dev/null; ${start()} #]]`],
  },
  {
    // A string that is not used, then a comment; "use strict" may follow a string.
    names: /^(node|nodejs)$/,
    lines: (start) => [`":" /* ; ${start()} # */;`],
  },
  {
    // In Tcl a comment goes on behind a backslash (tclsh(1) shows this way).
    names: /^tclsh[0-9.]*$/,
    lines: (start) => ["# \\", start()],
  },
  {
    // The shell that is asked for reads the line too, as the same process: then it goes on.
    names: /^(sh|ash|dash|bash|zsh)$/,
    objection: (_, rest) =>
      /\b(tail|head|dd|sed|awk|cut|od|unzip|tar)\b[^\n]*(\$\{?0\b|BASH_SOURCE)/.test(rest)
        ? "it reads itself by counts of lines or bytes, which another first line would move"
        : undefined,
    lines: (start) => [`case \${_sandfit-} in $$) unset _sandfit;; *) export _sandfit=$$; ${start()};; esac`],
  },
];

/** The lines in place of the first, without the last line feed; a reason where that cannot be. */
export function startByShell(line: FirstLine, rest: string): { lines: string } | { reason: string } {
  if (/["$`\\']/.test(line.text)) return { reason: "the first line holds characters that a shell takes for its own" };
  if (/\*\/|\]\]/.test(line.text)) return { reason: "the first line holds characters that end a comment" };
  const program = programOf(line);
  if (program === undefined) return { reason: "what env is to start cannot be told" };
  const { name, switches } = program;
  const language = languages.find(({ names }) => names.test(name));
  if (language === undefined) return { reason: `${name} reads no first lines that /bin/sh reads too` };
  const reason = language.objection?.(line, rest);
  if (reason !== undefined) return { reason };
  // One argument, however many words it has: that is what Linux hands over.
  const argument = line.argument === "" ? "" : ` "${line.argument}"`;
  const start = (option?: string): string =>
    `exec "${line.interpreter}"${argument}${option === undefined ? "" : ` ${option}`} "$0" "$@"`;
  return { lines: ["#!/bin/sh", ...language.lines(start, switches)].join("\n") };
}

/** The interpreter's name, behind `env` and its assignments too, and what follows it in the line. */
function programOf({ interpreter, argument }: FirstLine): { name: string; switches: string } | undefined {
  const own = baseOf(interpreter);
  const after = (words: readonly string[]): string => words.map((word) => ` ${word}`).join("");
  if (own !== "env") return { name: own, switches: argument === "" ? "" : ` ${argument}` };
  // Without -S env takes all of it for one name.
  if (!argument.startsWith("-S")) return /\s/.test(argument) ? undefined : { name: baseOf(argument), switches: "" };
  const words = argument.slice(2).trim().split(/\s+/);
  const at = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return at < 0 || words[at].startsWith("-") ? undefined : { name: baseOf(words[at]), switches: after(words.slice(at + 1)) };
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function pythonsObjection(_line: FirstLine, rest: string): string | undefined {
  const second = rest.split("\n", 1)[0];
  if (/^[ \t\f]*#.*?coding[:=]/.test(second))
    return "the second line says in what encoding the file is, and has to stay the second";
  if (/^from __future__ import/m.test(rest)) return "`from __future__` has to come before all that a shell could read";
  return undefined;
}
