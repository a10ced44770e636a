/** A first line of more than 127 bytes: gVisor cuts it there, Linux reads twice as much. */

import { always } from "../sandbox/behaviour.js";
import { type Change, defineFileRule, type FileSubject, type Repair } from "./define.js";
import { type FirstLine, firstLineOf, GVISOR_READS, interpreterSource } from "./first-line.js";
import { change, site } from "./headers.js";
import { shebangLongProbe } from "./loader-probes.js";

export const shebangLong = defineFileRule({
  id: "shebang-long",
  fixable: true,
  words: {
    title: "#! line over 127 bytes",
    summary: ({ facts }) => `a first line of ${facts["length"]} bytes: gVisor cuts ${facts["cut"]} at byte ${GVISOR_READS}`,
    why: "gVisor reads 127 bytes of a script's first line and drops the rest without a word, so execve looks for an interpreter that is not there, or hands it half an argument. Linux since 5.1 reads 255.",
    remedy: (finding) =>
      (finding.repair?.refusals.length ?? 1) === 0
        ? "`sandfit fix` lets /bin/sh start the interpreter, as pip does for long paths"
        : "name the interpreter by a shorter path (a link), or start the script as `INTERPRETER SCRIPT`",
    links: [interpreterSource(36)],
    page: {
      program: "A script of an environment with a long path: conda, venv, Bazel, Nix, Spack.",
      known:
        "The first line, up to what Linux reads. Where the interpreter's own path goes beyond that, Linux refuses it too and nothing is reported.",
      remedy:
        "For Python, `sandfit fix` writes three lines in place of the first, which sh and Python read each in its way; pip and uv do the same:\n\n" +
        "```\n#!/bin/sh\n'''exec' \"/long/path/python3\" \"$0\" \"$@\"\n' '''\n```\n\n" +
        "It refuses where the second line says in what encoding the file is, or where `from __future__` follows a docstring, since either has to come first; " +
        "and for other interpreters.",
      evidence: "`shebang-long` in `test/proof/loader.test.ts`, with a real python3 behind a long path.",
    },
  },
  behaviour: always("fails"),
  probe: shebangLongProbe,
  signature: { execve: ["ENOENT", "EACCES", "ENOEXEC"] },
  async findInFile(subject) {
    const line = await firstLineOf(subject);
    if (line === undefined || line.text.length <= GVISOR_READS) return undefined;
    const cutsPath = line.interpreterEnd > GVISOR_READS;
    return {
      sites: [site(0, line.bytes, line.text, "first line")],
      facts: { length: line.text.length, cut: cutsPath ? "the interpreter's path" : "its argument" },
      repair: await repair(subject, line),
      ...(cutsPath ? {} : { behaviour: always("may-fail") }),
    };
  },
});

/** Enough to find an encoding and a `from __future__`, which come before all code. */
const HEAD = 1 << 16;

async function repair({ source }: FileSubject, line: FirstLine): Promise<Repair<Change>> {
  const refuse = (reason: string): Repair<Change> => ({ edits: [], refusals: [reason] });
  const name = line.interpreter.slice(line.interpreter.lastIndexOf("/") + 1);
  if (!/^(python|pypy)[0-9.]*$/.test(name)) return refuse(`${name} reads no first lines that /bin/sh reads too`);
  if (/["$`\\']/.test(line.text)) return refuse("the first line holds characters that a shell takes for its own");
  const rest = new TextDecoder("latin1").decode(await source.read(line.bytes.length + 1, HEAD));
  const second = rest.split("\n", 1)[0];
  if (/^[ \t\f]*#.*?coding[:=]/.test(second))
    return refuse("the second line says in what encoding the file is, and has to stay the second");
  if (/^from __future__ import/m.test(rest)) return refuse("`from __future__` has to come before all that a shell could read");
  const argument = line.argument === "" ? "" : ` ${line.argument}`;
  const lines = `#!/bin/sh\n'''exec' "${line.interpreter}"${argument} "$0" "$@"\n' '''`;
  const after = Uint8Array.from(lines, (letter) => letter.charCodeAt(0));
  return { edits: [change(0, line.bytes, after, "/bin/sh starts the interpreter")], refusals: [] };
}
