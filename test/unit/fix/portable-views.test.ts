/** What each system would load of a repaired APE, by that system's own headers: the same but for the bytes of the plan. */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { readImage } from "../../../src/image/detect.js";
import type { Image, View } from "../../../src/image/image.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { changedOffsets, loadedBytes, viewsOf } from "../../support/portable/loaded.js";
import { apply, planAs } from "../../support/portable/repairs.js";

describe.each(["ape-gs", "ape-gs-fat", "ape-gs-threads-a", "ape-gs-threads-b", "ape-gs-jartsr"])("%s", (name) => {
  const { bytes } = sampleProgram(name);

  test("every view loads the same but for the plan", async () => {
    const plan = await planAs(bytes, "ape");
    const fixed = apply(bytes, plan);
    const [before, after] = await Promise.all([bytes, fixed].map((one) => readImage(memorySource(one, name))));
    expect(names(after)).toEqual(names(before));
    expect(names(before)).toEqual(
      name === "ape-gs-jartsr" ? ["elf x86-64", "macho x86-64"] : [...elfNames(name), "pe x86-64", "macho x86-64"],
    );
    const planned = new Set(
      plan.edits.flatMap(({ fileOffset, before: old }) => [...Array(old.length / 2).keys()].map((i) => fileOffset + i)),
    );
    for (const [index, view] of viewsOf(before).entries()) {
      const changed = changedOffsets(loadedBytes(bytes, view), loadedBytes(fixed, viewsOf(after)[index]));
      const isForeign = view.machine === "aarch64";
      // The program's code is in every view of its machine, so each sees exactly the plan, and other machines see nothing.
      expect({ view: `${view.format} ${view.machine}`, changed: [...changed].sort(ascending) }).toEqual({
        view: `${view.format} ${view.machine}`,
        changed: isForeign ? [] : [...planned].filter((at) => bytes[at] !== fixed[at]).sort(ascending),
      });
    }
  });

  test("script, zip and headers are untouched", async () => {
    const plan = await planAs(bytes, "ape");
    const image = await readImage(memorySource(bytes, name));
    const code = image.elf[0].ranges.find((range) => range.executable)!;
    for (const { fileOffset, before } of plan.edits) {
      expect(fileOffset).toBeGreaterThanOrEqual(0x2000);
      expect(fileOffset + before.length / 2).toBeLessThanOrEqual(code.fileOffset + code.fileSize);
      expect(fileOffset).toBeLessThan(image.zip!.firstLocalHeader!);
    }
  });
});

const ascending = (a: number, b: number) => a - b;
const names = (image: Image) => viewsOf(image).map((view: View) => `${view.format} ${view.machine}`);
const elfNames = (name: string) =>
  name === "ape-gs-fat" || name === "ape-gs-threads-b" ? ["elf x86-64", "elf aarch64"] : ["elf x86-64"];
