/** The report as JSON: the model as it is. Its schema ships as schema/report-1.json. */

import { jsonText } from "../bytes/printable.js";
import type { FileError, FileReport, Report } from "../check/model.js";
import { MODEL_VERSION } from "../check/model.js";
import type { Target } from "../gvisor/gvisor.js";

/** Pretty-printed, ends with a line feed. */
export function renderJson(report: Report): string {
  return `${jsonText(report, 2)}\n`;
}

/** The answer about one file as a line of its own (report-1.json, definitions/line); ends with a line feed. */
export function renderLine(target: Target, file: FileReport | FileError): string {
  return `${jsonText({ version: MODEL_VERSION, target, file })}\n`;
}
