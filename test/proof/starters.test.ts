/** Programs that make, a script or npm starts: which are found in what those read, and which program a trace says died. */

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isStarter, namedIn } from "../../src/diagnose/explain/starters.js";
import { readTrace } from "../../src/diagnose/explain/trace.js";
import { execute } from "../../src/environments/run/execute.js";
import { callNamed } from "../../src/environments/trace/calls.js";
import type { CallEvent, TraceEvent } from "../../src/environments/trace/events.js";
import { likeliestFirst, likeliestSite } from "../../src/report/likeliest-site.js";
import type { Site } from "../../src/rules/define.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { command, temporaryFolder } from "../support/cli.js";
import { gvisorBoxes } from "../support/evidence.js";

const folder = temporaryFolder();
const before = process.cwd();
const path = process.env["PATH"];
const write = (name: string, content: string | Uint8Array, mode = 0o644) => {
  writeFileSync(join(folder, name), content);
  chmodSync(join(folder, name), mode);
};

mkdirSync(join(folder, "bin"));
mkdirSync(join(folder, "sub"));
mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
write("tool", sampleProgram("gs-call").bytes, 0o755);
write("bin/zap", sampleProgram("ape-gs").bytes, 0o755);
write("node_modules/.bin/packed", sampleProgram("ape-gs").bytes, 0o755);
write("Makefile", "all:\n\t@./tool\n\t$(MAKE) -C sub\n");
write("sub/Makefile", "ZAP=zap\nall:\n\t$(ZAP) x\n");
write("build.sh", "#!/bin/sh\nset -e\n./tool\n", 0o755);
write("outer.sh", ". ./build.sh\n");
write("package.json", '{"scripts":{"build":"packed --all && ./build.sh"}}');
write("quiet.sh", "#!/bin/sh\necho ./nothing; ls /bin/true; exit 3\n", 0o755);

beforeAll(() => {
  process.chdir(folder);
  process.env["PATH"] = `${join(folder, "bin")}:${path}`;
});
afterAll(() => {
  process.chdir(before);
  process.env["PATH"] = path;
});

test.each([
  [["make"], ["./tool", join(folder, "bin/zap")]],
  [["make", "-C", "sub"], [join(folder, "bin/zap")]],
  [["make", "-f", "sub/Makefile"], [join(folder, "bin/zap")]],
  [["./build.sh"], ["./tool"]],
  [["sh", "outer.sh"], ["./tool"]],
  [["sh", "-c", "cd . && ./build.sh"], ["./tool"]],
  [
    ["npm", "run", "build"],
    ["node_modules/.bin/packed", "./tool"],
  ],
  [["./quiet.sh"], []],
  [["/bin/true", "build.sh"], []],
])("what %j may start", (words, programs) => {
  expect(namedIn(words)).toEqual(programs);
});

test("what starts others", () => {
  expect([["make"], ["npm", "x"], ["./build.sh"], ["/usr/bin/python3", "x.py"]].map(isStarter)).toEqual([true, true, true, true]);
  expect([["./tool"], ["ls"], ["./absent"]].map(isStarter)).toEqual([false, false, false]);
});

