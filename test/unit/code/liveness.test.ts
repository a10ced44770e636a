/** Whether flags or a register are still wanted behind the instruction at 'here'. */

import { describe, expect, test } from "vitest";
import * as o from "../../../src/asm/operands.js";
import { flagsAreDeadAfter, registerIsDeadAfter } from "../../../src/code/liveness.js";
import { type Body, snippet } from "../../support/snippet.js";

describe("flags", () => {
  test.each<[string, boolean, Body]>([
    ["are dead where they are set anew", true, (a) => a.cmp(o.eax, 1).j("e", "end").label("end").hlt()],
    ["are wanted by a branch", false, (a) => a.j("e", "end").label("end").hlt()],
    [
      "are wanted by a branch after moves",
      false,
      (a) => a.mov(o.eax, 1).lea(o.rcx, o.mem(o.rax)).push(o.rax).j("e", "end").label("end").hlt(),
    ],
    ["are wanted by setcc behind a jump", false, (a) => a.jmp("on").ud2().label("on").set("e", o.al).hlt()],
    ["are wanted by adc with a constant", false, (a) => a.adc(o.eax, 1).hlt()],
    ["are wanted by adc with a register", false, (a) => a.adc(o.eax, o.ecx).hlt()],
    ["are wanted by cmov", false, (a) => a.cmov("e", o.eax, o.ecx).hlt()],
    ["are dead at a return", true, (a) => a.ret()],
    ["are dead at a call", true, (a) => a.call("f").hlt().func("f").ret()],
    ["are kept by a system call, and dead behind it", true, (a) => a.syscall().test(o.eax, o.eax).hlt()],
    ["are kept by a system call, and wanted behind it", false, (a) => a.syscall().j("e", "end").label("end").hlt()],
    ["are dead where the program ends", true, (a) => a.hlt()],
    ["are kept by inc, which leaves the carry", false, (a) => a.inc(o.eax).test(o.eax, o.eax).hlt()],
    ["are wanted around a loop", false, (a) => a.label("again").nop().j("e", "again").hlt()],
    ["may be wanted where an indirect jump leads", false, (a) => a.jmp(o.rax)],
    ["may be wanted by what is not understood", false, (a) => a.cpuid().hlt()],
  ])("%s (%s)", async (_, isDead, rest) => {
    const { walk, at } = await snippet((a) => rest(a.label("here").xor(o.ecx, o.ecx)));
    expect(flagsAreDeadAfter(walk, at("here"))).toBe(isDead);
  });
});

describe("%rcx", () => {
  const RCX = 1;
  const rest: readonly [string, boolean, Body][] = [
    ["is dead where it is written", true, (a) => a.mov(o.ecx, 1).hlt()],
    ["is wanted where it is read", false, (a) => a.mov(o.eax, o.ecx).hlt()],
    ["is wanted as an address", false, (a) => a.mov(o.eax, o.mem(o.rcx)).hlt()],
    ["is wanted where it is read and written", false, (a) => a.add(o.ecx, 1).hlt()],
    ["is dead at a return", true, (a) => a.ret()],
    ["is dead at a call", true, (a) => a.call("f").hlt().func("f").ret()],
    ["may be wanted by the kernel", false, (a) => a.syscall().ret()],
    ["is passed by what has nothing to do with it", true, (a) => a.mov(o.eax, 1).lea(o.rdx, o.mem(o.rax)).ret()],
    ["is wanted on one of two ways", false, (a) => a.j("e", "other").mov(o.ecx, 1).hlt().label("other").push(o.rcx).hlt()],
    ["is dead on both ways", true, (a) => a.j("e", "other").mov(o.ecx, 1).hlt().label("other").ret()],
    ["may be wanted where an indirect jump leads", false, (a) => a.jmp(o.rax)],
  ];
  test.each(rest)("%s (%s)", async (_, isDead, body) => {
    const { walk, at } = await snippet((a) => body(a.label("here").mov(o.ecx, 5)));
    expect(registerIsDeadAfter(walk, at("here"), RCX)).toBe(isDead);
  });

  test("is wanted by a call where it is an argument", async () => {
    const { walk, at } = await snippet((a) => a.label("here").mov(o.ecx, 5).call("f").hlt().func("f").ret());
    expect(registerIsDeadAfter(walk, at("here"), RCX, true)).toBe(false);
  });

  test("counts as wanted where a search gets too long", async () => {
    const deadBehind = async (count: number) => {
      const { walk, at } = await snippet((a) => {
        a.label("here").mov(o.ecx, 5);
        for (let i = 0; i < count; i++) a.mov(o.eax, 1);
        a.ret();
      });
      return registerIsDeadAfter(walk, at("here"), RCX);
    };
    expect([await deadBehind(100), await deadBehind(300)]).toEqual([true, false]);
  });
});
