/** `sandfit tools`: what works here, by trying it. */

import { platform } from "node:os";
import { resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { jsonText, printable } from "../../bytes/printable.js";
import { usualTools } from "../../diagnose/tools/catalogue.js";
import { type EnvEntry, writeEnvFile } from "../../diagnose/tools/env-file.js";
import { type Toolset, toolsetIn, toolsetOf } from "../../diagnose/tools/providers.js";
import { surveyTools } from "../../diagnose/tools/survey.js";
import { InputError } from "../../errors.js";
import { renderTools } from "../../report/tools.js";
import type { ToolsReport } from "../../report/tools-model.js";
import type { ExitCode } from "../exit-code.js";
import { paintForOutput, print } from "../output.js";
import { progressBar } from "../progress.js";

const declared = new Command("tools")
  .description("say which lua, make, curl, zip and unzip (or others) really work here, by trying each, and what to do next")
  .argument("[name...]", "programs; the default is lua make curl zip unzip")
  .addOption(
    new Option("--from <folder>", "a toolset that was unpacked there as well; may be given more than once").argParser(
      (folder, before: readonly string[] = []) => [...before, folder],
    ),
  )
  .option("--env <file>", "write an env.sh that puts the best working provider of each first")
  .option("--json", "print a JSON document (schema/tools-1.json)");

type ToolsOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (names, options) => {
  process.exitCode = await toolsCommand(names, options);
});

/** Surveys and prints. Returns the exit code: 0 where every tool has a provider that works here, else 1. */
async function toolsCommand(names: readonly string[], options: ToolsOptions): Promise<ExitCode> {
  if (platform() !== "linux")
    throw new InputError("`sandfit tools` tries programs on Linux; `sandfit check` and `fix` work here too");
  for (const name of names) {
    if (!/^[\w.+@-]+$/.test(name) || name.startsWith("-")) throw new InputError(`${name} is no name of a program`);
  }
  const toolsets = (options.from ?? []).map(toolsetIn);
  const progress = await progressBar();
  const envFile = options.env === undefined ? {} : { envFile: options.env };
  const asked = names.length === 0 ? usualTools : [...new Set(names)];
  const report = await surveyTools(asked, toolsets, { ...envFile, progress }).finally(() => progress.stop());
  if (options.env !== undefined) writeEnvFile(options.env, entriesOf(report, toolsets));
  await print(options.json ? `${jsonText(report, 2)}\n` : renderTools(report, await paintForOutput()));
  if (options.env !== undefined && !options.json) await print(`wrote ${printable(options.env)}\n`);
  return report.tools.every((tool) => tool.best !== null) ? 0 : 1;
}

function entriesOf(report: ToolsReport, toolsets: readonly Toolset[]): EnvEntry[] {
  return report.tools.flatMap(({ name, best }) => {
    if (best === null) return [];
    const luaFolder = name === "lua" ? toolsetOf(best, toolsets)?.luaFolder : undefined;
    return [{ name, path: resolve(best), ...(luaFolder !== undefined && { luaFolder }) }];
  });
}
