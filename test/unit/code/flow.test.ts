/** Which values a register can hold: `valuesBefore` asked about %rdi at the label "use". */

import { describe, expect, test } from "vitest";
import * as o from "../../../src/asm/operands.js";
import { fallsFrom, predecessors, valuesBefore } from "../../../src/code/flow.js";
import { type Body, snippet } from "../../support/snippet.js";

const RBX = 3;
const RDI = 7;

interface Expected {
  readonly constants?: readonly number[];
  /** Labels of the words that it may be loaded from. */
  readonly loads?: readonly string[];
  readonly other?: boolean;
}

/** Name, code, what is said of %rdi. `func` after the entry point's code is called from there or not at all. */
const cases: readonly [string, Body, Expected][] = [
  ["a constant of 32 bits", (a) => a.mov(o.edi, 5).label("use").hlt(), { constants: [5] }],
  ["a constant of 64 bits that fits into 32", (a) => a.mov(o.rdi, 5).label("use").hlt(), { constants: [5] }],
  ["xor with itself is 0", (a) => a.xor(o.edi, o.edi).label("use").hlt(), { constants: [0] }],
  ["xor with another register is not known", (a) => a.xor(o.edi, o.eax).label("use").hlt(), { other: true }],
  ["a constant of 16 bits leaves the rest", (a) => a.mov(o.edi, 5).bytes(0x66, 0xbf, 1, 0).label("use").hlt(), { other: true }],
  ["over another register", (a) => a.mov(o.eax, 5).mov(o.edi, o.eax).label("use").hlt(), { constants: [5] }],
  ["the last one counts", (a) => a.mov(o.edi, 5).mov(o.edi, 6).label("use").hlt(), { constants: [6] }],
  ["what does not write it is passed", (a) => a.mov(o.edi, 5).mov(o.eax, 1).push(o.rdi).label("use").hlt(), { constants: [5] }],
  ["what computes it is not known", (a) => a.mov(o.edi, 5).add(o.edi, 1).label("use").hlt(), { other: true }],
  [
    "a fixed word",
    (a) => a.mov(o.edi, o.rip("word")).label("use").hlt().section("data").label("word").u32(9),
    { loads: ["word"] },
  ],
  ["a word through a register is not known", (a) => a.mov(o.edi, o.mem(o.rax)).label("use").hlt(), { other: true }],
  ["a word through %fs is not known", (a) => a.mov(o.rdi, o.fs(0)).label("use").hlt(), { other: true }],
  ["a system call leaves it", (a) => a.mov(o.edi, 5).syscall().label("use").hlt(), { constants: [5] }],
  ["over a jump", (a) => a.mov(o.edi, 5).jmp("use").ud2().label("use").hlt(), { constants: [5] }],
  [
    "both ways to a place",
    (a) => a.mov(o.edi, 5).test(o.eax, o.eax).j("e", "use").mov(o.edi, 6).label("use").hlt(),
    { constants: [5, 6] },
  ],
  [
    "around a loop, and it ends",
    (a) => a.mov(o.edi, 5).label("again").dec(o.ecx).j("ne", "again").label("use").hlt(),
    { constants: [5] },
  ],
  [
    "changed in a loop: the first and what is not known",
    (a) => a.mov(o.edi, 5).label("use").add(o.edi, 1).dec(o.ecx).j("ne", "use").hlt(),
    { constants: [5], other: true },
  ],
  ["a call may change it", (a) => a.mov(o.edi, 5).call("f").label("use").hlt().func("f").ret(), { other: true }],
  [
    "from every caller",
    (a) => a.mov(o.edi, 5).call("f").mov(o.edi, 6).call("f").hlt().func("f").label("use").ret(),
    { constants: [5, 6] },
  ],
  [
    "through a call in a call",
    (a) => a.mov(o.edi, 5).call("f").hlt().func("f").call("g").ret().func("g").label("use").ret(),
    { constants: [5] },
  ],
  [
    "a function that a pointer leads to has other callers too",
    (a) => a.mov(o.edi, 5).call("f").hlt().func("f").label("use").ret().section("data").align(8).pointer("f"),
    { constants: [5], other: true },
  ],
  ["the entry point gets what is not known", (a) => a.label("use").hlt(), { other: true }],
];

describe("what %rdi can be", () => {
  test.each(cases)("%s", async (_, body, { constants = [], loads = [], other = false }) => {
    const { walk, at, addressOf } = await snippet(body);
    const values = valuesBefore(walk, at("use"), RDI);
    expect({
      constants: values.constants.map(({ value }) => value).sort(),
      loads: values.loads,
      other: values.other,
      whole: values.whole,
    }).toEqual({ constants, loads: loads.map(addressOf), other, whole: true });
    // Asked once more it is the same, from what was kept.
    expect(valuesBefore(walk, at("use"), RDI)).toEqual(values);
  });

  test("a constant is named with its instruction", async () => {
    const { walk, at } = await snippet((a) => a.nop().label("here").mov(o.edi, 5).nop(3).label("use").hlt());
    expect(valuesBefore(walk, at("use"), RDI).constants).toEqual([{ position: at("here"), value: 5 }]);
  });

  test("a register that a callee preserves is passed over a call", async () => {
    const { walk, at } = await snippet((a) => a.mov(o.ebx, 5).call("f").label("use").hlt().func("f").ret());
    expect(valuesBefore(walk, at("use"), RBX)).toMatchObject({ constants: [{ value: 5 }], other: false });
  });
});

describe("what comes before a place", () => {
  const body: Body = (a) =>
    a.label("jump").j("e", "f").label("call").call("f").hlt().label("fall").nop().func("f").label("place").ret();

  test("what falls into it, jumps to it and calls it", async () => {
    const { walk, at } = await snippet((a) =>
      a.label("first").jmp("second").label("second").label("jump").j("e", "place").label("fall").nop().label("place").ret(),
    );
    expect(predecessors(walk, at("place"))).toEqual([at("fall"), at("jump")]);
    expect(fallsFrom(walk, at("place"))).toBe(at("fall"));
  });

  test("nothing falls through a halt, and code that nothing reaches is not asked", async () => {
    const { walk, at } = await snippet(body);
    expect(fallsFrom(walk, at("place"))).toBe(-1);
    expect(predecessors(walk, at("place"))).toEqual([at("jump"), at("call")]);
  });

  test.each<[string, Body]>([
    ["a jump", (a) => a.j("e", "place").jmp("end").label("place").nop().label("end").hlt()],
    ["a return", (a) => a.j("e", "place").ret().label("place").hlt()],
    ["an undefined instruction", (a) => a.j("e", "place").ud2().label("place").hlt()],
    ["an indirect jump", (a) => a.j("e", "place").jmp(o.rax).label("place").hlt()],
  ])("nothing falls through %s", async (_, code) => {
    const { walk, at } = await snippet(code);
    expect(fallsFrom(walk, at("place"))).toBe(-1);
  });
});
