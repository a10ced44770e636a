/** Accesses through %fs and %gs, and what only looks like one. */

import { describe, expect, test } from "vitest";
import * as o from "../../../src/asm/operands.js";
import { segmentAccesses } from "../../../src/code/accesses.js";
import { type Body, snippet } from "../../support/snippet.js";

/** What is found and what is dismissed, with labels in place of positions. */
async function gs(body: Body, segment: "fs" | "gs" = "gs") {
  const found = await snippet(body);
  const { found: accesses, dismissed } = segmentAccesses(found.code, segment);
  return { ...found, accesses, dismissed };
}

describe("found", () => {
  test.each<[string, Body, object]>([
    ["a fixed offset", (a) => a.label("here").mov(o.rax, o.gs(0x30)).hlt(), { offset: 0x30 }],
    ["a store", (a) => a.label("here").mov(o.gs(0x28), o.rax).hlt(), { offset: 0x28 }],
    [
      "through a register",
      (a) =>
        a
          .mov(o.eax, 0x30)
          .label("here")
          .mov(o.rax, o.gs(o.mem(o.rax)))
          .hlt(),
      { offset: undefined },
    ],
    [
      "with an index",
      (a) =>
        a
          .label("here")
          .mov(o.rax, o.gs(o.indexed(o.rcx, 8, 0x40)))
          .hlt(),
      { offset: undefined },
    ],
    ["arithmetic", (a) => a.label("here").add(o.rcx, o.gs(0x30)).hlt(), { offset: 0x30 }],
    ["a string read", (a) => a.label("here").bytes(0x65, 0xac).hlt(), { offset: undefined }],
    ["a moffs", (a) => a.label("here").bytes(0x65, 0xa1, 0x30, 0, 0, 0, 0, 0, 0, 0).hlt(), { offset: undefined }],
  ])("%s", async (_, body, more) => {
    const { accesses, at } = await gs(body);
    expect(accesses).toEqual([
      expect.objectContaining({
        segment: "gs",
        position: at("here"),
        prefixAt: at("here"),
        use: "thread-state",
        evidence: "entry",
        onLinux: true,
        ...more,
      }),
    ]);
  });

  test("the prefix behind other prefixes", async () => {
    const { accesses, at } = await gs((a) => a.label("here").bytes(0x66, 0x65, 0x8b, 0x04, 0x25, 0x30, 0, 0, 0).hlt());
    expect(accesses).toMatchObject([{ position: at("here"), prefixAt: at("here") + 1, length: 9 }]);
  });

  test("by the segment that is asked for", async () => {
    const body: Body = (a) => a.label("fs").mov(o.rax, o.fs(0)).label("gs").mov(o.rax, o.gs(0x30)).hlt();
    const [byFs, byGs] = [await gs(body, "fs"), await gs(body, "gs")];
    expect(byFs.accesses.map(({ position }) => position)).toEqual([byFs.at("fs")]);
    expect(byGs.accesses.map(({ position }) => position)).toEqual([byGs.at("gs")]);
  });

  test("in a function that a name tells, and in one that nothing tells, with that evidence", async () => {
    const body: Body = (a) => a.hlt().func("f").label("here").mov(o.rax, o.gs(0x30)).ret();
    const [named, unnamed] = await Promise.all([snippet(body, true), snippet(body)]);
    expect(segmentAccesses(named.code, "gs").found).toMatchObject([{ evidence: "symbol", onLinux: true }]);
    expect(segmentAccesses(unnamed.code, "gs").found).toMatchObject([{ evidence: "swept", onLinux: false }]);
  });
});

describe("not found", () => {
  test.each<[string, Body]>([
    ["lea, which reads no memory", (a) => a.bytes(0x65, 0x48, 0x8d, 0x04, 0x25, 0x30, 0, 0, 0).hlt()],
    ["a nop with a prefix", (a) => a.bytes(0x65, 0x0f, 0x1f, 0x40, 0).hlt()],
    ["a register operand", (a) => a.bytes(0x65, 0x48, 0x89, 0xc0).hlt()],
    ["the byte in a constant", (a) => a.mov(o.eax, 0x65656565).hlt()],
    ["a prefix that another overrides", (a) => a.bytes(0x65, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0).hlt()],
  ])("%s", async (_, body) => {
    expect((await gs(body)).accesses).toEqual([]);
  });

  test("text behind the code, and why", async () => {
    const { accesses, dismissed } = await gs((a) =>
      a.hlt().ascii("\0the message here: kernels were here before the end of letters"),
    );
    expect(accesses).toEqual([]);
    expect(dismissed.length).toBeGreaterThan(0);
    expect(new Set(dismissed.map(({ reason }) => reason))).toEqual(new Set(["text"]));
  });

  test("the bytes of an access inside a constant, and why", async () => {
    const { accesses, dismissed, at } = await gs((a) => a.label("here").mov(o.rax, 0x3025048b4865n).hlt());
    expect(accesses).toEqual([]);
    expect(dismissed).toMatchObject([{ position: at("here") + 2, reason: "inside" }]);
  });
});
