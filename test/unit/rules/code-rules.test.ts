/** The rules about code: each finds its program, says what happened when that was run, and leaves what only looks like it alone. */

import { describe, expect, test } from "vitest";
import type { Assembler } from "../../../src/asm/assembler.js";
import { type ElfOptions, writeElf } from "../../../src/asm/elf-writer.js";
import * as o from "../../../src/asm/operands.js";
import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { recordedOutcome } from "../../../src/gvisor/evidence.js";
import { releases } from "../../../src/gvisor/gvisor.js";
import type { Finding } from "../../../src/rules/define.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { plainProgram } from "../../fixtures/programs/register-programs.js";

async function findings(bytes: Uint8Array, release = "2026-09"): Promise<readonly Finding[]> {
  const target = { release: releases.find(({ id }) => id === release)!.id, platforms: ["systrap", "ptrace", "kvm"] as const };
  const report = await check(memorySource(bytes, "program"), target);
  return report.views.flatMap((view) => view.findings);
}

/** Program, rule, and how many places it names. */
const cases = [
  ["wrgsbase", "wrgsbase", 1],
  ["wrfsbase", "wrfsbase", 1],
  ["gs-selector", "gs-selector-load", 1],
  ["gs-selector-null", "gs-selector-load", 1],
  ["gs-selector-pop", "gs-selector-load", 1],
  ["gs-selector-lgs", "gs-selector-load", 1],
  ["int80", "int80", 1],
  ["syscall-mispatch", "syscall-mispatch", 2],
  ["syscall-mispatch-r8", "syscall-mispatch", 2],
  ["jump-to-syscall", "jump-to-syscall", 2],
  ["map-shared-validate", "map-shared-validate", 1],
  ["growsdown", "growsdown", 1],
] as const;

const runs = releases.filter(({ ran }) => ran.length > 0);

describe.each(cases)("%s", (name, rule, sites) => {
  test(`is what ${rule} finds, and nothing else is found`, async () => {
    const found = await findings(sampleProgram(name).bytes);
    expect(found.map((finding) => finding.rule)).toEqual([rule]);
    expect(found[0].sites).toHaveLength(sites);
    expect(found[0].sites.map((site) => site.evidence)).toEqual(found[0].sites.map(() => "entry"));
  });

  test.each(runs)("fares in $id as the runs showed", async (release) => {
    const program = sampleProgram(name);
    const [finding] = await findings(program.bytes, release.id);
    for (const platform of release.ran) {
      const ran = recordedOutcome(name, release.id, platform);
      const { consequence, basis } = finding.effects[platform];
      expect({ platform, fails: consequence !== "runs", basis }).toEqual({ platform, fails: ran === "fails", basis: "run" });
    }
  });
});

test("map-fixed-noreplace is mentioned where gVisor does not know the flag, and the verdict stays", async () => {
  const { bytes } = sampleProgram("map-fixed-noreplace");
  expect(await findings(bytes)).toEqual([]);
  const [finding] = await findings(bytes, "2024-07");
  expect(finding.rule).toBe("map-fixed-noreplace");
  expect(finding.effects.systrap.consequence).toBe("runs");
});

const build = (body: (a: Assembler) => void, options: ElfOptions = {}): Uint8Array => writeElf(plainProgram(body), options).bytes;
const rulesOf = async (bytes: Uint8Array): Promise<string[]> => (await findings(bytes)).map(({ rule }) => rule);

describe("what only looks like it", () => {
  test("a growing mapping of which the kernel is told the size, as the stack for signals", async () => {
    const program = (number: number) =>
      build((a) => {
        a.func("main").push(o.rbx).xor(o.edi, o.edi).mov(o.esi, 0x10000).mov(o.edx, 3).mov(o.r10d, 0x122).mov(o.r8, -1);
        a.xor(o.r9d, o.r9d).mov(o.eax, 9).syscall().mov(o.mem(o.rsp, -24), o.rax).lea(o.rdi, o.mem(o.rsp, -24));
        a.mov(o.mem(o.rsp, -16), 0, 8).mov(o.mem(o.rsp, -8), 0x10000, 8).xor(o.esi, o.esi).mov(o.eax, number).syscall();
        a.pop(o.rbx).xor(o.eax, o.eax).ret();
      });
    expect(await rulesOf(program(131))).toEqual([]);
    expect(await rulesOf(program(39))).toEqual(["growsdown"]);
  });

  test("a broken pair whose number is never called there is never rewritten", async () => {
    // c7 44 24 b8 6e 00 00 00 | 0f 05 with 39 in %eax
    const bytes = build((a) => a.func("main").mov(o.eax, 39).mov(o.mem(o.rsp, -0x48), 110, 4).syscall().xor(o.eax, o.eax).ret());
    expect(await rulesOf(bytes)).toEqual([]);
  });

  test("the bytes of a broken pair in text or in an immediate", async () => {
    const bytes = build((a) => {
      a.func("main").mov(o.rax, 0x050f0000006eb8n).xor(o.eax, o.eax).ret();
      a.section("rodata").bytes(0x41, 0xb8, 110, 0, 0, 0, 0x0f, 0x05).section("text");
    });
    expect(await rulesOf(bytes)).toEqual([]);
  });

  test("a jump to a syscall with the same number", async () => {
    const bytes = build((a) => {
      a.func("main").call("getpid").mov(o.eax, 39).jmp("enter", "short");
      a.align(16).func("getpid").mov(o.eax, 39).label("enter").syscall().xor(o.eax, o.eax).ret();
    });
    expect(await rulesOf(bytes)).toEqual([]);
  });

  test("a jump with a number of macOS is only mentioned, and stays as it is", async () => {
    const bytes = build((a) => {
      a.func("main").call("getpid").mov(o.eax, 0x2000014).jmp("enter", "short");
      a.align(16).func("getpid").mov(o.eax, 39).label("enter").syscall().xor(o.eax, o.eax).ret();
    });
    const [finding] = await findings(bytes);
    expect(finding.effects.systrap.consequence).toBe("runs");
    expect(finding.repair).toBeUndefined();
  });

  test("int $0x80 as the immediate of another instruction", async () => {
    expect(await rulesOf(build((a) => a.func("main").mov(o.eax, 20).mov(o.ecx, 0x80cd).xor(o.eax, o.eax).ret()))).toEqual([]);
  });

  test("3 in %ecx in front of something else than mmap", async () => {
    const bytes = build((a) => {
      a.func("main").mov(o.ecx, 3).mov(o.r10d, 3).mov(o.eax, 39).syscall().xor(o.eax, o.eax).ret();
    });
    expect(await rulesOf(bytes)).toEqual([]);
  });

  test("a null selector that only bare metal loads, in a Cosmopolitan program", async () => {
    expect(await rulesOf(sampleProgram("gs-lookalikes").bytes)).toEqual(["tls-in-gs"]);
  });
});

