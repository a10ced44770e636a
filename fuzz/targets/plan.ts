/** Fuzz target: check, plan, apply, check again, undo. */

import { checkImage } from "../../src/check/check.js";
import { MODEL_VERSION, type Report } from "../../src/check/model.js";
import { applyToCopy, backward, forward } from "../../src/fix/apply.js";
import { planFix } from "../../src/fix/plan.js";
import { proveResult } from "../../src/fix/prove.js";
import { newest } from "../../src/gvisor/gvisor.js";
import { readImage } from "../../src/image/detect.js";
import { renderJson } from "../../src/report/json.js";
import { plain } from "../../src/report/paint.js";
import { renderPlan } from "../../src/report/plan.js";
import { renderText } from "../../src/report/text.js";
import { declared } from "../declared.js";
import { fileInMemory } from "../file-in-memory.js";

/** Whatever the bytes are: a plan keeps the size, explains every difference and can be taken back; output holds no control characters. */
export async function fuzz(data: Buffer): Promise<void> {
  await declared(async () => {
    const original = new Uint8Array(data);
    const source = fileInMemory(original);
    const image = await readImage(source);
    const report = await checkImage(source, image);
    const whole: Report = { version: MODEL_VERSION, target: newest, files: [report] };
    renderJson(whole);
    const text = renderText(whole, { all: true, why: true, paint: plain });
    refuseControls(text);
    const plan = await planFix(source, image, report);
    refuseControls(renderPlan(plan, { output: "program", replacesInput: true, dryRun: false, lost: [], paint: plain }));
    const fixed = applyToCopy(original, forward(plan.edits));
    if (Buffer.compare(applyToCopy(fixed, backward(plan.edits)), original) !== 0) throw new Error("undo is not the original");
    await proveResult(source, image, fileInMemory(fixed), plan);
  });
}

function refuseControls(text: string): void {
  if (/[^\n\P{Cc}]/u.test(text)) throw new Error("a control character in the output");
}
