/** The aarch64 half of stack-growsdown: both shapes, both polarities, look-alikes, and what is fixed already. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { always } from "../../../src/gvisor/behaviour.js";
import { readImage } from "../../../src/image/detect.js";
import type { Found, Subject } from "../../../src/rules/define.js";
import { findAarch64Stacks } from "../../../src/rules/stack-growsdown/aarch64-stacks.js";
import { GROWING, mmapForStacks, type Options, stackAllocator, WHOLE } from "../../fixtures/aarch64/programs.js";

async function find(bytes: Uint8Array): Promise<Found | undefined> {
  const source = memorySource(bytes);
  const image = await readImage(source);
  return findAarch64Stacks({ source, image, view: image.elf[0]! } as unknown as Subject);
}

function fixed(bytes: Uint8Array, finding: Found | undefined): Uint8Array {
  const copy = bytes.slice();
  for (const edit of finding?.repair?.edits ?? []) {
    expect(Buffer.from(copy.subarray(edit.fileOffset, edit.fileOffset + 4)).toString("hex")).toBe(edit.before);
    copy.set(Buffer.from(edit.after, "hex"), edit.fileOffset);
  }
  return copy;
}

const shapes: [string, (options?: Options) => Uint8Array, Options, string][] = [
  ["cosmo_stack_alloc, branch to the plain side", stackAllocator, {}, "b 0x"],
  ["cosmo_stack_alloc, branch to the growing side", stackAllocator, { form: "to-growing" }, "nop"],
  ["cosmo_stack_alloc, cmp and b.ne", stackAllocator, { form: "compare" }, "b 0x"],
  ["cosmo_stack_alloc, slackmap inlined", stackAllocator, { inlined: true }, "b 0x"],
  [
    "cosmo_stack_alloc, slackmap inlined, branch to the growing side",
    stackAllocator,
    { inlined: true, form: "to-growing" },
    "nop",
  ],
  ["mmap, branch to the growing side", mmapForStacks, {}, "nop"],
  ["mmap, branch to the plain side", mmapForStacks, { form: "to-plain" }, "b 0x"],
  ["mmap, masked and cbnz", mmapForStacks, { form: "mask" }, "nop"],
];

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

const qemu = ["qemu-aarch64-static", "qemu-aarch64"].find((name) => spawnSync(name, ["--version"]).status === 0);

describe.skipIf(qemu === undefined)("run in qemu-aarch64", () => {
  test.each(shapes)("%s: grows before, is mapped whole after", async (_, build, options) => {
    const folder = mkdtempSync(join(tmpdir(), "sandfit-"));
    try {
      const run = (bytes: Uint8Array) => {
        const path = join(folder, "program");
        writeFileSync(path, bytes);
        chmodSync(path, 0o755);
        const { status, stderr } = spawnSync(qemu!, ["-strace", path], { encoding: "utf8" });
        return { status, grows: stderr.includes("MAP_GROWSDOWN") };
      };
      const bytes = build(options);
      expect(run(bytes)).toEqual({ status: GROWING, grows: true });
      expect(run(fixed(bytes, await find(bytes)))).toEqual({ status: WHOLE, grows: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
