/** Blanks at the end of a script's first line: gVisor hands them to the interpreter. */

import { always } from "../../gvisor/behaviour.js";
import { defineFileRule } from "../define.js";
import { firstLineOf, GVISOR_READS, interpreterSource } from "../shared/first-line.js";
import { change, site } from "../shared/headers.js";
import { shebangTrailingBlankProbe } from "../shared/loader-probes.js";

export const shebangTrailingBlank = defineFileRule({
  id: "shebang-trailing-blank",
  fixable: true,
  words: {
    title: "blanks at the end of a #! line",
    summary: ({ facts }) => `the interpreter's argument becomes ${JSON.stringify(facts["argument"])}, with the blanks`,
    why: 'gVisor leaves blanks at the end of the line in the interpreter\'s argument, so that /bin/sh gets "-e " and env looks for "python3 ". Linux strips them.',
    remedy: () => "`sandfit fix` moves the blanks to the front of the interpreter, where they do no harm",
    links: [interpreterSource(80)],
  },
  behaviour: always("fails"),
  probe: shebangTrailingBlankProbe,
  async findInFile(subject) {
    const line = await firstLineOf(subject);
    if (line === undefined || line.trailing === "" || line.argument === "") return undefined;
    const { bytes, trailing } = line;
    const end = bytes.length - trailing.length;
    // Longer ones are shebang-long's, whose repair leaves no blanks.
    if (end > GVISOR_READS) return undefined;
    // In front of the interpreter they count towards what gVisor reads.
    const isRoom = bytes.length <= GVISOR_READS;
    const parts = [bytes.subarray(0, 2), ...(isRoom ? [bytes.subarray(end)] : []), bytes.subarray(2, end)];
    const after = Uint8Array.from(parts.flatMap((part) => [...part]));
    const what = isRoom ? "the blanks go in front of the interpreter" : "the blanks go";
    return {
      sites: [site(0, bytes, line.text.trim(), "first line")],
      facts: { argument: line.argument + trailing },
      repair: { edits: [change(0, bytes, after, what)], refusals: [] },
    };
  },
});
