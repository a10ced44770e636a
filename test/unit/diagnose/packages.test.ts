/** What is asked of package managers: by programs that pose as them and print what the real ones do. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toolNamed } from "../../../src/diagnose/tools/catalogue.js";
import { distribution, fileOfPackage, ownerOf, packageOf } from "../../../src/diagnose/tools/packages.js";
import { temporaryFolder } from "../../support/folder.js";
import { pose } from "../../support/tools.js";

const folder = temporaryFolder();
const bin = join(folder, "bin");
const before = process.env["PATH"];
beforeEach(() => {
  process.env["PATH"] = `${bin}:/bin`;
});
afterEach(() => {
  process.env["PATH"] = before;
});

const osRelease = (text: string): string => {
  const path = join(folder, "os-release");
  writeFileSync(path, text);
  return path;
};

test.each([
  ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', "Debian GNU/Linux 12 (bookworm)", "dpkg"],
  ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', "Linux Mint", "dpkg"],
  ['NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="Alpine Linux v3.20"\n', "Alpine Linux v3.20", "apk"],
  ['NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "Rocky Linux", "rpm"],
  ['NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "openSUSE Leap", "rpm"],
  ["", "unknown", "dpkg"],
])("%j", (text, name, packages) => {
  for (const manager of ["dpkg-query", "apk", "rpm"]) pose(join(bin, manager), "exit 1");
  expect(distribution(osRelease(text))).toEqual({ name, packages });
});

describe("dpkg", () => {
  test("the name that is installed comes before the newest", async () => {
    pose(join(bin, "dpkg-query"), `case "$*" in *lua5.3) printf 'install ok installed\\t5.3.6-2';; *) exit 1;; esac`);
    expect(await packageOf(toolNamed("lua"), "dpkg")).toEqual({
      name: "lua5.3",
      installed: true,
      version: "5.3.6-2",
      available: null,
      command: "apt-get install lua5.3",
      remark: "it has no cosmo modules",
    });
  });
  test("removed but with its settings left is not installed; the first that can be had is named", async () => {
    pose(join(bin, "dpkg-query"), "printf 'deinstall ok config-files\\t5.4.4-3'");
    pose(
      join(bin, "apt-cache"),
      `case "$2" in lua5.4) printf 'lua5.4:\\n  Installed: (none)\\n  Candidate: (none)\\n';;
      lua5.3) printf 'lua5.3:\\n  Installed: (none)\\n  Candidate: 5.3.6-2\\n';; esac`,
    );
    expect(await packageOf(toolNamed("lua"), "dpkg")).toMatchObject({ name: "lua5.3", installed: false, available: "5.3.6-2" });
  });
  test("without lists they have to be fetched first, and a name that is guessed is not told", async () => {
    pose(join(bin, "dpkg-query"), "exit 1");
    pose(join(bin, "apt-cache"), "exit 0");
    expect((await packageOf(toolNamed("lua"), "dpkg"))?.command).toBe("apt-get update && apt-get install lua5.4");
    expect(await packageOf(toolNamed("something"), "dpkg")).toBeUndefined();
  });
  test("owners by either name of a merged folder", async () => {
    pose(
      join(bin, "dpkg-query"),
      `case "$*" in "-S /usr/bin/gzip /bin/gzip") echo "gzip: /bin/gzip"; exit 1;; *-W*gzip) printf 'install ok installed\\t1.12';; *) exit 1;; esac`,
    );
    expect(await ownerOf("/usr/bin/gzip", "dpkg")).toBe("gzip 1.12");
    expect(await ownerOf("/usr/local/bin/gzip", "dpkg")).toBeUndefined();
  });
});

describe("apk", () => {
  beforeEach(() => {
    pose(
      join(bin, "apk"),
      `case "$*" in "info -e -v make") echo make-4.4.1-r2;; "policy lua5.4") printf 'lua5.4 policy:\\n  5.4.6-r2:\\n    https://a.mirror/main\\n';;
      "info -W /usr/bin/lua5.4 "*) echo "/usr/bin/lua5.4 is owned by lua5.4-5.4.6-r2";;
      "info -L make") printf 'make-4.4.1-r2 contains:\\nusr/bin/make\\nusr/include/gnumake.h\\n\\n';; *) exit 1;; esac`,
    );
  });
  test("installed, available, owner and files", async () => {
    expect(await packageOf(toolNamed("make"), "apk")).toMatchObject({ name: "make", installed: true, version: "4.4.1-r2" });
    expect(await packageOf(toolNamed("lua"), "apk")).toMatchObject({
      installed: false,
      available: "5.4.6-r2",
      command: "apk add lua5.4",
    });
    expect(await ownerOf("/usr/bin/lua5.4", "apk")).toBe("lua5.4 5.4.6-r2");
    expect(await fileOfPackage("make", ["make"], "apk")).toBe("/usr/bin/make");
  });
});

describe("rpm", () => {
  test("installed, not installed, owner", async () => {
    pose(
      join(bin, "rpm"),
      `case "$*" in *"-q --qf"*" make") printf 4.3-7.el9;; *-qf*/usr/bin/make*) printf 'owner make 4.3-7.el9\\n'; echo "error: file /bin/make: No such file or directory"; exit 1;; *) echo "package is not installed"; exit 1;; esac`,
    );
    pose(join(bin, "dnf"), "exit 1");
    expect(await packageOf(toolNamed("make"), "rpm")).toMatchObject({ installed: true, version: "4.3-7.el9" });
    expect(await packageOf(toolNamed("lua"), "rpm")).toMatchObject({ name: "lua", installed: false, command: "dnf install lua" });
    expect(await ownerOf("/usr/bin/make", "rpm")).toBe("make 4.3-7.el9");
  });
});
