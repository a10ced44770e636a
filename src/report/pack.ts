/** What a package holds, as people read it. */

import { printable } from "../bytes/printable.js";
import type { LeftOut, Manifest, PackedFile } from "./pack-model.js";
import type { Paint } from "./paint.js";
import { bytesWords, consequenceWords, plural } from "./words.js";

/** Program by program, then what else was changed, then where it is; ends with a line feed. */
export function renderPackage(manifest: Manifest, output: string, paint: Paint): string {
  const programs = manifest.files.filter(({ program }) => program !== null);
  const widest = Math.max(0, ...[...programs, ...manifest.leftOut].map(({ path }) => printable(path).length));
  let text = "";
  for (const file of programs) text += `${printable(file.path).padEnd(widest)}   ${programWords(file, paint)}\n`;
  for (const one of manifest.leftOut) text += leftOutLines(one, widest, paint);
  for (const { path, state } of manifest.env) {
    if (state !== "replaced") text += `  ${paint.dim("note")} ${printable(path)} ${state === "made" ? "was made" : "was kept"}\n`;
  }
  for (const note of manifest.notes) text += `  ${paint.dim("note")} ${note}\n`;
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const counts = [
    plural(manifest.files.length, "file"),
    plural(programs.length, "program"),
    `${programs.filter(({ program }) => program!.edits.length > 0).length} of them fixed`,
    ...(manifest.leftOut.length > 0 ? [`${manifest.leftOut.length} left out`] : []),
    bytesWords(size),
  ];
  return `${text}${paint.green("wrote")} ${printable(output)}   ${counts.join(", ")}\n`;
}

function programWords({ program }: PackedFile, paint: Paint): string {
  const { edits, verdict, rules, machine, warnings } = program!;
  const what = machine === "any" ? "script" : machine;
  const after = verdict.after === "runs" ? paint.green("runs") : paint.yellow(consequenceWords[verdict.after]);
  const words =
    edits.length === 0
      ? `${after}, ${what}, carried over as it is`
      : `${after}, ${what}, fixed: ${plural(edits.length, "edit")} (${rules.join(", ")})`;
  return [words, ...warnings.map((warning) => `\n  ${paint.yellow("warning")} ${warning}`)].join("");
}

function leftOutLines({ path, reasons }: LeftOut, widest: number, paint: Paint): string {
  const [first, ...more] = reasons;
  const lines = [`${printable(path).padEnd(widest)}   ${paint.red("left out")}: ${printable(first ?? "")}`];
  return [...lines, ...more.map((reason) => `  ${printable(reason)}`), ""].join("\n");
}
