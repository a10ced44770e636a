/** Wraps generated Markdown, and text for a terminal. */

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

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
const colours = /\x1b\[[0-9;]*m/g;
const visibleLength = (text: string): number => text.replace(colours, "").length;
/** Narrower terminals get long lines all the same. */
const LEAST_WIDTH = 40;

/** Wraps every line of a text at `width` columns, what follows two columns further in; colours do not count. */
export function folded(text: string, width: number | undefined): string {
  if (width === undefined || width < LEAST_WIDTH) return text;
  return text
    .split("\n")
    .map((line) => foldedLine(line, width))
    .join("\n");
}

function foldedLine(line: string, width: number): string {
  if (visibleLength(line) <= width) return line;
  const indent = /^ */.exec(line)![0];
  const lines: string[] = [];
  let current = "";
  for (const word of line.trimStart().split(" ")) {
    const isFirst = lines.length === 0;
    const next = current === "" ? `${indent}${isFirst ? "" : "  "}${word}` : `${current} ${word}`;
    if (current !== "" && visibleLength(next) > width) {
      lines.push(current.trimEnd());
      current = `${indent}  ${word}`;
    } else current = next;
  }
  return [...lines, current].join("\n");
}
