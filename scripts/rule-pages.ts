/**
 * Writes docs/rules/<id>.md from the rules' records and docs/differences/*.md from those of known differences. Run it with
 * `npm run pages` after changing one; tests hold them against each other.
 */

import { writeFileSync } from "node:fs";
import { differencePages } from "../src/report/difference-page.js";
import { rulePage } from "../src/report/rule-page.js";
import { rules } from "../src/rules/index.js";

for (const rule of rules) writeFileSync(new URL(`../docs/rules/${rule.id}.md`, import.meta.url), rulePage(rule));
for (const [name, text] of differencePages()) writeFileSync(new URL(`../docs/differences/${name}`, import.meta.url), text);
