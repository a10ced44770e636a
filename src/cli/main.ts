#!/usr/bin/env node
/** argv → command → exit code. The commands themselves are loaded when they are called. */

import { Command, CommanderError, Option } from "commander";
import { InputError, RefusedError } from "../errors.js";
import { VERSION } from "../version.js";

/** 0 nothing wrong, 1 findings or refused, 2 could not do the job. */
export type ExitCode = 0 | 1 | 2;

const program = new Command("sandfit")
  .description("Tells whether a Linux binary will run in gVisor, shows why not, and writes one that does.")
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError("(sandfit --help says more)")
  .addHelpText("after", "\nExit codes: 0 nothing wrong, 1 findings or refused, 2 could not do the job.");

let exitCode: ExitCode = 0;

program
  .command("check")
  .description("say whether programs will run in gVisor, and why not; executes nothing")
  .argument("<file...>", "files, folders, or - for standard input")
  .option("--all", "list every place a finding rests on", false)
  .option("--why", "list what was left alone and why, and how the runtime is known", false)
  .option("--json", "print a JSON document (schema/report-1.json)", false)
  .option("--target <release>", "gVisor release and platform: newest, 2024-07, systrap, 2022-12/ptrace …", "newest")
  .action(async (files: string[], options) => {
    const { checkCommand } = await import("./check.js");
    exitCode = await checkCommand(files, options);
  });

program
  .command("fix")
  .description("write a native ELF for Linux that runs in gVisor and on plain Linux as before")
  .argument("<file>", "an APE or ELF program")
  .addOption(new Option("-o, --output <file>", "where to write; the default is <file>.gvisor").conflicts("inPlace"))
  .option("--in-place", "replace the file itself", false)
  .option("--force", "replace an output that exists", false)
  .addOption(
    new Option("--arch <machine>", "which program of a fat APE").choices(["x86_64", "x86-64", "amd64", "aarch64", "arm64"]),
  )
  .addOption(new Option("--allow <rule>", "convert although this rule speaks against it").choices(["cosmo-dlopen"]))
  .option("--dry-run", "print the plan and write nothing", false)
  .option("--plan <file>", "save the plan as JSON")
  .option("--json", "print the plan as JSON", false)
  .action(async (file: string, options) => {
    const { fixCommand } = await import("./fix.js");
    exitCode = await fixCommand(file, options);
  });

program
  .command("undo")
  .description("bring the original back, byte for byte")
  .argument("<file>", "a file that `sandfit fix` wrote")
  .option("--plan <file>", "the plan that was saved; the default is the record beside the file")
  .option("-o, --output <file>", "write the original there and leave the file alone")
  .option("--force", "replace an output that exists", false)
  .action(async (file: string, options) => {
    const { undoCommand } = await import("./undo.js");
    exitCode = await undoCommand(file, options);
  });

program
  .command("rules")
  .description("list the rules, or explain one")
  .argument("[id]", "a rule, such as tls-in-gs")
  .option("--json", "print JSON", false)
  .action(async (id: string | undefined, options) => {
    const { rulesCommand } = await import("./rules.js");
    exitCode = await rulesCommand(id, options);
  });

program.parseAsync().then(
  () => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.exitCode = explain(error);
  },
);

/** One sentence for what is the user's or the file's; the stack for what is a bug. */
function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RefusedError) {
    for (const reason of error.reasons) process.stderr.write(`sandfit: refused: ${reason}\n`);
    return 1;
  }
  if (error instanceof InputError) process.stderr.write(`sandfit: ${error.message}\n`);
  else
    process.stderr.write(`sandfit: this is a bug, please report it\n${error instanceof Error ? error.stack : String(error)}\n`);
  return 2;
}
