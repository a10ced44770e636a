/** The system calls that code makes, and among them those of arch_prctl. */

import { describe, expect, test } from "vitest";
import * as o from "../../../src/asm/operands.js";
import { archPrctls, argumentValues, immediateAt, systemCallSites } from "../../../src/code/system-calls.js";
import { type Body, snippet } from "../../support/snippet.js";

const ARCH_PRCTL = 158;
const SET_GS = 0x1001;
const SET_FS = 0x1002;

describe("sites", () => {
  test("every `syscall` that is reached, with its numbers", async () => {
    const { code, at } = await snippet((a) =>
      a.mov(o.eax, 39).label("one").syscall().xor(o.eax, o.eax).label("two").syscall().hlt().mov(o.eax, 1).syscall(),
    );
    const sites = systemCallSites(code);
    expect(sites.map(({ position }) => position)).toEqual([at("one"), at("two")]);
    expect(sites.map(({ number }) => number.constants.map(({ value }) => value))).toEqual([[39], [0]]);
  });

  test("only those that are wanted", async () => {
    const { code, at } = await snippet((a) => a.mov(o.eax, 39).label("one").syscall().label("two").syscall().hlt());
    expect(systemCallSites(code, new Set([at("two")])).map(({ position }) => position)).toEqual([at("two")]);
  });

  test("int $0x80 is none", async () => {
    const { code } = await snippet((a) => a.mov(o.eax, 20).bytes(0xcd, 0x80).hlt());
    expect(systemCallSites(code)).toEqual([]);
  });

  test("arguments are those of the kernel: the fourth is %r10", async () => {
    const { code } = await snippet((a) =>
      a
        .mov(o.edi, 1)
        .mov(o.esi, 2)
        .mov(o.edx, 3)
        .mov(o.ecx, 99)
        .mov(o.r10d, 4)
        .mov(o.r8d, 5)
        .mov(o.r9d, 6)
        .mov(o.eax, 9)
        .syscall()
        .hlt(),
    );
    const [site] = systemCallSites(code);
    const values = [0, 1, 2, 3, 4, 5].map((index) => argumentValues(code, site!, index).constants.map(({ value }) => value));
    expect(values).toEqual([[1], [2], [3], [4], [5], [6]]);
  });
});

describe("arch_prctl", () => {
  const call =
    (code: number): Body =>
    (a) =>
      a.label("constant").mov(o.edi, code).mov(o.eax, ARCH_PRCTL).syscall();
  const stub: Body = (a) =>
    a.func("stub").mov(o.eax, o.rip("number")).syscall().ret().section("data").label("number").u32(ARCH_PRCTL).section("text");

  test.each<[string, Body, readonly { code: number; throughStub?: boolean }[]]>([
    ["ARCH_SET_GS", (a) => [call(SET_GS)(a), a.hlt()], [{ code: SET_GS }]],
    ["ARCH_SET_FS", (a) => [call(SET_FS)(a), a.hlt()], [{ code: SET_FS }]],
    ["another code is none", (a) => [call(0x3001)(a), a.hlt()], []],
    ["another call with that constant is none", (a) => a.mov(o.edi, SET_GS).mov(o.eax, 39).syscall().hlt(), []],
    [
      "the constant in another register is none",
      (a) => a.mov(o.esi, SET_GS).mov(o.edi, 0).mov(o.eax, ARCH_PRCTL).syscall().hlt(),
      [],
    ],
    ["code that is not reached is none", (a) => [a.hlt(), call(SET_GS)(a), a.ret()], []],
    [
      "by a function that its callers tell the code",
      (a) => [a.label("constant").mov(o.edi, SET_GS).call("f").hlt().func("f").mov(o.eax, ARCH_PRCTL).syscall().ret()],
      [{ code: SET_GS }],
    ],
    [
      "through a stub whose number is a word in memory",
      (a) => [a.label("constant").mov(o.edi, SET_GS).call("stub").hlt(), stub(a)],
      [{ code: SET_GS, throughStub: true }],
    ],
    [
      "through a stub, with both codes",
      (a) => [a.mov(o.edi, SET_GS).call("stub").mov(o.edi, SET_FS).call("stub").hlt(), stub(a)],
      [
        { code: SET_GS, throughStub: true },
        { code: SET_FS, throughStub: true },
      ],
    ],
  ])("%s", async (_, body, expected) => {
    const { code } = await snippet(body);
    const found = archPrctls(code).map(({ code, throughStub }) => ({ code, throughStub }));
    expect(found.sort((one, other) => one.code - other.code)).toEqual(
      expected.map(({ code, throughStub = false }) => ({ code, throughStub })),
    );
    expect(code.doubts.with(undefined)).toEqual([]);
  });

  test("the constant that an edit would change, and where it stands in the file", async () => {
    const { code, at } = await snippet((a) => [call(SET_GS)(a), a.hlt()]);
    const [found] = archPrctls(code);
    expect(found!.constant).toEqual({ position: at("constant"), value: SET_GS });
    expect(immediateAt(code, at("constant"))).toEqual({ fileOffset: code.space.fileOffsetOf(at("constant")) + 1, size: 4 });
  });
});
