/** An investigation as one HTML page that asks for nothing else: for a screen, a phone and paper, with and without scripts. */

import { Marked } from "marked";
import { outcomeOf, worst } from "../check/model.js";
import type { Investigation } from "./investigation.js";
import { renderMarkdown } from "./markdown.js";

/** Wide tables break their cells instead of running off a page or a phone. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --soft: #f2f4f6; --line: #d5d9de; --accent: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6ea; --paper: #16181b; --soft: #22262b; --line: #3a4048; --accent: #7fb6f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
.runs h1 + p, .fails h1 + p, .open h1 + p { border-left: .3rem solid; padding: .3rem .8rem; background: var(--soft); }
.runs h1 + p { border-color: #2e8540; }
.fails h1 + p { border-color: #c62828; }
.open h1 + p { border-color: #c77700; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .86em; }
code { background: var(--soft); padding: .08em .3em; border-radius: 3px; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .8rem; white-space: pre-wrap; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0 1.2rem; font-size: .93em; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; }
th { background: var(--soft); }
th, td[data-name="address"], td[data-name="file offset"] { white-space: nowrap; }
thead:not(:has(th:not(:empty))) { display: none; }
li { margin: .2rem 0; }
@media (max-width: 40rem) {
  body { font-size: 15px; padding: 1rem .7rem 3rem; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 .7rem; padding: .2rem .4rem; }
  td { border: 0; padding: .15rem .2rem; }
  td[data-name]:not([data-name=""])::before { content: attr(data-name) ": "; opacity: .7; }
  td:empty { display: none; }
}
@media print {
  :root { --ink: #000; --paper: #fff; --soft: #f4f4f4; --line: #bbb; --accent: #000; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h1, h2, h3 { break-after: avoid; }
  tr, pre { break-inside: avoid; }
}
`;

/** The whole page. Text from files is escaped: a name cannot become a tag, a link or a script. */
export async function renderHtml(investigation: Investigation): Promise<string> {
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      // What looks like HTML in the Markdown is text.
      html: ({ text }) => escaped(text),
      image: ({ text }) => escaped(text),
      table({ header, rows }) {
        const names = header.map((cell) => cell.text);
        const head = header.map((cell) => `<th>${this.parser.parseInline(cell.tokens)}</th>`).join("");
        const body = rows.map(
          (row) =>
            `<tr>${row.map((cell, i) => `<td data-name="${escaped(names[i])}">${this.parser.parseInline(cell.tokens)}</td>`).join("")}</tr>`,
        );
        return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table>\n`;
      },
    },
  });
  const body = await marked.parse(renderMarkdown(investigation));
  const title = escaped(`${investigation.subject.name} in gVisor`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body class="${colourOf(investigation)}">
${body}</body>
</html>
`;
}

/** For the sentence at the top: green where nothing was found, red where something will not run. */
function colourOf({ programs, errors }: Investigation): string {
  const outcome = worst(programs.map(({ report }) => outcomeOf(report)));
  return outcome === "fails" ? "fails" : outcome === "runs" && errors.length === 0 ? "runs" : "open";
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
