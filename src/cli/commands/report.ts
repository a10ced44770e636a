/** `sandfit report`: the investigation of a program, an archive or a folder, written from evidence. */

import { Command, Option } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { outcomeOf } from "../../check/model.js";
import { investigate } from "../../diagnose/investigation/gather.js";
import { InputError } from "../../errors.js";
import { isFolder, placeOf } from "../../files/place.js";
import { parseTarget } from "../../gvisor/gvisor.js";
import type { Investigation } from "../../report/investigation.js";
import { openDestination } from "../../write/destination.js";
import { writeWhole } from "../../write/replace.js";
import type { ExitCode } from "../exit-code.js";
import { print } from "../output.js";
import { progressBar } from "../progress.js";

const declared = new Command("report")
  .description("write the investigation of a program, an archive or a folder, from evidence")
  .usage("[options] <path> [-- <argument...>]")
  .argument("<path>", "what to investigate")
  .argument("[arguments...]", "what to give the programs with --run, behind --")
  .addOption(
    new Option("--format <format>", "the document's form (default: by the output's name, else markdown)").choices([
      "markdown",
      "html",
      "json",
    ] as const),
  )
  .option("-o, --output <file>", "write it there instead of to standard output")
  .option("--run", "start the programs, as they are and fixed, in every environment there is")
  .option("--folder <dir>", "start each run in a fresh copy of this folder; the default is an empty one")
  .option("--target <release>", "gVisor release and platform, as for check", "newest");

type ReportOptions = ReturnType<typeof declared.opts>;
type ReportFormat = NonNullable<ReportOptions["format"]>;

export const command = declared.action(async (name, args, options) => {
  process.exitCode = await reportCommand(name, args, options);
});

/** Investigates and prints, or writes to `--output`. Returns the exit code: 1 where something will not run as it is. */
export async function reportCommand(name: string, args: readonly string[], options: ReportOptions): Promise<ExitCode> {
  const target = parseTarget(options.target);
  if (target === undefined)
    throw new InputError(
      `unknown target '${options.target}'; expected RELEASE, PLATFORM or RELEASE/PLATFORM, such as newest or 2024-07/ptrace`,
    );
  if (args.length > 0 && !options.run) throw new InputError(`${args[0]} is for a program that is run; say --run`);
  if (options.folder !== undefined && !isFolder(options.folder)) throw new InputError(`--folder ${options.folder} is no folder`);
  if (options.output !== undefined && options.output !== "-" && placeOf(options.output) === placeOf(name))
    throw new InputError(`${options.output} is what the report is about; name another output`);
  const { run = false, folder, output } = options;
  // Before the work, which takes its time: what is put there meanwhile stays.
  const destination = output === undefined || output === "-" ? undefined : openDestination(output);
  const progress = await progressBar();
  const given = { target, run, args, now: new Date(), progress, ...(folder !== undefined && { folder }) };
  const investigation = await investigate(name, given).finally(() => progress.stop());
  const text = await render(investigation, options.format ?? formatOf(output));
  if (destination === undefined) await print(text);
  else writeWhole(destination, text);
  if (investigation.errors.length > 0) return 2;
  return investigation.programs.some((program) => outcomeOf(program.report) !== "runs") ? 1 : 0;
}

/** "x.html" is to be HTML. */
function formatOf(output = ""): ReportFormat {
  return /\.html?$/i.test(output) ? "html" : /\.json$/i.test(output) ? "json" : "markdown";
}

async function render(investigation: Investigation, format: ReportFormat): Promise<string> {
  if (format === "json") return `${jsonText(investigation, 2)}\n`;
  if (format === "html") return (await import("../../report/html.js")).renderHtml(investigation);
  return (await import("../../report/markdown.js")).renderMarkdown(investigation);
}
