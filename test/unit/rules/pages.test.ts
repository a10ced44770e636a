/** Every rule has its words and its page, and the page is what its record says. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { rulePage } from "../../../src/report/rule-page.js";
import { rules } from "../../../src/rules/index.js";

const root = new URL("../../../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("schema/report-1.json", root), "utf8"));
/** Pages that are about no rule. */
const OTHERS: readonly string[] = ["myths"];

describe.each(rules.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  test("has an id that the schema allows, and words", () => {
    expect(id).toMatch(new RegExp(schema.definitions.rule.pattern));
    expect(rule.words.title).not.toMatch(/\.$/);
    expect(rule.words.why.length).toBeGreaterThan(40);
    expect(rule.words.links.every((link) => link.startsWith("https://"))).toBe(true);
  });

  test("has a probe, or says why there is none", () => {
    expect((rule.probe === undefined) === (rule.words.page.unprobed !== undefined)).toBe(true);
  });

  test("has a page that is up to date (`npm run pages` writes it)", () => {
    expect(readFileSync(new URL(`docs/rules/${id}.md`, root), "utf8")).toBe(rulePage(rule));
  });
});

test("each id is there once, and each page has its rule", () => {
  const ids = rules.map((rule) => rule.id);
  expect(new Set(ids).size).toBe(ids.length);
  const pages = readdirSync(new URL("docs/rules/", root)).map((name) => name.replace(/\.md$/, ""));
  expect(pages.sort()).toEqual([...ids, ...OTHERS].sort());
});
