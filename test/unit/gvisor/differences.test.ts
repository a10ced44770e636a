/** Every record is complete, its words are words, and the pages are what the records say. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Question } from "../../../src/gvisor/differences/define.js";
import { differences } from "../../../src/gvisor/differences/index.js";
import { numberOf } from "../../../src/gvisor/differences/steps.js";
import { differencePages } from "../../../src/report/difference-page.js";

const folder = new URL("../../../docs/differences/", import.meta.url);
const callsOf = ({ call = [], of }: Question): string[] => [call, of === undefined ? [] : callsOf(of)].flat(2) as string[];

test.each(differences.map((one) => [one.id, one] as const))("%s is complete, and asks of calls that there are", (id, one) => {
  expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  expect(one.title).not.toMatch(/\.$/);
  expect(one.consequence).toMatch(/^.{10,}[^.]$/);
  expect((one.reports ?? []).every((link) => link.startsWith("https://"))).toBe(true);
  expect(one.asks.flatMap(callsOf).filter((call) => numberOf(call) === undefined)).toEqual([]);
  // Nothing that protected somebody is made up.
  if (one.kind === "security") expect(["never", "none"]).toContain(one.cure.how);
});

test("each id is there once", () => {
  const ids = differences.map(({ id }) => id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

describe("pages (`npm run pages` writes them)", () => {
  const pages = differencePages();
  test.each([...pages])("%s is up to date", (name, text) => {
    expect(readFileSync(new URL(name, folder), "utf8")).toBe(text);
  });
  test("there are no others", () => {
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  });
  test("links lead to a heading of a page", () => {
    const headings = new Map(
      [...pages].map(([name, text]) => [
        name,
        [...text.matchAll(/^## (.+)$/gm)].map(([, title]) =>
          title!
            .toLowerCase()
            .replaceAll(/[^\w -]/g, "")
            .replaceAll(" ", "-"),
        ),
      ]),
    );
    for (const [name, text] of pages)
      for (const [, page, heading] of text.matchAll(/\]\(([\w-]*(?:\.md)?)#([^)]+)\)/g))
        expect(headings.get(page || name), `${name}: ${page}#${heading}`).toContain(heading);
  });
});
