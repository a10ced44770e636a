/** Text from anywhere as Markdown (CommonMark 0.31 and GFM tables) that cannot become more than text. */

import { printable } from "../bytes/printable.js";

/** A Markdown table; a header of empty cells is allowed. Cells are Markdown already. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line), ""];
}

/** Text from anywhere as Markdown text: nothing in it makes a tag, a link or a line of its own; `code` in words of ours stays. */
export function inline(text: string): string {
  return printable(text)
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\<>&*_[\]]/g, (one) => `\\${one}`)))
    .join("");
}

/** Text from anywhere as a code span: fenced by more backquotes than it has in a row (CommonMark 0.31, 6.1). */
export function code(text: string): string {
  const safe = printable(text);
  const longest = Math.max(0, ...[...safe.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${safe}${fence}` : `${fence} ${safe} ${fence}`;
}

/** Lines as a code block, fenced by more backquotes than any of them has in a row. */
export function fenced(lines: readonly string[]): string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = "`".repeat(longest + 1);
  return [`${fence}text`, ...lines, fence];
}
