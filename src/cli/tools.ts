/** `sandfit tools`: what works here, by trying it. */

import { platform } from "node:os";
import { resolve } from "node:path";
import { type EnvEntry, writeEnvFile } from "../disk/env-file.js";
import { InputError } from "../errors.js";
import { jsonText } from "../report/json-text.js";
import { renderTools } from "../report/tools.js";
import type { ToolsReport } from "../report/tools-model.js";
import { usualTools } from "../tools/catalogue.js";
import { type Toolset, toolsetIn, toolsetOf } from "../tools/providers.js";
import { surveyTools } from "../tools/survey.js";
import type { ExitCode } from "./exit-code.js";
import { paintForOutput, print } from "./output.js";

export interface ToolsOptions {
  readonly from: readonly string[];
  readonly json: boolean;
  readonly env?: string;
}

/** Surveys and prints. Returns the exit code: 0 where every tool has a provider that works here, else 1. */
export async function toolsCommand(names: readonly string[], options: ToolsOptions): Promise<ExitCode> {
  if (platform() !== "linux")
    throw new InputError("`sandfit tools` tries programs on Linux; `sandfit check` and `fix` work here too");
  for (const name of names) {
    if (!/^[\w.+@-]+$/.test(name) || name.startsWith("-")) throw new InputError(`${name} is no name of a program`);
  }
  const toolsets = options.from.map(toolsetIn);
  const report = await surveyTools(names.length === 0 ? usualTools : [...new Set(names)], toolsets);
  if (options.env !== undefined) writeEnvFile(options.env, entriesOf(report, toolsets));
  await print(options.json ? `${jsonText(report, 2)}\n` : renderTools(report, await paintForOutput()));
  return report.tools.every((tool) => tool.best !== null) ? 0 : 1;
}

function entriesOf(report: ToolsReport, toolsets: readonly Toolset[]): EnvEntry[] {
  return report.tools.flatMap(({ name, best }) => {
    if (best === null) return [];
    const luaFolder = name === "lua" ? toolsetOf(best, toolsets)?.luaFolder : undefined;
    return [{ name, path: resolve(best), ...(luaFolder !== undefined && { luaFolder }) }];
  });
}
