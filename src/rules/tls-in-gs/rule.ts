/** Thread state through %gs, and nothing through %fs: Cosmopolitan v3.3 to v4.0.2. Can be moved to %fs byte by byte. */

import { ArchCode } from "../../code/abi.js";
import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { type Analysis, defineRule, type Finding } from "../define.js";
import { UNDER_QEMU } from "../shared/emulation.js";
import { canSetGs, setGsPatterns, setGsProbe, usesFs } from "../shared/gs.js";
import { moveToFs } from "../shared/move-to-fs.js";
import { portableRepair, readsThroughGs, unfinishedRepair } from "../shared/portable/repair.js";

export const tlsInGs = defineRule({
  id: "tls-in-gs",
  fixable: true,
  words: {
    title: "thread state through %gs",
    summary: ({ facts }) =>
      facts["missing"] === ""
        ? `${facts["reads"]} accesses to thread state through %gs, ${facts["sets"]} arch_prctl(ARCH_SET_GS) or ARCH_GET_GS`
        : `${facts["reads"]} accesses to thread state through %gs; a repair that keeps an APE portable is half done, missing: ${facts["missing"]}`,
    why:
      "gVisor answers ARCH_SET_GS with EINVAL and the program does not look. Under ptrace and kvm the %gs base stays 0, so the first access " +
      "crashes; under systrap %gs points to gVisor's own memory, so the program works on that and mostly dies later, sometimes after right output.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? `\`sandfit fix\` moves the thread state to %fs: same length, same instructions, and plain Linux runs it as before${portableWords(finding)}`
        : `cannot be moved to %fs safely in this file; build it with Cosmopolitan's current source, which uses %fs on Linux, ${UNDER_QEMU}`,
    links: [
      gvisorSource("pkg/sentry/syscalls/linux/sys_tls_amd64.go", 48),
      gvisorSource("pkg/sentry/platform/systrap/subprocess_amd64.go", 214),
    ],
  },
  behaviour: always("fails"),
  probe: setGsProbe,
  signature: { signals: ["SIGSEGV"], instruction: /%gs:/ },
  patterns: setGsPatterns,
  async find(subject) {
    const mayBeUnfinished = subject.isCosmopolitan;
    if (!mayBeUnfinished && !(await canSetGs(subject))) return undefined;
    const analysis = await subject.code();
    if (!readsThroughGs(analysis) || usesFs(subject, analysis)) return undefined;
    const unfinished = mayBeUnfinished ? unfinishedRepair(analysis) : undefined;
    if (unfinished === undefined && !setsGs(analysis)) return undefined;
    const { sites, leftAlone, edits, refusals, unproven, reads, sets } = moveToFs(analysis);
    const doubts = unproven.length === 0 ? {} : { unproven };
    return {
      sites,
      leftAlone,
      facts: { reads, sets, missing: unfinished?.words ?? "" },
      repair: { edits, refusals, ...doubts },
      ...(subject.image.kind === "ape" && { portable: { ...portableRepair(analysis), ...doubts } }),
      // Without the third class alone everything runs that does not ask for its thread in privileged code.
      ...(unfinished?.runsAtFirst && { behaviour: always("may-fail") }),
    };
  },
});

function setsGs(analysis: Analysis): boolean {
  return analysis.archPrctls.some((call) => call.code === ArchCode.SET_GS);
}

/** For authors of an APE. */
function portableWords({ portable, facts }: Finding): string {
  if (portable === undefined || portable.refusals.length > 0) return "";
  const what = facts["missing"] === "" ? "keeps" : "finishes what was begun and keeps";
  return `; for authors: \`sandfit fix --as ape\` ${what} one file for all systems`;
}
