/** The pages of the rules, as they stand in the repository. */

import { readFileSync } from "node:fs";

export function readPage(id: string): string {
  return readFileSync(new URL(`../../src/rules/${id}/page.md`, import.meta.url), "utf8");
}

/** What stands below a heading of a page; undefined where it has none such. */
export function sectionOf(page: string, heading: string): string | undefined {
  return page
    .split(/^## /m)
    .find((section) => section.startsWith(`${heading}\n`))
    ?.slice(heading.length)
    .trim();
}
