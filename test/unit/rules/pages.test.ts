/** Every rule has its words and its page, and what the page says of data is what the data say. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { headings, indexPage, refreshed } from "../../../scripts/rule-page.js";
import { rules } from "../../../src/rules/index.js";
import { readPage, sectionOf } from "../../support/rule-page.js";

const root = new URL("../../../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("schema/report-1.json", root), "utf8"));

describe.each(rules.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  const page = readPage(id);

  test("has an id that the schema allows, and words", () => {
    expect(id).toMatch(new RegExp(schema.definitions.rule.pattern));
    expect(rule.words.title).not.toMatch(/\.$/);
    expect(rule.words.why.length).toBeGreaterThan(40);
    expect(rule.words.links.every((link) => link.startsWith("https://"))).toBe(true);
  });

  test("has a page with all that a page says, and with why there is no probe just where there is none", () => {
    for (const heading of headings.slice(0, -1)) expect(sectionOf(page, heading)).toMatch(/\w/);
    expect(sectionOf(page, headings.at(-1)!) !== undefined).toBe(rule.probe === undefined);
  });

  test("has a page whose generated block is up to date (`npm run pages` writes it)", () => {
    expect(page).toBe(refreshed(page, rule));
  });
});

test("each id is there once, and each page has its rule", () => {
  const ids = rules.map((rule) => rule.id);
  expect(new Set(ids).size).toBe(ids.length);
  const folders = readdirSync(new URL("src/rules/", root), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...ids, "shared"].sort());
  expect(readFileSync(new URL("docs/rules/README.md", root), "utf8")).toBe(indexPage(rules));
});

/** Files with links to pages of rules. */
const linking = [
  "README.md",
  ...["authors", "portable-ape", "rules/README", "rules/myths"].map((name) => `docs/${name}.md`),
  ...rules.map(({ id }) => `src/rules/${id}/page.md`),
];

test.each(linking)("links of %s to files lead somewhere", (path) => {
  const file = new URL(path, root);
  const targets = [...readFileSync(file, "utf8").matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map(([, target]) => target!);
  expect(targets.filter((target) => !existsSync(new URL(target, file)))).toEqual([]);
});
