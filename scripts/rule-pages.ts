/** Writes docs/rules/<id>.md from the rules' records. Run it with `npm run pages` after changing a rule; a test holds them against each other. */

import { writeFileSync } from "node:fs";
import { rulePage } from "../src/report/rule-page.js";
import { rules } from "../src/rules/index.js";

for (const rule of rules) writeFileSync(new URL(`../docs/rules/${rule.id}.md`, import.meta.url), rulePage(rule));