describe("a trace tells the program that died", () => {
  const call = (process: number, name: string, args: bigint[], result: number, words: readonly string[] = []): CallEvent => ({
    kind: "call",
    process,
    thread: process,
    call: callNamed(name)!,
    args: BigUint64Array.from([...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6)),
    result,
    errno: result < 0 ? -result : undefined,
    parts: words.map((word, i) => ({
      argument: i,
      kind: i === 0 ? ("path" as const) : ("arguments" as const),
      offset: 0,
      bytes: Buffer.from(word),
      isCut: false,
      wanted: word.length,
    })),
    origins: new Map(),
    isUnfinished: false,
    isForeign: false,
    willRestart: false,
    rule: undefined,
    wasSkipped: false,
    isClamped: false,
  });
  const crash = (process: number) =>
    ({ kind: "signal", process, thread: process, signal: 11, code: 1, address: 0x30n, instruction: 0x450d33n }) as const;
  const exit = (process: number, exitCode: number | undefined, signal?: number) =>
    ({ kind: "exit", process, thread: process, exitCode, signal, isLast: true }) as const;
  const fork = { kind: "fork", process: 0, thread: 0, child: 1, childThread: 1, flags: 0n } as const;
  const refusal = call(1, "arch_prctl", [0x1001n, 0x465740n], -22);
  const read = (events: readonly TraceEvent[]) =>
    readTrace({ events, processes: [{ path: "0", parent: undefined }], end: undefined }, "/w");
  const make = call(0, "execve", [], 0, ["/usr/bin/make", "make\0"]);
  const loaded = (argv: string) => call(1, "execve", [], 0, ["/home/u/.ape-1.10", argv]);

  test.each([
    [".ape-1.10\0./cosmake\0--version\0", "./cosmake"],
    ["ape\0-\0/opt/zip\0zip\0", "/opt/zip"],
  ])("through Cosmopolitan's loader: %j", (argv, program) => {
    const { deaths, withoutGs } = read([make, fork, loaded(argv), refusal, crash(1), exit(1, undefined, 11), exit(0, 2)]);
    expect(deaths).toMatchObject([
      { program, signal: "SIGSEGV", exitCode: undefined, refused: expect.stringMatching(/EINVAL$/) },
    ]);
    expect(withoutGs).toEqual([program]);
  });
  test("in another directory, with a handler that exits", () => {
    const moved = call(1, "chdir", [], 0, ["sub"]);
    const { deaths } = read([make, fork, moved, loaded("ape\0./t\0"), refusal, crash(1), exit(1, 1), exit(0, 2)]);
    expect(deaths).toMatchObject([{ program: "/w/sub/t", exitCode: 1 }]);
  });
  test("a fault that a healthy program handles is no death, nor is what ended well", () => {
    expect(read([make, fork, crash(1), exit(1, 1), exit(0, 2)]).deaths).toEqual([]);
    expect(read([make, fork, loaded("ape\0./t\0"), refusal, exit(1, 0), exit(0, 0)])).toMatchObject({
      deaths: [],
      withoutGs: [],
    });
  });
});

test("the place to show is one that Linux comes by", () => {
  const site = (inFunction: string, evidence: Site["evidence"]) => ({ inFunction, evidence }) as Site;
  const sites = [
    site("sys_wait4_nt+0x170", "entry"),
    site("named", "symbol"),
    site("vfork+0xd", "entry"),
    site("__winerr", "entry"),
  ];
  expect(likeliestFirst(sites).map((one) => one.inFunction)).toEqual(["vfork+0xd", "named", "sys_wait4_nt+0x170", "__winerr"]);
  expect(likeliestSite(sites.slice(0, 1))).toBeUndefined();
});

for (const { name: box, sandbox } of gvisorBoxes) {
  describe(box, () => {
    const run = (words: readonly string[]) =>
      execute([process.execPath, command, "run", ...words], { sandbox: sandbox!, cwd: folder, timeout: 55_000 });

    test.skipIf(sandbox === undefined)(
      "a tool that a script starts is named, and with --trace it is the one that died",
      async () => {
        write("one.sh", "#!/bin/sh\n./growing\n", 0o755);
        write("growing", sampleProgram("fs-stack-b").bytes, 0o755);
        const untraced = await run(["--", "./one.sh"]);
        expect(untraced.stderr).toMatch(/died +which program is not known[\s\S]*may be why: stack-growsdown in \.\/growing/);
        expect(untraced.stderr).toMatch(/next +sandfit fix --in-place \.\/growing\n/);
        const traced = await run(["--trace", "--", "./one.sh"]);
        expect(traced.stderr).toMatch(/\.\/growing died of SIGSEGV[\s\S]*rule +(?:may be why: )?stack-growsdown in \.\/growing/);
        expect(traced.stderr).not.toContain("not known");
      },
    );
    test.skipIf(sandbox === undefined)("where nothing is found, it says how to find out, and blames no program", async () => {
      const { stderr } = await run(["--", "/bin/sh", "-c", "cd /; (kill -SEGV $$); exit 4"]);
      expect(stderr).not.toContain("no rule of Sandfit explains it");
      const failed = await run(["--", "./quiet.sh"]);
      expect(failed.exitCode).toBe(3);
      expect(failed.stderr).toMatch(/ended with exit 3[\s\S]*next +sandfit run --trace -- \.\/quiet\.sh/);
    });
    test.skipIf(sandbox === undefined)("a name that is not in PATH but here", async () => {
      expect((await run(["--", "tool"])).stderr).toContain("tool is not in PATH; did you mean ./tool?");
    });
  });
}
