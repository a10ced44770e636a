/**
 * The proof of the rules about gVisor's loader: each program does on the host what it should and in every sandbox what is recorded of
 * it; what `sandfit fix` makes of it runs everywhere. One shell in each sandbox starts them all.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { checkImage } from "../../src/check/check.js";
import { execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { applyToCopy, forward } from "../../src/fix/apply.js";
import { planFix } from "../../src/fix/plan.js";
import { proveResult } from "../../src/fix/prove.js";
import { readImage } from "../../src/image/detect.js";
import type { Surroundings } from "../../src/rules/surroundings.js";
import {
  INTERPRETER,
  interpreterProgram,
  LONG_FOLDER,
  type LoaderProgram,
  loaderPrograms,
  smallerThanItsBytes,
} from "../fixtures/programs/loader-programs.js";
import { sandfit, temporaryFolder } from "../support/cli.js";
import { gvisorBoxes, recordOrCompare, rulesIn } from "../support/evidence.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
const programs = loaderPrograms(folder);
const NOBODY = 65534;

mkdirSync(join(folder, LONG_FOLDER), { recursive: true });
symlinkSync("/usr/bin/python3", join(folder, LONG_FOLDER, "python3"));
writeFileSync(join(folder, INTERPRETER), interpreterProgram(), { mode: 0o755 });

const surroundingsOf = ({ mode = 0o755 }: LoaderProgram): Surroundings => ({ mode });

async function planOf(program: LoaderProgram) {
  const source = memorySource(program.bytes, program.name);
  const image = await readImage(source);
  const report = await checkImage(source, image, undefined, surroundingsOf(program));
  return { source, image, report, plan: () => planFix(source, image, report) };
}

for (const program of programs) {
  writeFileSync(join(folder, program.name), program.bytes);
  chmodSync(join(folder, program.name), program.mode ?? 0o755);
  if (program.unrepaired) continue;
  const plan = await (await planOf(program)).plan();
  writeFileSync(join(folder, `${program.name}.fixed`), applyToCopy(program.bytes, forward(plan.edits)));
  chmodSync(join(folder, `${program.name}.fixed`), plan.mode?.after ?? program.mode ?? 0o755);
}

/** Starts every program and its fixed one as an ordinary user, and says what each printed. pie-align thrice: it may hit by chance. */
const script = `cd ${folder}
for name in ${programs.map((program) => program.name).join(" ")}; do
  for file in $name $name.fixed; do
    [ -e $file ] || continue
    printf '%s|' "$file"
    ( ./$file; [ $name = pie-align ] && { ./$file; ./$file; } ) 2>/dev/null | tr '\\n' ';'
    echo
  done
done
`;
writeFileSync(join(folder, "all.sh"), script);

async function outputs(sandbox: Sandbox): Promise<Map<string, string>> {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  const run = await execute([...user, "/bin/sh", join(folder, "all.sh")], { sandbox, timeout: 120_000, cwd: folder });
  const lines = run.stdout.split("\n").filter(Boolean);
  return new Map(lines.map((line) => line.split("|", 2) as [string, string]));
}

const { present } = await findSandboxes();

const isRight = ({ name, stdout }: LoaderProgram, all: ReadonlyMap<string, string>, suffix = ""): boolean => {
  const lines = (all.get(`${name}${suffix}`) ?? "").split(";").filter(Boolean);
  return lines.length > 0 && lines.every((line) => `${line}\n` === stdout);
};

const onHost = present.find((box) => box.kind === "host");
testNeeding(onHost !== undefined, "a host that runs x86-64 Linux")(
  "on the host each program is right, fixed or not",
  async () => {
    const all = await outputs(onHost!);
    expect(programs.filter((program) => !isRight(program, all)).map((program) => program.name)).toEqual([]);
    const fixed = programs.filter((program) => !program.unrepaired);
    expect(fixed.filter((program) => !isRight(program, all, ".fixed")).map((program) => program.name)).toEqual([]);
  },
);

