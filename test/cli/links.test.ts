/** What the package says of itself: where it comes from, and that the links of what is shipped lead somewhere. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const description = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const packed = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], { cwd: root, encoding: "utf8" });
const shipped: string[] = JSON.parse(packed)[0].files.map(({ path }: { path: string }) => path);

test("it names its repository, home page and where to report a bug, and has a manual page", () => {
  expect(description.repository.url).toMatch(/^git\+https:\/\/.+\.git$/);
  const repository = description.repository.url.replace(/^git\+|\.git$/g, "");
  expect(description.homepage).toBe(`${repository}#readme`);
  expect(description.bugs).toBe(`${repository}/issues`);
  expect(shipped).toContain("man/sandfit.1");
});

test.each(shipped.filter((path) => /^(README|SECURITY|docs\/[a-z-]+)\.md$/.test(path)))(
  "%s: its links lead to what is shipped",
  (path) => {
    const links = [...readFileSync(join(root, path), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(
      ([, link]) => link,
    );
    const targets = links.map((link) => normalize(join(dirname(path), link)));
    expect(targets.filter((one) => !shipped.some((file) => file === one || file.startsWith(`${one}/`)))).toEqual([]);
  },
);

test("absolute links into the repository name files that are there", () => {
  const repository = description.repository.url.replace(/^git\+|\.git$/g, "");
  const links = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/\]\((https:[^)#]+)/g)].map(([, link]) => link);
  const own = links.filter((link) => link.startsWith(`${repository}/blob/main/`));
  expect(own.length).toBeGreaterThan(0);
  for (const link of own) expect(existsSync(join(root, link.slice(`${repository}/blob/main/`.length))), link).toBe(true);
});
