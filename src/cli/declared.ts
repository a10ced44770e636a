/** What the commands declare, as data: shell completions and the manual page are made of it. */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** A command with its options, as its declaration in src/cli/commands has them. */
export interface DeclaredCommand {
  readonly name: string;
  readonly description: string;
  /** As `--help` shows it: "[options] <file...>". */
  readonly usage: string;
  readonly arguments: readonly DeclaredArgument[];
  readonly options: readonly DeclaredOption[];
}

export interface DeclaredArgument {
  readonly name: string;
  readonly description: string;
  /** What it can be, where that is a fixed list. */
  readonly choices: readonly string[];
}

export interface DeclaredOption {
  /** Short and long: "-o", "--output". */
  readonly names: readonly string[];
  /** As `--help` shows it: "-o, --output <file>". */
  readonly flags: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** Whether the value is a file or a directory, by the name in its declaration. */
  readonly isPath: boolean;
}

/** The program itself, and each of its commands that --help shows. */
export function declaredIn(program: CommandUnknownOpts): {
  readonly program: DeclaredCommand;
  readonly commands: DeclaredCommand[];
} {
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== "help");
  return { program: declared(program), commands: commands.map(declared) };
}

function declared(command: CommandUnknownOpts): DeclaredCommand {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map((argument) => ({
      name: `${argument.name()}${argument.variadic ? "..." : ""}`,
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map((option) => ({
      names: [option.short, option.long].filter((name) => name != null),
      flags: option.flags,
      description: help.optionDescription(option),
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
      isPath: /<(file|folder|dir|path)/.test(option.flags),
    })),
  };
}