describe("in gVisor each does what is recorded, and what is fixed is right", () => {
  for (const { name: box, sandbox } of gvisorBoxes) {
    testNeeding(sandbox !== undefined, "that gVisor")(box, async () => {
      const all = await outputs(sandbox!);
      const fixed = programs.filter((program) => !program.unrepaired);
      expect(fixed.filter((program) => !isRight(program, all, ".fixed")).map(({ name }) => name)).toEqual([]);
      for (const program of programs) {
        recordOrCompare("loader", program.name, sandbox!, {
          rules: await rulesIn(program.bytes, sandbox!, surroundingsOf(program)),
          original: isRight(program, all) ? "runs" : "fails",
          ...(!program.unrepaired && { fixed: "runs" }),
        });
      }
    });
  }
});

describe("p_filesz above p_memsz: Linux kills it, gVisor runs it, and `check` calls it damaged", () => {
  const path = join(folder, "filesz-above-memsz");
  writeFileSync(path, smallerThanItsBytes(), { mode: 0o755 });

  // Linux has given up the caller's memory by the time that it notices (fs/binfmt_elf.c); gVisor only looks whether p_memsz is larger.
  test.each(present.map((sandbox) => [sandbox.id, sandbox] as const))("%s", async (_id, sandbox) => {
    const { stdout, signal } = await execute([path], { sandbox });
    if (sandbox.kind === "host") expect({ stdout, signal }).toEqual({ stdout: "", signal: "SIGSEGV" });
    else expect(stdout).toBe("filesz-above-memsz 7\n");
  });

  test("check", async () => {
    const { exitCode, stdout } = await sandfit(["check", path]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 2,
      stdout: expect.stringContaining("takes more bytes from the file (0x100) than it has in memory (0x10)"),
    });
  });
});

describe.each(programs.map((program) => [program.name, program] as const))("%s", (_name, program) => {
  test("its rule finds it and no other does", async () => {
    const { report } = await planOf(program);
    expect(report.views[0]!.findings.map((finding) => finding.rule)).toEqual([program.rule]);
  });

  test(program.unrepaired ?? "the result loads the same, checks clean, and comes back byte for byte", async () => {
    const path = join(folder, program.name);
    const { exitCode, stdout, stderr } = await sandfit(["fix", "--force", path]);
    if (program.unrepaired) {
      expect(stdout + stderr).toContain(program.unrepaired);
      return;
    }
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(readFileSync(`${path}.gvisor`).equals(readFileSync(`${path}.fixed`))).toBe(true);
    expect((await sandfit(["undo", `${path}.gvisor`])).exitCode).toBe(0);
    expect(readFileSync(`${path}.gvisor`).equals(Buffer.from(program.bytes))).toBe(true);
  });
});

test("the proof of a changed header notices a byte that no edit explains", async () => {
  const program = programs.find(({ name }) => name === "load-order")!;
  const { source, image, plan } = await planOf(program);
  const made = await plan();
  const fixed = applyToCopy(program.bytes, forward(made.edits));
  await proveResult(source, image, memorySource(fixed), made);
  fixed[0x1004] ^= 1;
  await expect(proveResult(source, image, memorySource(fixed), made)).rejects.toThrow(/changed without an edit/);
});

testNeeding(hasProgram("gcc"), "gcc")("a trampoline that GCC makes dies in gVisor, and runs everywhere after fix", async () => {
  const path = join(folder, "trampoline");
  const nested = 'int k = n + 6; int add(int x) { return x + k; } printf("trampoline %d\\n", call(add));';
  const text = `#include <stdio.h>\n__attribute__((noinline)) int call(int (*f)(int)) { return f(1); }\nint main(int n, char **v) { ${nested} return 0; }\n`;
  writeFileSync(`${path}.c`, text);
  execFileSync("gcc", ["-O2", "-w", "-o", path, `${path}.c`]);
  expect((await sandfit(["fix", path])).exitCode).toBe(0);
  for (const sandbox of present) {
    const [before, after] = [await execute([path], { sandbox }), await execute([`${path}.gvisor`], { sandbox })];
    expect([before.stdout, after.stdout]).toEqual([sandbox.kind === "host" ? "trampoline 8\n" : "", "trampoline 8\n"]);
  }
});
