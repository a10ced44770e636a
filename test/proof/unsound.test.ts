/** Programs that look as if thread state could be moved, and cannot be: each was once converted, ran before and not after. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Assembler } from "../../src/asm/assembler.js";
import { writeElf } from "../../src/asm/elf-writer.js";
import * as o from "../../src/asm/operands.js";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { outcomeOf } from "../../src/check/model.js";
import { RefusedError } from "../../src/errors.js";
import { applyToCopy, forward } from "../../src/fix/apply.js";
import { type Allowance, type Plan, planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import { unknownProgram } from "../fixtures/programs/random-programs.js";
import { plainProgram } from "../fixtures/programs/register-programs.js";
import { cosmoProgram } from "../fixtures/programs/runtime.js";
import { addUpThroughTls } from "../fixtures/programs/tls-programs.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-unsound-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function planOf(bytes: Uint8Array, allow: readonly Allowance[] = []): Promise<Plan> {
  const source = memorySource(bytes, "program");
  return planFix(source, await readImage(source), await check(source), { allow });
}

/** The sentences of a refusal; undefined where there is a plan. */
async function refusalsOf(bytes: Uint8Array, allow: readonly Allowance[] = []): Promise<string | undefined> {
  try {
    await planOf(bytes, allow);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}

function run(bytes: Uint8Array): { status: number | null; signal: string | null; stdout: string } {
  const path = join(folder, "program");
  writeFileSync(path, bytes, { mode: 0o755 });
  const { status, signal, stdout } = spawnSync(path, { timeout: 60_000, killSignal: "SIGKILL" });
  rmSync(path);
  return { status, signal, stdout: stdout.toString("latin1") };
}

const steps = (...all: [kind: string, n?: number][]) => all.map(([kind, n = 0]) => ({ kind, n }));
const SET = steps(["setGs"], ["readGs"]);
/** Forms of arch_prctl in random-programs.ts: by a register that is kept, and by a copy in %ebx. */
const KEPT = 2 << 2;

/** Name, steps, and what the refusal says. */
const programs = [
  ["%fs through a register", steps(["setFs"], ["readFsIndirect"]), /uses %fs, where the thread state would go|ARCH_SET_FS/],
  ["the base of %fs as storage", steps(["setFs"], ["getFs"]), /arch_prctl\(ARCH_SET_FS\) itself/],
  ["a base of %fs set in front of a flat access", [...steps(["setFs"]), ...SET], /arch_prctl\(ARCH_SET_FS\) itself/],
  ["wrfsbase", steps(["setBaseOfFs"], ["readGs"]), /sets or reads the base/],
  ["rdgsbase", steps(["baseOfGs"]), /sets or reads the base/],
  ["a null selector into %fs", steps(["nullFs"], ["readGs"]), /sets or reads the base/],
  ["a child by CLONE_SETTLS", steps(["child", 2]), /CLONE_SETTLS/],
  ["the constant kept in another register", [...steps(["setGs", KEPT]), ...steps(["kept"])], /may serve for something else/],
  ["the constant still in %rdi behind the call", steps(["firstArgument"]), /may serve for something else/],
  ["a computed code", steps(["setFs", 5 << 2]), /what it asks arch_prctl for/],
  [
    "data behind a call that never returns",
    steps(["tableBehindDeath"]),
    /reads or writes among the code|may be data|nothing is seen/,
  ],
  ["data behind exit", steps(["tableBehindExit"]), /may be data that is read|nothing is seen/],
  ["data behind xor, test, jne", steps(["behindWhatIsNotTaken", 0]), /nothing is seen to run|read as data/],
  ["data behind xor, jne", steps(["behindWhatIsNotTaken", 1]), /nothing is seen to run|read as data/],
  ["data behind clc, jc", steps(["behindWhatIsNotTaken", 2]), /nothing is seen to run|read as data/],
  ["a code template", steps(["template"]), /may be data that is read/],
  ["a table that the symbols call an object", steps(["object"]), /which the symbol table calls data/],
  ["a program that reads its own code", steps(["callReader"], ["ownCode"]), /read as data/],
] as const;

describe.each(programs)("%s", (_, more, reason) => {
  const bytes = unknownProgram({ steps: [...SET, ...more], symbols: true, separateHead: false });

  test("runs", () => {
    expect(run(bytes)).toMatchObject({ signal: null });
  });

  test("is refused, whether or not its runtime matters", async () => {
    expect(await refusalsOf(bytes)).toMatch(reason);
    expect(await refusalsOf(bytes)).toMatch(/not proven to be built with Cosmopolitan/);
    expect(await refusalsOf(bytes)).not.toMatch(/--allow/);
    expect(await refusalsOf(bytes, ["unknown-runtime"])).toMatch(reason);
    expect(await refusalsOf(bytes, ["unknown-runtime"])).not.toMatch(/not proven/);
  });
});

test("where nothing else speaks against it, an unknown runtime is converted for those who allow it, with a warning", async () => {
  const bytes = unknownProgram({ steps: [...SET, ...steps(["callReader"])], symbols: false, separateHead: false });
  expect(await refusalsOf(bytes)).toMatch(/__hostos.*--allow unknown-runtime converts it all the same/);
  const report = await check(memorySource(bytes));
  expect(report.views[0].verdicts.systrap).toMatchObject({ outcome: "fails", afterFix: "fails" });
  const { edits, warnings } = await planOf(bytes, ["unknown-runtime"]);
  expect(warnings.join()).toMatch(/runtime is not known/);
  expect(edits).toHaveLength(3);
  expect(run(applyToCopy(bytes, forward(edits)))).toEqual(run(bytes));
});

test("a store to %gs in a known runtime's program that is no slot of Windows is refused", async () => {
  const program = cosmoProgram({ setTls: "call" }, (a) => {
    a.func("main").mov(o.gs(0x40), 7, 8).mov(o.rax, o.gs(0x30)).mov(o.rax, o.mem(o.rax, 0x40)).sub(o.rax, 7).ret();
  });
  const { bytes } = writeElf(program);
  expect(run(bytes)).toMatchObject({ status: 0 });
  expect(await refusalsOf(bytes)).toMatch(/no slot that its runtime is known to use on Windows/);
});

test("one access through %gs in a program with thread state in %fs is named, and is not called right", async () => {
  const program = cosmoProgram({ setTls: "fs", morph: false }, (a) => {
    a.func("main").push(o.rbx);
    addUpThroughTls(a, "stray", (at, to) => at.mov(to, o.fs(0x30)));
    a.mov(o.rax, o.gs(0x30)).xor(o.eax, o.eax).pop(o.rbx).ret();
  });
  const report = await check(memorySource(writeElf(program).bytes));
  const [finding] = report.views[0].findings;
  expect(finding).toMatchObject({ rule: "gs-beside-fs", facts: { case: "no-base", accesses: 1 } });
  expect(outcomeOf(report)).toBe("may-fail");
});

test("the code in front of an entry point hands over registers as Linux does", async () => {
  const a = new Assembler();
  a.func("_start");
  for (const register of o.r64) if (register.number !== 4 && register.number !== 0) a.or(o.rax, register);
  a.bytes(0x9c).pop(o.rcx).and(o.ecx, 0xcd5).sub(o.ecx, 0x44).or(o.rax, o.rcx);
  a.mov(o.rbx, o.rax).mov(o.eax, 0xc3).push(o.rax).call(o.rsp).pop(o.rcx);
  a.test(o.rbx, o.rbx).set("ne", o.al).movzx(o.edi, o.al, 1).mov(o.eax, 60).syscall().hlt();
  a.section("data").u64(1).section("text");
  const { bytes } = writeElf(a, { stack: 7 });
  expect(run(bytes)).toMatchObject({ status: 0 });
  const { edits, warnings } = await planOf(bytes);
  expect(edits.map(({ rule }) => rule)).toContain("exec-stack");
  expect(warnings.join()).toMatch(/AT_ENTRY/);
  expect(run(applyToCopy(bytes, forward(edits)))).toMatchObject({ status: 0 });
});

test.each([
  ["anonymous memory", 0x23],
  ["MAP_FIXED_NOREPLACE", 0x100003],
])("MAP_SHARED_VALIDATE that plain Linux refuses stays as it is: %s", async (_, flags) => {
  const program = plainProgram((a) => {
    a.func("main").mov(o.r10d, flags).xor(o.edi, o.edi).mov(o.esi, 4096).mov(o.edx, 3).mov(o.r8, -1).xor(o.r9d, o.r9d);
    a.mov(o.eax, 9).syscall().shift("shr", o.rax, 63).ret();
  });
  const { bytes } = writeElf(program);
  expect(run(bytes)).toMatchObject({ status: 1 });
  expect((await planOf(bytes)).edits).toEqual([]);
});

test("an edit of any rule in what the symbol table calls data is refused", async () => {
  const program = plainProgram((a) => {
    a.func("main").call("table").xor(o.eax, o.eax).ret();
    a.align(16).object("table").xor(o.eax, o.eax).movToSegment("gs", o.eax).ret();
    a.func("behind").ret();
  });
  expect(await refusalsOf(writeElf(program, { symbols: true }).bytes)).toMatch(
    /lies in table, which the symbol table calls data/,
  );
});
