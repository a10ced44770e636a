/** The page of shebang-long. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "A script of an environment with a long path: conda, venv, Bazel, Nix, Spack. Or one with much behind `#!/usr/bin/env -S`.",
  known:
    "The first line, up to what Linux reads. Where the interpreter's own path goes beyond that, Linux refuses it too and " +
    "nothing is reported.",
  remedy:
    "`sandfit fix` puts `#!/bin/sh` in front and lets the shell start the interpreter, in lines that the interpreter " +
    "passes over:\n\n" +
    "```\n" +
    'python, pypy    \'\'\'exec\' "/long/path/python3" "$0" "$@"\n' +
    "                ' '''\n" +
    'perl, ruby      exec "/long/path/perl" "-w" -x "$0" "$@"\n' +
    "                #!perl -w\n" +
    'lua, luajit     --[[ 2>/dev/null; exec "/long/path/lua" "$0" "$@" #]]\n' +
    'node            ":" /* ; exec "/long/path/node" "$0" "$@" # */;\n' +
    "tclsh           # \\\n" +
    '                exec "/long/path/tclsh" "$0" "$@"\n' +
    `sh, ash, dash,  case \${_sandfit-} in $$) unset _sandfit;; *) export _sandfit=$$;\n` +
    'bash, zsh         exec "/long/path/bash" "$0" "$@";; esac     (one line)\n' +
    "```\n\n" +
    "The interpreter gets what it got before, the argument of the first line in one piece as Linux hands it over; `env -S` " +
    "stays in front. Lines are counted one or two further on, but in Perl. pip and uv do the same for Python.\n\n" +
    "It refuses where a shell script reads itself by counts (tail, dd and their kind with $0), where Python's second line says in what encoding the file is or `from __future__` follows, since either " +
    "has to come first; where the line holds quotes, `$`, `*/` or `]]`; and for other interpreters. PHP prints what stands " +
    "in front of `<?php`, in awk every line is a rule that is applied to the input, and for R, fish and csh no line is " +
    "known that they pass over and a shell does not. Deno, Bun and ksh were not run.",
  evidence:
    "`shebang-long` in `test/proof/loader.test.ts`, and a script of each language in `test/proof/shebang.test.ts`, with " +
    "arguments, input and an exit code: it does not start in any release and platform, and does what it did on the host " +
    "in all of them after `sandfit fix`.",
};
