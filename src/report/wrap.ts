/** Wraps generated Markdown for reading as it is. */

const WIDTH = 120;

/** Paragraphs wrapped at 120 columns; headings, tables, lists and code stay as they are. */
export function wrapped(part: string): string {
  return part
    .split("\n\n")
    .map((paragraph) => (/^(```|\||- |#)/.test(paragraph) ? paragraph : wrapLines(paragraph).join("\n")))
    .join("\n\n");
}

/** The lines of one paragraph; a word that is longer stays whole. */
export function wrapLines(paragraph: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
