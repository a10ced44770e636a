/** argv → command → exit code. */

import { Command, CommanderError, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { printable } from "../bytes/printable.js";
import { InputError, RefusedError } from "../errors.js";
import { reasonOf } from "../files/file-source.js";
import { VERSION } from "../version.js";
import type { ExitCode } from "./exit-code.js";
import { ENVIRONMENT, EXIT_CODES } from "./help-texts.js";
import { colorChoices, complain, printNow, setColor } from "./output.js";

/** Each in a module of its own, which declares what it takes and sets the exit code. */
const commands: Readonly<Record<string, () => Promise<{ readonly command: CommandUnknownOpts }>>> = {
  check: () => import("./commands/check.js"),
  fix: () => import("./commands/fix.js"),
  undo: () => import("./commands/undo.js"),
  pack: () => import("./commands/pack.js"),
  rules: () => import("./commands/rules.js"),
  differences: () => import("./commands/differences.js"),
  run: () => import("./commands/run.js"),
  why: () => import("./commands/why.js"),
  verify: () => import("./commands/verify.js"),
  rehearse: () => import("./commands/rehearse.js"),
  probe: () => import("./commands/probe.js"),
  report: () => import("./commands/report.js"),
  skill: () => import("./commands/skill.js"),
  tools: () => import("./commands/tools.js"),
  completion: () => import("./commands/completion.js"),
  "man-page": () => import("./commands/man-page.js"),
  "check-worker": () => import("./check-worker.js"),
};

/** Those that Sandfit itself starts, and those that describe all others. */
const hidden: readonly string[] = ["check-worker", "man-page"];
const describing: readonly string[] = ["completion", "man-page"];

/** Does what `argv`, which is as in `process.argv`, asks for. Sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A limit on the size of files (ulimit -f) is to be an error of the write, not the end of the process.
  process.on("SIGXFSZ", () => {});
  try {
    await run(argv);
  } catch (error) {
    process.exitCode = explain(error);
  }
}

/** In front of the command and behind it. */
const colorOption = () => new Option("--color <when>", "when to use colors; default: auto").choices(colorChoices);

/** Help gives exit code 0, and what cannot be understood 2. */
async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("sandfit")
    .description("Tells whether a Linux binary will run in gVisor, shows why not, and writes one that does.")
    .version(VERSION)
    .enablePositionalOptions()
    .exitOverride()
    // Commander's own way is a stream, which reports a full disk or a closed pipe when nobody listens any more.
    .configureOutput({ writeOut: printNow, writeErr: complain })
    .showHelpAfterError("Run 'sandfit --help' for usage.")
    .addOption(colorOption())
    .addHelpText("after", `${EXIT_CODES}\n${ENVIRONMENT}`)
    .hook("preAction", (_, chosen) => {
      const { color } = chosen.optsWithGlobals() as { color?: (typeof colorChoices)[number] };
      setColor(color ?? "auto");
    });
  const [, , asked = ""] = argv;
  // The others are needed only to be listed, or to tell which of them was meant.
  const names = Object.hasOwn(commands, asked) && !describing.includes(asked) ? [asked] : Object.keys(commands);
  for (const name of names) {
    const { command } = await commands[name]!();
    if (!command.options.some(({ long }) => long === "--color")) command.addOption(colorOption());
    program.addCommand(command.copyInheritedSettings(program), { hidden: hidden.includes(name) });
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
}

/** A shell may stand in a folder that somebody has removed: names have no meaning there (getcwd(2), ENOENT). */
const isFolderGone = (error: unknown): boolean => (error as NodeJS.ErrnoException | undefined)?.syscall === "uv_cwd";

/** What the system says of a name that a user gave, and that had no sentence of its own. */
const isOfTheDisk = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && "errno" in error;

/** One sentence for what is the user's or the file's; the stack for what is a bug. */
function explain(error: unknown): ExitCode {
  if (error instanceof RefusedError) {
    for (const reason of error.reasons) complain(`sandfit: refused: ${printable(reason)}\n`);
    return 1;
  }
  if (isFolderGone(error)) complain("sandfit: the folder that it was started in is gone\n");
  else if (error instanceof InputError) complain(`sandfit: ${printable(error.message)}\n`);
  else if (isOfTheDisk(error)) complain(`sandfit: ${printable(error.path ?? "a file")} cannot be used: ${reasonOf(error)}\n`);
  else complain(`sandfit: this is a bug, please report it\n${error instanceof Error ? error.stack : String(error)}\n`);
  return 2;
}
