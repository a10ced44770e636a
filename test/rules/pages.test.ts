/** Every rule has its words, its page, its place in the schema and in the README. */

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ruleIds } from "../../src/rules/define.js";
import { ruleById } from "../../src/rules/index.js";

const root = new URL("../../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("schema/report-1.json", root), "utf8"));
const readme = readFileSync(new URL("README.md", root), "utf8");

describe.each(ruleIds)("%s", (id) => {
  test("has words", () => {
    const { words } = ruleById[id];
    expect(words.title).not.toMatch(/\.$/);
    expect(words.why.length).toBeGreaterThan(40);
    expect(words.links.every((link) => link.startsWith("https://"))).toBe(true);
  });

  test("has a page that the README links", () => {
    const page = new URL(`docs/rules/${id}.md`, root);
    expect(existsSync(page)).toBe(true);
    expect(readFileSync(page, "utf8")).toContain(`# ${id}: ${ruleById[id].words.title.split(" (")[0]}`);
    expect(readme).toContain(`docs/rules/${id}.md`);
  });

  test("is in the schema", () => {
    expect(schema.definitions.rule.enum).toContain(id);
  });
});
