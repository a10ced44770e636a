/** The aarch64 half of stack-growsdown: both shapes, both polarities, look-alikes, and what is fixed already. */
import { describe, expect, test } from "vitest";
import { always } from "../../../src/gvisor/behaviour.js";
import { mmapForStacks, stackAllocator } from "../../fixtures/aarch64/programs.js";
import { find, fixed, shapes } from "../../support/aarch64-stacks.js";

describe("what is repaired", () => {
  test.each(shapes)("%s", async (_, build, options, after) => {
    const bytes = build(options);
    const finding = await find(bytes);
    expect(finding).toMatchObject({
      behaviour: always("may-fail", "source"),
      facts: { sites: 1 },
      repair: { refusals: [], edits: [{ evidence: "entry" }] },
    });
    expect(finding!.repair!.edits[0]!.what).toContain(`→ ${after}`);
    expect(finding!.sites.map((site) => site.role)).toContain("MAP_GROWSDOWN");
    // Once more there is nothing to do.
    expect(await find(fixed(bytes, finding))).toBeUndefined();
  });

  test("the evidence says how the code was found", async () => {
    const evidence = async (call: "pointer" | "unseen") =>
      (await find(stackAllocator({ call })))?.repair?.edits.map((edit) => edit.evidence);
    expect(await evidence("pointer")).toEqual(["pointer"]);
    expect(await evidence("unseen")).toEqual(["swept"]);
  });
});

describe("what is refused, with the address", () => {
  test.each<[string, Uint8Array]>([
    ["the call before the branch is not IsQemuUser", stackAllocator({ advice: 4 })],
    ["no other condition leads to the plain side", stackAllocator({ sibling: false })],
    [
      "slackmap inlined and not IsQemuUser: a branch of the same shape is left alone",
      stackAllocator({ inlined: true, advice: 4 }),
    ],
    ["pthread_create does not show which variable __hostos is", mmapForStacks({ looks: false })],
    ["mmap tests another variable than pthread_create", mmapForStacks({ otherVariable: true })],
  ])("%s", async (_, bytes) => {
    const finding = await find(bytes);
    expect(finding?.repair?.edits).toEqual([]);
    expect(finding?.repair?.refusals).toHaveLength(1);
    expect(finding?.repair?.refusals[0]).toMatch(/ 0x[0-9a-f]+$/);
  });
});

describe("what is not reported", () => {
  test.each<[string, Uint8Array]>([
    ["flixmap without MAP_GROWSDOWN", stackAllocator({ flags: 0x4000 })],
    ["cosmo_dlopen linked: whole stacks anyway", stackAllocator({ text: "dlopen-helper" })],
    ["another program's entry point", stackAllocator({ foreign: true })],
    ["mmap of v3.2.4: pthread_create does not ask for IsQemuUser", mmapForStacks({ asks: false })],
    ["mmap with pthread_create asking something else", mmapForStacks({ advice: 4 })],
    ["another program's mmap", mmapForStacks({ foreign: true })],
  ])("%s", async (_, bytes) => {
    expect(await find(bytes)).toBeUndefined();
  });

  test("v3.3's mmap does not look at cosmo_dlopen", async () => {
    expect((await find(mmapForStacks({ text: "dlopen-helper" })))?.repair?.edits).toHaveLength(1);
  });

  test("damaged code gives an answer", async () => {
    for (const build of [stackAllocator, mmapForStacks]) {
      const bytes = build();
      for (let at = 0x1000; at < 0x1180; at += 2) {
        const damaged = bytes.slice();
        damaged[at] = damaged[at]! ^ 0xff;
        damaged[at + 1] = damaged[at + 1]! ^ 0x55;
        const finding = await find(damaged);
        expect(finding?.repair?.edits.length ?? 0).toBeLessThan(2);
      }
    }
  });
});
