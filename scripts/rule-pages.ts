/**
 * Brings the generated block of each src/rules/<id>/page.md up to date, and writes docs/rules/README.md, which lists them, and
 * docs/differences/*.md from the records of known differences. Run it with `npm run pages` after changing one; tests hold them against
 * each other.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { differencePages } from "../src/report/difference-page.js";
import { rules } from "../src/rules/index.js";
import { indexPage, refreshed, skeleton } from "./rule-page.js";

const root = new URL("../", import.meta.url);

for (const rule of rules) {
  const page = new URL(`src/rules/${rule.id}/page.md`, root);
  writeFileSync(page, refreshed(existsSync(page) ? readFileSync(page, "utf8") : skeleton(rule), rule));
}
writeFileSync(new URL("docs/rules/README.md", root), indexPage(rules));
for (const [name, text] of differencePages()) writeFileSync(new URL(`docs/differences/${name}`, root), text);
