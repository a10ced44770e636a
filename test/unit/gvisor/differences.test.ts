/** Every record is complete, its words are words, and the pages are what the records say. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Question } from "../../../src/gvisor/differences/define.js";
import { differences } from "../../../src/gvisor/differences/index.js";
import { numberOf } from "../../../src/gvisor/differences/steps.js";
import { differencePages } from "../../../src/report/difference-page.js";
import type { DifferenceReport } from "../../../src/report/differences.js";
import { expectSentence, sandfit } from "../../support/cli.js";
import { conforming } from "../../support/schema.js";

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

describe("sandfit differences", () => {
  test("lists all, or those of a kind", async () => {
    const all = await sandfit(["differences"]);
    expect(all.exitCode).toBe(0);
    expect(all.stdout.trimEnd().split("\n")).toHaveLength(differences.length);
    const some = await sandfit(["differences", "--kind", "security"]);
    expect(some.stdout).toContain("ktls-clear-text");
    expect(some.stdout.split("\n").length).toBeLessThan(20);
  });

  test("explains one", async () => {
    const { stdout, exitCode } = await sandfit(["differences", "raw-socket"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("runsc `--net-raw` (run with gVisor 2026-09 systrap: `ok`)");
  });

  test("prints JSON as its schema says", async () => {
    const { stdout } = await sandfit(["differences", "--json"]);
    const document = conforming<{ differences: DifferenceReport[] }>("differences-1", stdout);
    expect(document.differences).toHaveLength(differences.length);
    const fixed = document.differences.find(({ id }) => id === "openat2")!;
    expect(fixed.remedies[0]).toMatchObject({ by: "release", use: "2026-09", basis: "run" });
  });

  test("says in a sentence that there is no such one", async () => {
    expectSentence(await sandfit(["differences", "nonsense"]), /there is no known difference nonsense/);
  });
});
