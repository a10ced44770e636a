/** argv → command → exit code. */

import { reasonOf } from "../disk/file-source.js";
import { InputError, RefusedError } from "../errors.js";
import { printable } from "../report/words.js";
import { checkCommand, checkDefaults } from "./check.js";
import type { ExitCode } from "./exit-code.js";
import { complain } from "./output.js";

run(process.argv).then(
  (exitCode) => {
    process.exitCode = exitCode;
    // All is written and closed. Node would still wait for what V8 compiles in the background, and take the heap apart.
    if (["check", "fix"].includes(process.argv[2])) process.exit();
  },
  (error: unknown) => {
    process.exitCode = explain(error);
  },
);

/** Most calls are `sandfit check FILE…` without an option. What reads options takes as long to load as all of such a check. */
async function run(argv: readonly string[]): Promise<number> {
  const [, , command, ...words] = argv;
  const isPlain = words.length > 0 && words.every((word) => word === "-" || !word.startsWith("-"));
  if (command === "check" && isPlain) return checkCommand(words, checkDefaults);
  const { runCommand } = await import("./commands.js");
  return runCommand(argv);
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
