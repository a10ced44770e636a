/** The command line: what each command takes, and what it is done by. The commands themselves are loaded when they are called. */

import { Command, CommanderError, Help, Option } from "commander";
import { VERSION } from "../version.js";
import { checkCommand, checkDefaults } from "./check.js";
import type { ExitCode } from "./exit-code.js";

const program = new Command("sandfit")
  .description("Tells whether a Linux binary will run in gVisor, shows why not, and writes one that does.")
  .version(VERSION)
  .exitOverride()
  .configureHelp({
    optionDescription: (option) => new Help().optionDescription(option).replace(/ \(default: (false|\[\])\)$/, ""),
  })
  .showHelpAfterError("(sandfit --help says more)")
  .addHelpText("after", "\nExit codes: 0 nothing wrong, 1 findings or refused, 2 could not do the job.");

/** `run` gives the exit status of the command that it ran; all others one of ours. */
let exitCode: number = 0 satisfies ExitCode;

/** What each command takes, and what it is done by. */
const commands: Record<string, (command: Command) => void> = {
  check: (command) =>
    void command
      .description("say whether programs will run in gVisor, and why not; executes nothing")
      .argument("<file...>", "files, folders, archives (tar, tar.gz, zip), or - for standard input")
      .option("--all", "list every place a finding rests on", checkDefaults.all)
      .option("--why", "list what was left alone and why, and how the runtime is known", checkDefaults.why)
      .option("--json", "print a JSON document (schema/report-1.json)", checkDefaults.json)
      .addOption(
        new Option("--format <format>", "text, json, ndjson (a line a file, as it is checked), or SARIF 2.1.0 for code scanning")
          .choices(["text", "json", "ndjson", "sarif"])
          .conflicts("json"),
      )
      .option(
        "--target <release>",
        "gVisor release and platform: newest, 2024-07, systrap, 2022-12/ptrace …",
        checkDefaults.target,
      )
      .action(async (files: string[], options) => {
        exitCode = await checkCommand(files, options);
      }),

  fix: (command) =>
    void command
      .description("write a program for Linux that runs in gVisor and on plain Linux as before")
      .argument("<file>", "an APE, ELF program or script")
      .addOption(new Option("-o, --output <file>", "where to write; the default is <file>.gvisor").conflicts("inPlace"))
      .option("--in-place", "replace the file itself", false)
      .option("--force", "replace an output that exists", false)
      .addOption(
        new Option("--arch <machine>", "which program of a fat APE").choices(["x86_64", "x86-64", "amd64", "aarch64", "arm64"]),
      )
      .addOption(
        new Option("--as <form>", "elf: a native program for Linux; ape: the same file for all systems, for authors of an APE")
          .choices(["elf", "ape"])
          .default("elf"),
      )
      .addOption(new Option("--allow <rule>", "convert although this rule speaks against it").choices(["cosmo-dlopen"]))
      .option("--only <rule>", "repair what this rule finds and leave the rest")
      .option("--dry-run", "print the plan and write nothing", false)
      .option("--verify", "run both everywhere, keep the result only if it does what the original does", false)
      .option("--plan <file>", "save the plan as JSON")
      .option("--json", "print the plan as JSON", false)
      .argument("[arguments...]", "what to give the programs for --verify, behind --")
      .action(async (file: string, args: string[], options) => {
        const { fixCommand } = await import("./fix.js");
        exitCode = await fixCommand(file, { ...options, args });
      }),

  undo: (command) =>
    void command
      .description("bring the original back, byte for byte")
      .argument("<file>", "a file that `sandfit fix` wrote")
      .option("--plan <file>", "the plan that was saved; the default is the record beside the file")
      .option("-o, --output <file>", "write the original there and leave the file alone")
      .option("--force", "replace an output that exists", false)
      .action(async (file: string, options) => {
        const { undoCommand } = await import("./undo.js");
        exitCode = await undoCommand(file, options);
      }),

  pack: (command) =>
    void command
      .description("check and fix every program of an archive or folder, and write a package of the result")
      .argument("<input>", "a tar, tar.gz, zip or folder")
      .option("-o, --output <name>", "a .tar.gz, else a folder; the default is <input>-gvisor.tar.gz here")
      .addOption(
        new Option("--arch <machine>", "programs for one machine, or a package for each").choices(["x86_64", "aarch64", "both"]),
      )
      .addOption(
        new Option("--as <form>", "elf: native programs for Linux; ape: APEs stay files for all systems")
          .choices(["elf", "ape"])
          .default("elf"),
      )
      .addOption(new Option("--allow <rule>", "convert although this rule speaks against it").choices(["cosmo-dlopen"]))
      .option("--keep-going", "leave out programs that cannot be fixed, and list them", false)
      .option("--force", "replace an output that exists", false)
      .option("--allow-case-collisions", "take names that differ by case alone", false)
      .option("--max-size <bytes>", "most that the input may unpack to; 16G unless told")
      .option("--max-entries <n>", "most entries of the input; 200000 unless told")
      .option("--max-ratio <n>", "most that it may unpack to, as a multiple of its size; 200 unless told")
      .option("--json", "print the manifests (schema/pack-1.json)", false)
      .action(async (input: string, options) => {
        const { packCommand } = await import("./pack.js");
        exitCode = await packCommand(input, options);
      }),

  rules: (command) =>
    void command
      .description("list the rules, or explain one")
      .argument("[id]", "a rule, such as tls-in-gs")
      .option("--json", "print a JSON document (schema/rules-1.json)", false)
      .action(async (id: string | undefined, options) => {
        const { rulesCommand } = await import("./rules.js");
        exitCode = await rulesCommand(id, options);
      }),

  run: (command) =>
    void command
      .description("run a command as it is, and explain it if it dies")
      .usage("[options] -- <command...>")
      .argument("<command...>", "the program and its arguments")
      .option("--trace", "show the refused call and the place of the crash", false)
      .option("--in <place>", "gvisor, gvisor=PATH of a runsc, rehearsal or rehearsal=RELEASE")
      .addOption(new Option("--platform <platform>", "gVisor platform for --in gvisor").choices(["systrap", "ptrace", "kvm"]))
      .action(async (command: string[], options) => {
        const { runCommand } = await import("./run.js");
        exitCode = await runCommand(command, options);
      }),

  verify: (command) =>
    void command
      .description("run one or two programs in every environment there is, and compare with plain Linux")
      .usage("[options] <original> [fixed] [-- <argument...>]")
      .argument("<words...>", "the program, a fixed one, and behind -- the arguments for both")
      .option("--times <n>", "runs in every environment", "1")
      .option("--stdin <file>", "what the programs read from standard input; - is this command's own")
      .option("--folder <dir>", "start each run in a fresh copy of this folder; the default is an empty one")
      .option("--timeout <seconds>", "longest time of one run", "60")
      .option("--max-output <bytes>", "most that a run may write to either stream", "8388608")
      .option("--max-memory <bytes>", "most address space of a run (ulimit -v); no limit unless told")
      .addOption(
        new Option("--platform <platform...>", "gVisor platforms; kvm only if named").choices(["systrap", "ptrace", "kvm"]),
      )
      .option("--json", "print a JSON document (schema/verify-1.json)", false)
      .action(async (words: string[], options) => {
        const { verifyCommand } = await import("./verify.js");
        exitCode = await verifyCommand(words, process.argv, options);
      }),

  rehearse: (command) =>
    void command
      .description("run a command under the refusals of a gVisor release, without gVisor")
      .usage("[options] -- <command...>")
      .argument("[command...]", "the program and its arguments")
      .option("--release <release>", "newest, 2024-07 or 2022-12", "newest")
      .option("--explain", "say what a rehearsal cannot imitate", false)
      .action(async (command: string[], options) => {
        const { rehearseCommand } = await import("./rehearse.js");
        exitCode = await rehearseCommand(command, options);
      }),

  probe: (command) =>
    void command
      .description("say what this environment is: gVisor or not, platform, release, and what it refuses")
      .option("--json", "print a JSON document (schema/probe-1.json)", false)
      .action(async (options) => {
        const { probeCommand } = await import("./probe.js");
        exitCode = await probeCommand(options);
      }),

  report: (command) =>
    void command
      .description("write the investigation of a program, an archive or a folder, from evidence")
      .usage("[options] <path> [-- <argument...>]")
      .argument("<path>", "what to investigate")
      .argument("[arguments...]", "what to give the programs with --run, behind --")
      .addOption(new Option("--format <format>", "the document's form").choices(["markdown", "html", "json"]).default("markdown"))
      .option("-o, --output <file>", "write it there instead of to standard output")
      .option("--run", "start the programs, as they are and fixed, in every environment there is", false)
      .option("--folder <dir>", "start each run in a fresh copy of this folder; the default is an empty one")
      .option("--target <release>", "gVisor release and platform, as for check", "newest")
      .action(async (name: string, args: string[], options) => {
        const { reportCommand } = await import("./report.js");
        exitCode = await reportCommand(name, args, options);
      }),

  skill: (command) =>
    void command
      .description("print the skill for coding agents: what to do when a binary crashes in a sandbox")
      .option("--install <folder>", "put it into this folder of skills, as sandfit/SKILL.md")
      .action(async (options) => {
        const { skillCommand } = await import("./skill.js");
        exitCode = await skillCommand(options);
      }),

  "check-worker": (command) =>
    void command.action(async () => {
      const { startCheckWorker } = await import("./check-worker.js");
      startCheckWorker();
    }),

  tools: (command) =>
    void command
      .description("say which lua, make, curl, zip and unzip (or others) really work here, by trying each, and what to do next")
      .argument("[name...]", "programs; the default is lua make curl zip unzip")
      .option("--from <folder>", "a toolset that was unpacked there as well; may be given more than once", collect, [])
      .option("--env <file>", "write an env.sh that puts the best working provider of each first")
      .option("--json", "print a JSON document (schema/tools-1.json)", false)
      .action(async (names: string[], options) => {
        const { toolsCommand } = await import("./tools.js");
        exitCode = await toolsCommand(names, options);
      }),
};

// A command that is asked for needs no word about the others, and saying it takes a while.
const [, , asked = ""] = process.argv;
for (const name of Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands)) {
  commands[name](program.command(name, { hidden: name === "check-worker" }));
}

/** Does what `argv` asks for, `process.argv` as it is. Returns the exit code; help is 0, and what cannot be understood 2. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return exitCode;
}

/** For options that may be given more than once. */
function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
