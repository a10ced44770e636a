/** Programs that move their thread state to %fs by rewriting their own code at start: what `sandfit fix --as ape` makes. */

import { always } from "../../gvisor/behaviour.js";
import { defineRule } from "../define.js";
import { moveToFs } from "../shared/move-to-fs.js";
import { isRepairedPortably } from "../shared/portable/repair.js";
import { portableSites } from "../shared/portable/sites.js";
import { siteAt } from "../shared/sites.js";

export const rewritesItself = defineRule({
  id: "rewrites-itself",
  fixable: true,
  words: {
    title: "rewrites its own code at start",
    summary: () => "moves its thread state to %fs at start, by its own rewriter: an APE for all systems that runs in gVisor",
    why:
      "gVisor lets a program write to its own code. Policies against that do not: under PR_SET_MDWE, systemd's MemoryDenyWriteExecute= and " +
      "SELinux without execmod it dies at start, on plain Linux too. Other systems than Linux are not concerned: the bytes that make it do so " +
      "ask for bit 0 of __hostos besides the bits that they asked for before, and that bit is set on Linux alone.",
    remedy: (finding) =>
      (finding.repair?.refusals.length ?? 0) === 0
        ? "nothing to do in gVisor; where nothing may write to code, use the ELF that `sandfit fix` makes of it"
        : "nothing to do in gVisor",
    links: [
      "https://github.com/jart/cosmopolitan/blob/4.0.2/libc/runtime/morph_tls.c",
      "https://github.com/jart/cosmopolitan/blob/4.0.2/libc/runtime/enable_tls.c",
      "https://man7.org/linux/man-pages/man2/PR_SET_MDWE.2const.html",
    ],
  },
  behaviour: always("runs"),
  async find(subject) {
    if (!subject.isCosmopolitan) return undefined;
    const analysis = await subject.code();
    if (!isRepairedPortably(analysis)) return undefined;
    const masks = portableSites(analysis)?.masks ?? [];
    const { edits, refusals, unproven } = moveToFs(analysis);
    return {
      sites: masks.map((site) => siteAt(analysis.code, site.position, "sends Linux to the rewriter")),
      repair: { edits, refusals, ...(unproven.length > 0 && { unproven }) },
    };
  },
});
