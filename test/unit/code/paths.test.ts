/** Ways through code: what follows an instruction, what can be reached, which branch decides. */

import { describe, expect, test } from "vitest";
import * as o from "../../../src/asm/operands.js";
import { decidingBranches, functionStart, reaches, successors } from "../../../src/code/paths.js";
import { type Body, snippet } from "../../support/snippet.js";

describe("what follows the instruction at 'here'", () => {
  test.each<[string, Body, readonly string[]]>([
    ["an ordinary one: the next", (a) => a.label("here").nop().label("next").hlt(), ["next"]],
    ["a jump: its target", (a) => a.label("here").jmp("far").ud2().label("far").hlt(), ["far"]],
    ["a branch: both", (a) => a.label("here").j("e", "far").label("next").nop().label("far").hlt(), ["next", "far"]],
    ["a return: nothing", (a) => a.label("here").ret(), []],
    ["an indirect jump: nothing", (a) => a.label("here").jmp(o.rax), []],
    ["a halt: nothing", (a) => a.label("here").hlt(), []],
    ["a call: what is behind it", (a) => a.label("here").call("f").label("next").hlt().func("f").ret(), ["next"]],
    ["an indirect call: what is behind it", (a) => a.label("here").call(o.rax).label("next").hlt(), ["next"]],
    ["a system call: what is behind it", (a) => a.label("here").syscall().label("next").hlt(), ["next"]],
    ["a call of what halts: nothing", (a) => a.label("here").call("f").hlt().func("f").nop().hlt(), []],
    ["a call of what loops for ever: nothing", (a) => a.label("here").call("f").hlt().func("f").jmp("f"), []],
    [
      "a call of what calls what halts: nothing",
      (a) => a.label("here").call("f").hlt().func("f").call("g").ret().func("g").hlt(),
      [],
    ],
    [
      "a call of what may return: what is behind it",
      (a) => a.label("here").call("f").label("next").hlt().func("f").j("e", "g").ret().func("g").hlt(),
      ["next"],
    ],
    [
      "a call of what leaves by a pointer: what is behind it",
      (a) => a.label("here").call("f").label("next").hlt().func("f").j("e", "g").jmp(o.rax).func("g").hlt(),
      ["next"],
    ],
  ])("%s", async (_, body, labels) => {
    const { walk, at } = await snippet(body);
    expect(successors(walk, at("here"))).toEqual(labels.map(at));
  });
});

describe("whether 'from' reaches 'to'", () => {
  test.each<[string, Body, boolean]>([
    ["straight on", (a) => a.label("from").nop(3).label("to").hlt(), true],
    ["itself", (a) => a.label("from").label("to").hlt(), true],
    ["over a jump back", (a) => a.jmp("from").label("to").hlt().label("from").jmp("to"), true],
    ["on one side of a branch", (a) => a.label("from").j("e", "to").hlt().label("to").ret(), true],
    ["not behind a return", (a) => a.j("e", "to").label("from").ret().label("to").hlt(), false],
    ["not into what it calls", (a) => a.label("from").call("f").hlt().func("f").label("to").ret(), false],
    ["not behind a call of what ends", (a) => a.j("e", "to").label("from").call("f").label("to").hlt().func("f").hlt(), false],
    ["not around a loop that does not leave", (a) => a.j("e", "to").label("from").jmp("from").label("to").hlt(), false],
  ])("%s", async (_, body, expected) => {
    const { walk, at } = await snippet(body);
    expect(reaches(walk, at("from"), at("to"))).toBe(expected);
  });

  test("a search that takes too long says yes", async () => {
    const { walk, at } = await snippet((a) => a.j("e", "to").label("from").nop(50).hlt().label("to").hlt());
    expect(reaches(walk, at("from"), at("to"))).toBe(false);
    expect(reaches(walk, at("from"), at("to"), 10)).toBe(true);
  });
});

describe("which branches decide whether control gets to 'place'", () => {
  const at = async (body: Body) => {
    const found = await snippet(body);
    return { ...found, branches: decidingBranches(found.walk, found.at("place"), 100) };
  };

  test("one that jumps there", async () => {
    const found = await at((a) => a.label("branch").j("e", "place").label("else").hlt().label("place").ret());
    expect(found.branches).toEqual([{ position: found.at("branch"), otherSide: found.at("else"), takenToPlace: true }]);
  });

  test("one that jumps past it", async () => {
    const found = await at((a) => a.label("branch").j("e", "end").label("place").nop().label("end").ret());
    expect(found.branches).toEqual([{ position: found.at("branch"), otherSide: found.at("end"), takenToPlace: false }]);
  });

  test("none whose sides both get there", async () => {
    expect((await at((a) => a.j("e", "join").nop().label("join").nop().label("place").ret())).branches).toEqual([]);
  });

  test("the nearest first, and none in callers", async () => {
    const found = await at((a) =>
      a
        .j("e", "end")
        .call("f")
        .label("end")
        .hlt()
        .func("f")
        .label("outer")
        .j("s", "out")
        .label("inner")
        .j("e", "out")
        .label("place")
        .nop()
        .label("out")
        .ret(),
    );
    expect(found.branches.map(({ position }) => position)).toEqual([found.at("inner"), found.at("outer")]);
  });
});

describe("where the function of a place begins", () => {
  const body: Body = (a) => a.nop(3).label("inside").call("f").hlt().func("f").nop(600).label("far").nop().label("last").ret();

  test.each([
    ["inside", "_start"],
    ["f", "f"],
    ["far", "f"],
    ["last", "f"],
  ])("%s lies in %s", async (place, start) => {
    const { walk, at } = await snippet(body);
    expect(functionStart(walk, at(place))).toBe(at(start));
    expect(functionStart(walk, at(place))).toBe(at(start));
  });

  test("before the first there is none", async () => {
    const { walk } = await snippet(body);
    expect(functionStart(walk, 0)).toBe(-1);
  });
});
