/** What a plan says about results that stay one file for all systems: why not, at what cost, and when to want one. */

import type { FileReport, ViewReport } from "../check/model.js";
import type { Image } from "../image/image.js";
import type { Edit, Finding } from "../rules/define.js";
import type { RuleId } from "../rules/ids.js";
import type { ResultForm } from "./form.js";

/** The program rewrites itself (`__morph_begin`, libc/runtime/morph.c): what follows from that. */
const SELF_REWRITING =
  "the program now rewrites its own code at start, so policies against writable code forbid it: PR_SET_MDWE, systemd's " +
  "MemoryDenyWriteExecute=, SELinux without execmod; there use the ELF that `sandfit fix` writes without --as ape";

const DLOPEN_ELSEWHERE =
  "cosmo_dlopen answers that it is not supported on FreeBSD and NetBSD as well; Windows and macOS on ARM have ways of their own there and " +
  "keep it, OpenBSD and macOS on x86-64 never had it";
/** A build without a loader: what `ape-not-elf` says of it. */
const CHANGES_ITSELF =
  "it stays that only until a shell starts it: it has no loader to unpack, so its first start writes an ELF header over its own first 64 " +
  "bytes (the file has to be writable), and `sh ./file` is a syntax error from then on; keep a copy that was never started, or build it with a " +
  "loader (apelink -l)";

/** Why a file cannot be repaired and stay an APE, apart from what the repairs themselves say. */
export function portableRefusals(image: Image, findings: readonly Finding[]): string[] {
  if (image.kind !== "ape")
    return [
      `--as ape: ${image.name} is no APE${image.kind === "elf" ? " but an ELF already, which `sandfit fix` repairs without --as ape" : ""}`,
    ];
  // What is harmless needs no repair, and what nothing repairs is refused for every form.
  const isUnknown = (finding: Finding) =>
    finding.portable === undefined &&
    finding.repair !== undefined &&
    Object.values(finding.effects).some((effect) => effect.consequence !== "runs");
  return findings.filter(isUnknown).map((finding) => `${finding.rule}: no repair is known that leaves other systems as they are`);
}

/** What a reader should know of such a result. */
export function portableWarnings(form: ResultForm, report: FileReport, view: ViewReport, repairs: readonly RuleId[]): string[] {
  if (form === "elf") return [];
  const others = report.views.filter((other) => other !== view);
  const left = others.flatMap((other) => other.findings.filter((finding) => finding.repair?.edits.length).map(nameOf));
  return [...(repairs.includes("tls-in-gs") ? [SELF_REWRITING] : []), ...left.map((name) => `the ${name} is left as it is`)];
}

function nameOf(finding: Finding): string {
  return `${finding.rule} of the ${finding.machine} program`;
}

/** Why the result is of this form, and when another would serve better. */
export function notesOf(form: ResultForm, image: Image, view: ViewReport, edits: readonly Edit[]): string[] {
  if (edits.length === 0) return [];
  if (form === "ape") {
    // The one byte that switches cosmo_dlopen off asks nothing (libc/dlopen/dlopen.c).
    const switchesOff = edits.some((edit) => edit.rule === "cosmo-dlopen" && edit.after === "c3");
    return [
      "the file stays one for all systems: Windows, macOS, FreeBSD, NetBSD, OpenBSD and bare metal load these bytes too, but each " +
        `${switchesOff ? "(cosmo_dlopen's apart) " : ""}asks for bit 0 of __hostos, which is set on Linux alone, or stands behind such a question`,
      ...(switchesOff ? [DLOPEN_ELSEWHERE] : []),
      ...(image.ape?.changesItself ? [CHANGES_ITSELF] : []),
    ];
  }
  if (image.kind !== "ape") return [];
  const staysApe = view.findings.filter((finding) => finding.portable !== undefined);
  if (staysApe.length === 0) return ["a native ELF for Linux serves best in a sandbox: it starts without a shell"];
  const reason = staysApe.flatMap((finding) => finding.portable?.refusals ?? [])[0];
  return [
    "a native ELF for Linux serves best in a sandbox: it starts without a shell and does not write to its own code",
    reason === undefined
      ? "authors of an APE that has to stay one file for all systems: `sandfit fix --as ape`"
      : `it cannot stay one file for all systems (--as ape): ${reason}`,
  ];
}
