/** The report as JSON: the model as it is. Its schema ships as schema/report-1.json. */

import type { Report } from "./model.js";

/** Pretty-printed, ends with a line feed. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
