/** `sandfit report`: the investigation of a program, an archive or a folder, written from evidence. */

import { openDestination } from "../disk/destination.js";
import { isFolder, placeOf } from "../disk/place.js";
import { writeWhole } from "../disk/replace.js";
import { InputError } from "../errors.js";
import { investigate } from "../investigate/gather.js";
import type { Investigation } from "../report/investigation.js";
import { jsonText } from "../report/json-text.js";
import { outcomeOf } from "../report/model.js";
import { parseTarget } from "../sandbox/gvisor.js";
import type { ExitCode } from "./exit-code.js";
import { print } from "./output.js";

export interface ReportOptions {
  readonly format: "markdown" | "html" | "json";
  readonly output?: string;
  readonly run: boolean;
  readonly folder?: string;
  readonly target: string;
}

/** Investigates and prints, or writes to `--output`. Returns the exit code: 1 where something will not run as it is. */
export async function reportCommand(name: string, args: readonly string[], options: ReportOptions): Promise<ExitCode> {
  const target = parseTarget(options.target);
  if (target === undefined) throw new InputError(`${options.target} is no target, such as newest or 2024-07/ptrace`);
  if (args.length > 0 && !options.run) throw new InputError(`${args[0]} is for a program that is run; say --run`);
  if (options.folder !== undefined && !isFolder(options.folder)) throw new InputError(`--folder ${options.folder} is no folder`);
  if (options.output !== undefined && options.output !== "-" && placeOf(options.output) === placeOf(name))
    throw new InputError(`${options.output} is what the report is about; name another output`);
  const { run, folder, output } = options;
  // Before the work, which takes its time: what is put there meanwhile stays.
  const destination = output === undefined || output === "-" ? undefined : openDestination(output);
  const investigation = await investigate(name, { target, run, args, now: new Date(), ...(folder !== undefined && { folder }) });
  const text = await render(investigation, options.format);
  if (destination === undefined) await print(text);
  else writeWhole(destination, text);
  if (investigation.errors.length > 0) return 2;
  return investigation.programs.some((program) => outcomeOf(program.report) !== "runs") ? 1 : 0;
}

async function render(investigation: Investigation, format: ReportOptions["format"]): Promise<string> {
  if (format === "json") return `${jsonText(investigation, 2)}\n`;
  if (format === "html") return (await import("../report/html.js")).renderHtml(investigation);
  return (await import("../report/markdown.js")).renderMarkdown(investigation);
}
