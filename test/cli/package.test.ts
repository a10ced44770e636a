/** The package as others get it: packed, installed into an empty folder, run and imported there. */

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { rules } from "../../src/rules/index.js";
import { VERSION } from "../../src/version.js";
import { temporaryFolder, writeSample } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
const home = join(folder, "home");
const description = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
let files: string[];
let packedSize: number;
const isPage = (path: string) => /^src\/rules\/[\w-]+\/page\.md$/.test(path);

beforeAll(() => {
  // npm pack builds the package first, by its prepack script, whose words come before the JSON.
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" });
  const [tarball] = JSON.parse(packed.slice(packed.search(/^\[/m)));
  packedSize = tarball.size;
  files = tarball.files.map((file: { path: string }) => file.path);
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), "{}");
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", join(folder, tarball.filename)], {
    cwd: home,
    stdio: "pipe",
  });
  writeSample(home, "gs-call");
});

test("names its manual page in a list, the one form that npm links", () => {
  expect(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).man).toEqual(["./man/sandfit.1"]);
});

test("has the version that the command tells", () => {
  expect(description.version).toBe(VERSION);
  expect(execFileSync("npx", ["--no-install", "sandfit", "--version"], { cwd: home, encoding: "utf8" })).toBe(`${VERSION}\n`);
});

test("needs nothing else at run time, and runs nothing when it is installed", () => {
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) expect(description.scripts).not.toHaveProperty(name);
  expect(description.dependencies ?? {}).toEqual({});
});

test("holds the command, the library, the types, the schema and the pages, and no tests or sources", () => {
  expect(files).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/types/index.d.ts", "schema/report-1.json"]),
  );
  expect(files).toContain(description.bin.sandfit.replace(/^\.\//, ""));
  expect(files.filter((path) => /(^|\/)(test|src|bench|demo|scripts)\/|\.test\./.test(path) && !isPage(path))).toEqual([]);
  expect(files.filter(isPage)).toHaveLength(rules.length);
});

test("is as small as the README says: at most 0.8 MB to fetch", () => {
  expect(packedSize).toBeLessThan(800_000);
});

test("has a form of one file, which is not in the package: alone in a folder, with nothing but node, it checks, fixes and undoes", () => {
  const alone = join(folder, "alone");
  mkdirSync(alone);
  expect(files).not.toContain("dist/sandfit.cjs");
  copyFileSync(join(root, "dist", "sandfit.cjs"), join(alone, "sandfit.cjs"));
  const program = readFileSync(writeSample(alone, "ape-gs"));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["sandfit.cjs", ...args], { cwd: alone, env: {}, encoding: "utf8" });
  expect(run("check", "ape-gs").status).toBe(1);
  expect(run("fix", "ape-gs")).toMatchObject({ status: 0, stderr: "" });
  expect(run("check", "ape-gs.gvisor").status).toBe(0);
  expect(run("undo", "ape-gs.gvisor").status).toBe(0);
  expect(readFileSync(join(alone, "ape-gs.gvisor"))).toEqual(program);
  for (const command of ["rules", "check --help", "probe --help", "report --help"])
    expect(run(...command.split(" ")).status).toBe(0);
  expect(readdirSync(alone).sort()).toEqual(["ape-gs", "ape-gs.gvisor", "sandfit.cjs"]);
});

test("checks a program by its command", () => {
  const { stdout, status } = spawnSync("npx", ["--no-install", "sandfit", "check", "gs-call"], { cwd: home, encoding: "utf8" });
  expect(stdout).toMatch(/tls-in-gs/);
  expect(status).toBe(1);
});

test("checks bytes by its library", () => {
  const script = `import { readFileSync } from "node:fs";
    import { check, memorySource, outcomeOf } from "sandfit";
    console.log(outcomeOf(await check(memorySource(readFileSync("gs-call"), "gs-call"))));`;
  writeFileSync(join(home, "use.mjs"), script);
  expect(execFileSync(process.execPath, ["use.mjs"], { cwd: home, encoding: "utf8" })).toBe("fails\n");
});
