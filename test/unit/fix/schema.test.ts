/** Plans as JSON are what schema/plan-1.json says: of every sample, in both forms. Those of the command: test/cli/plan.test.ts. */

import { expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { RefusedError } from "../../../src/errors.js";
import { planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import { planFrom, recordText } from "../../../src/write/record.js";
import { samplePrograms } from "../../fixtures/programs/index.js";
import { conforming } from "../../support/schema.js";

test.each([{ as: "elf" }, { as: "ape" }, { as: "elf", allow: ["cosmo-dlopen"] }] as const)(
  "of the samples, with $as and $allow",
  async (options) => {
    let planned = 0;
    for (const { name, bytes } of samplePrograms()) {
      const source = memorySource(bytes, name);
      const image = await readImage(source);
      try {
        const plan = await planFix(source, image, await checkImage(source, image), options);
        const text = recordText(plan);
        conforming("plan-1", text);
        expect(planFrom(text, name)).toEqual(JSON.parse(text));
        planned++;
      } catch (error) {
        expect(error).toBeInstanceOf(RefusedError);
      }
    }
    expect(planned).toBeGreaterThan(3);
  },
);
