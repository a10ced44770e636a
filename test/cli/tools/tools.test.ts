/** `sandfit tools` on programs that pose as tools, and on the system's own. */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { expectSentence, sandfit, temporaryFolder, writeSample } from "../../support/cli.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";
import { cosmoLua, pose, tools } from "../../support/tools.js";

const folder = temporaryFolder();
const SYSTEM = ["/usr/bin", "/bin"];
/** Where a shell is and none of the tools. */
const bare = join(folder, "bare");
beforeAll(() => {
  mkdirSync(bare);
  for (const name of ["sh", "sleep", "cat"]) symlinkSync(`/bin/${name}`, join(bare, name));
});

describe("the system's own", () => {
  const needed = ["lua", "make", "curl", "zip", "unzip", "dpkg-query"];
  testNeeding(needed.every(hasProgram), `${needed.join(", ")} by Debian's packages`)("all work and are of packages", async () => {
    const { report, tool, exitCode } = await tools([], SYSTEM);
    expect(exitCode).toBe(0);
    expect(report.tools.map(({ name }) => name)).toEqual(["lua", "make", "curl", "zip", "unzip"]);
    for (const { name, providers, package: state, next } of report.tools) {
      expect(providers[0], name).toMatchObject({ outcome: "works", expected: { outcome: "runs" } });
      expect(providers[0].version, name).toMatch(/^\d+\.\d/);
      // Which lua is the first depends on what else is installed.
      expect(providers[0].package, name).toMatch(name === "lua" ? /^lua5\.\d / : new RegExp(`^${state!.name} `));
      expect(next, name).toBeNull();
    }
    expect(tool("lua").package!.name).toMatch(/^lua5\.\d$/);
    expect(tool("lua").providers[0].parts).toContainEqual({ name: "cosmo", outcome: "absent" });
    expect(tool("curl").providers[0].did.join()).toMatch(/TLS by \w+.*fetched from a loopback server/);
    expect(tool("unzip").providers[0].did.join()).toContain("bin/zip packed");
  });

  testNeeding(hasProgram("make"), "make")("one file with two names in PATH is one provider", async () => {
    const twin = join(folder, "twin");
    mkdirSync(twin);
    symlinkSync("/usr/bin/make", join(twin, "make"));
    const { only } = await tools(["make"], [twin, "/usr/bin", bare]);
    expect(only("make")).toMatchObject({ path: join(twin, "make"), also: ["/usr/bin/make"] });
  });
});