describe("what nothing is seen to call", () => {
  const unreached = (a: Assembler): Assembler =>
    a.func("main").xor(o.eax, o.eax).ret().align(16).func("unused").mov(o.eax, 20).bytes(0xcd, 0x80).ret();

  test("may fail where a name says that it is a function", async () => {
    const [finding] = await findings(build(unreached, { symbols: true }));
    expect(finding.rule).toBe("int80");
    expect(finding.effects.systrap.consequence).toBe("may-fail");
  });

  test("is not mentioned where nothing says that it is code", async () => {
    expect(await rulesOf(build(unreached))).toEqual([]);
  });
});

describe("no edit where it would change more than it should", () => {
  const repairOf = async (body: (a: Assembler) => void): Promise<Finding["repair"]> => {
    const [finding] = await findings(build(body));
    expect(finding).toBeDefined();
    return finding.repair;
  };

  test("of a selector that is not known", async () => {
    expect(await repairOf((a) => a.func("main").mov(o.eax, o.mem(o.rsp)).movToSegment("gs", o.eax).xor(o.eax, o.eax).ret())).toBe(
      undefined,
    );
  });

  test("of a null selector where %gs is used", async () => {
    const repair = await repairOf((a) =>
      a.func("main").xor(o.eax, o.eax).movToSegment("gs", o.eax).mov(o.rcx, o.gs(0x10)).xor(o.eax, o.eax).ret(),
    );
    expect(repair).toBeUndefined();
  });

  test("of a number above 255 in front of a syscall that is jumped to", async () => {
    const repair = await repairOf((a) => {
      a.func("main").call("first").mov(o.eax, 39).jmp("enter", "short");
      a.align(16).func("first").mov(o.eax, 318).label("enter").syscall().xor(o.eax, o.eax).ret();
    });
    expect(repair).toBeUndefined();
  });

  test("where the flags are looked at behind the call", async () => {
    const repair = await repairOf((a) => {
      a.func("main").call("first").mov(o.eax, 110).jmp("enter", "short");
      a.align(16).func("first").mov(o.eax, 39).label("enter").syscall().set("e", o.cl).xor(o.eax, o.eax).ret();
    });
    expect(repair).toBeUndefined();
  });

  test("where an instruction between the number and the broken pair uses %rax, or something jumps in between", async () => {
    const uses = await repairOf((a) =>
      a.func("main").mov(o.eax, 110).mov(o.rcx, o.rax).mov(o.r8d, 110).syscall().xor(o.eax, o.eax).ret(),
    );
    expect(uses).toBeUndefined();
    const jumps = await repairOf((a) => {
      const between = a.fresh("between");
      a.func("main").mov(o.ecx, 2).mov(o.eax, 110).label(between).mov(o.r8d, 110).syscall();
      a.mov(o.eax, 110).dec(o.ecx).j("ne", between, "short").xor(o.eax, o.eax).ret();
    });
    expect(jumps).toBeUndefined();
  });

  test("of flags of mmap that are used twice, or come with MAP_SYNC", async () => {
    const map = (a: Assembler) => a.mov(o.esi, 4096).xor(o.r9d, o.r9d).mov(o.eax, 9).syscall();
    const twice = await repairOf((a) => {
      map(a.func("main").mov(o.r10d, 3).mov(o.edx, o.r10d));
      a.xor(o.eax, o.eax).ret();
    });
    expect(twice).toBeUndefined();
    const again = await repairOf((a) => {
      map(map(a.func("main").mov(o.edx, 3).mov(o.r10d, 3)));
      a.xor(o.eax, o.eax).ret();
    });
    expect(again).toBeUndefined();
    const sync = await repairOf((a) => map(a.func("main").mov(o.edx, 3).mov(o.r10d, 0x80003)).xor(o.eax, o.eax).ret());
    expect(sync).toBeUndefined();
  });
});
