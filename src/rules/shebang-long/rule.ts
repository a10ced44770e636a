/** A first line of more than 127 bytes: gVisor cuts it there, Linux reads twice as much. */

import { always } from "../../gvisor/behaviour.js";
import { type Change, defineFileRule, type FileSubject, type Repair } from "../define.js";
import { type FirstLine, firstLineOf, GVISOR_READS, interpreterSource } from "../shared/first-line.js";
import { change, site } from "../shared/headers.js";
import { shebangLongProbe } from "../shared/loader-probes.js";
import { startByShell } from "../shared/start-by-shell.js";

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
  },
  behaviour: always("fails"),
  probe: shebangLongProbe,
  signature: { execve: ["ENOENT", "EACCES", "ENOEXEC"] },
  async findInFile(subject) {
    const line = await firstLineOf(subject);
    if (line === undefined || line.text.length - line.trailing.length <= GVISOR_READS) return undefined;
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
  const rest = new TextDecoder("latin1").decode(await source.read(line.bytes.length + 1, HEAD));
  const started = startByShell(line, rest);
  if ("reason" in started) return { edits: [], refusals: [started.reason] };
  const after = Uint8Array.from(started.lines, (letter) => letter.charCodeAt(0));
  return { edits: [change(0, line.bytes, after, "/bin/sh starts the interpreter")], refusals: [] };
}