describe("what a job shows", () => {
  const one = async (name: string, script: string) => {
    const home = join(folder, `one-${name}-${readdirSync(folder).length}`);
    pose(join(home, name), script);
    const { only, tool } = await tools([name], [home, bare]);
    return { ...only(name), best: tool(name).best };
  };

  test.each([
    ["lua", "kill -SEGV $$", /^cannot run a line: SIGSEGV$/],
    ["lua", "sh -c 'kill -SEGV $$'; exit 139", /^cannot run a line: exit 139 \(SIGSEGV\)$/],
    ["lua", "echo 43", /it does not print 42/],
    ["lua", "echo no such option >&2; exit 1", /^cannot run a line: exit 1 \("no such option"\)$/],
    ["make", "echo one; : > one; : > two", /target one is not built/],
    ["curl", 'case "$*" in --version) echo curl 8.1.2;; *) echo nonsense;; esac', /what it fetched is not what was sent/],
    ["zip", "exit 0", /there is no archive\.zip/],
    ["zip", "echo PK > archive.zip", /hello\.txt is not in its archive as it was packed/],
    ["unzip", "exit 0", /there is no hello\.txt/],
    ["unzip", "mkdir folder; echo > hello.txt", /hello\.txt is not as it was packed/],
    ["anything", "kill -ILL $$", /^cannot answer --version: SIGILL$/],
    ["anything", "yes", /^cannot answer --version: too much output$/],
  ])("%s that is %j fails", async (name, script, why) => {
    const provider = await one(
      name,
      script.replace("yes", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"),
    );
    expect(provider).toMatchObject({ outcome: "fails", best: null, did: [], next: null });
    expect(provider.why).toMatch(why);
  });

  testNeeding(hasProgram("make"), "make")("a make that works one by one fails, and says so after a while", async () => {
    const provider = await one("make", 'shift; exec /usr/bin/make -j1 "$@"');
    expect(provider).toMatchObject({ outcome: "fails" });
    expect(provider.why).toMatch(/^cannot build two targets in parallel: exit 2/);
  });

  test("a lua's modules are told one by one", async () => {
    const provider = await one(
      "lua",
      cosmoLua("cosmo works\\nunix works\\npath works\\nre fails\\nargon2 absent\\nlsqlite3 fails\\nlsqlite3 works\\n"),
    );
    expect(provider).toMatchObject({ outcome: "works", version: "5.4.6" });
    expect(Object.fromEntries(provider.parts.map(({ name, outcome }) => [name, outcome]))).toEqual({
      cosmo: "works",
      unix: "works",
      path: "works",
      re: "fails",
      argon2: "absent",
      lsqlite3: "works",
    });
    expect(provider.did).toEqual([
      "ran a line",
      "modules that work: unix, path, lsqlite3",
      "modules that are there and fail: re",
    ]);
  });

  testNeeding(hasProgram("lua"), "lua")("a real lua is asked in lua that it understands", async () => {
    const home = join(folder, "real-lua");
    mkdirSync(join(home, "lib/lua/cosmo"), { recursive: true });
    mkdirSync(join(home, "bin"));
    symlinkSync("/usr/bin/lua", join(home, "bin/lua"));
    writeFileSync(
      join(home, "lib/lua/cosmo/init.lua"),
      "return {unix = {getpid = function() return 1 end}, re = {search = error}, own = {}}",
    );
    writeFileSync(join(home, "lib/lua/cosmo/getopt.lua"), "return {}");
    writeFileSync(join(home, "lib/lua/cosmo/path.lua"), 'return {basename = function() return "b" end}');
    writeFileSync(join(home, "lib/lua/lsqlite3.lua"), "return {open_memory = function() os.exit(3) end}");
    const { only } = await tools(["lua", "--from", home], [bare]);
    expect(only("lua").parts).toEqual([
      { name: "cosmo", outcome: "works" },
      { name: "unix", outcome: "works" },
      { name: "path", outcome: "works" },
      { name: "re", outcome: "fails" },
      { name: "argon2", outcome: "absent" },
      { name: "lsqlite3", outcome: "fails" },
      { name: "getopt", outcome: "loads" },
      { name: "own", outcome: "loads" },
    ]);
  });

  test("a program of which nothing is known is asked for version, help and -v", async () => {
    expect(await one("thing", "case $1 in -v) echo thing 1.2.3;; *) exit 1;; esac")).toMatchObject({
      outcome: "starts",
      version: "1.2.3",
    });
    expect(await one("thing", "echo usage: thing FILE; exit 64")).toMatchObject({
      outcome: "unsure",
      best: null,
      did: ['starts, but answers --version, --help, -v with exit 64 ("usage: thing FILE")'],
    });
  });

  test("what cannot be started is told why", async () => {
    const home = join(folder, "unstartable");
    mkdirSync(home);
    writeFileSync(join(home, "thing"), "#!/nowhere/sh\n");
    chmodSync(join(home, "thing"), 0o755);
    expect((await tools(["thing"], [home, bare])).only("thing").why).toMatch(
      /^cannot be started: .*the interpreter that its first line names/,
    );
  });

  test("an APE is started by a shell, as a copy", async () => {
    const home = join(folder, "ape");
    mkdirSync(home);
    const path = writeSample(home, "ape-fs");
    const { only } = await tools(["ape-fs"], [home, bare, ...SYSTEM]);
    expect(only("ape-fs")).toMatchObject({ outcome: "starts", expected: { outcome: "runs" } });
    expect(readFileSync(path).equals(Buffer.from(sampleProgram("ape-fs").bytes))).toBe(true);
  });

  test("on plain Linux a faulty program works, and what it would do in gVisor is told", async () => {
    const home = join(folder, "faulty");
    mkdirSync(home);
    writeSample(home, "gs-call");
    const { only, report } = await tools(["gs-call"], [home, bare]);
    expect(report.environment.kind).toBe("linux");
    expect(only("gs-call")).toMatchObject({
      outcome: "starts",
      expected: { outcome: "fails", afterFix: "runs", rules: ["tls-in-gs"] },
    });
  });

  test("nothing of a trial is left behind", async () => {
    const temporary = join(folder, "temporary");
    mkdirSync(temporary);
    pose(join(temporary, "bin/thing"), "echo here > left-behind; echo there > $TMPDIR/too; echo thing 1.0");
    const { exitCode } = await sandfit(["tools", "thing"], { env: { PATH: `${temporary}/bin:${bare}`, TMPDIR: temporary } });
    expect(exitCode).toBe(0);
    expect(readdirSync(temporary)).toEqual(["bin"]);
  });
});

describe("which is best, and what is next", () => {
  test("the first that works, and every file of the name is listed", async () => {
    pose(join(folder, "first/lua"), "exit 1");
    pose(join(folder, "second/lua"), cosmoLua("cosmo absent\\n"));
    pose(join(folder, "third/lua"), cosmoLua("cosmo works\\nunix works\\n"));
    const path = ["first", "second", "third"].map((name) => join(folder, name));
    const { tool } = await tools(["lua"], [...path, bare]);
    expect(tool("lua").providers.map(({ outcome }) => outcome)).toEqual(["fails", "works", "works"]);
    // The one with working modules does more.
    expect(tool("lua")).toMatchObject({ best: join(folder, "third/lua"), next: "sandfit tools lua --env env.sh && . ./env.sh" });
  });

  test("a toolset with an env.sh is sourced", async () => {
    const set = join(folder, "tool set");
    pose(join(set, "bin/lua"), cosmoLua("cosmo works\\n"));
    writeFileSync(join(set, "env.sh"), "");
    const { tool, only } = await tools(["lua", "--from", set], [bare]);
    expect(only("lua").source).toBe("toolset");
    expect(tool("lua").next).toBe(`. '${join(set, "env.sh")}'`);
  });

  test("what fix has made beside a program is seen", async () => {
    const home = join(folder, "fixed-beside");
    pose(join(home, "lua"), "exit 1");
    pose(join(home, "lua.gvisor"), cosmoLua("cosmo works\\n"));
    const { tool } = await tools(["lua"], [home, bare]);
    expect(tool("lua").providers.map(({ path, outcome }) => [path, outcome])).toEqual([
      [join(home, "lua"), "fails"],
      [join(home, "lua.gvisor"), "works"],
    ]);
    expect(tool("lua")).toMatchObject({ best: join(home, "lua.gvisor"), remark: `or call ${join(home, "lua.gvisor")}` });
  });

  test("--env says that it wrote, and is the next command then", async () => {
    const path = ["first", "second"].map((name) => join(folder, name)).join(":");
    const run = await sandfit(["tools", "lua", "--env", "own.sh"], { cwd: folder, env: { PATH: `${path}:${bare}` } });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/\n {2}lua {2}\. \.\/own\.sh\n/);
    expect(run.stdout).toMatch(/\nwrote own\.sh\n$/);
  });

  test("nothing at all", async () => {
    const { tool, exitCode } = await tools(["nosuchthing"], [bare]);
    expect(tool("nosuchthing")).toMatchObject({ providers: [], package: null, best: null, next: null });
    expect(exitCode).toBe(1);
  });

  test("the text says the same", async () => {
    const path = `${join(folder, "first")}:${bare}`;
    const { stdout, exitCode } = await sandfit(["tools", "lua", "nosuchthing"], { env: { PATH: path } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^here: plain Linux, not gVisor\n/);
    expect(stdout).toContain(`fails           ${join(folder, "first/lua")}  cannot run a line: exit 1\n`);
    expect(stdout).toMatch(/nosuchthing {2}none .*nothing of this name in PATH/);
  });
});

describe("bad input", () => {
  test.each([
    [["a/b"], /a\/b is no name of a program/],
    [["--", "-x"], /-x is no name of a program/],
    [["lua", "--from", "/nowhere"], /--from \/nowhere is no folder/],
    [["thing", "--env", "/nowhere/env.sh"], /\/nowhere\/env\.sh cannot be written: there is no such folder/],
  ])("%j", async (args, sentence) => {
    expectSentence(await sandfit(["tools", ...args], { env: { PATH: bare } }), sentence);
    expect(existsSync("/nowhere")).toBe(false);
  });
});
