/** Completion for fish. */

import type { DeclaredCommand, DeclaredOption } from "../declared.js";

/** A script for ~/.config/fish/completions/sandfit.fish. */
export function fishCompletion(commands: readonly DeclaredCommand[]): string {
  const lines = ["# fish completion for sandfit; made by `sandfit completion fish`"];
  const none = "-n __fish_use_subcommand";
  lines.push(`complete -c sandfit ${none} -s h -l help -d 'display help'`);
  lines.push(`complete -c sandfit ${none} -s V -l version -d 'output the version number'`);
  for (const { name, description, options, arguments: all } of commands) {
    lines.push(`complete -c sandfit -f ${none} -a ${name} -d ${word(description)}`);
    const here = `-n '__fish_seen_subcommand_from ${name}'`;
    for (const option of options) lines.push(`complete -c sandfit ${here} ${flagsOf(option)} -d ${word(option.description)}`);
    const choices = all.flatMap((one) => one.choices);
    if (choices.length > 0) lines.push(`complete -c sandfit -f ${here} -a ${word(choices.join(" "))}`);
  }
  return `${lines.join("\n")}\n`;
}

function flagsOf({ names, takesValue, choices, isPath }: DeclaredOption): string {
  const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  if (!takesValue) return flags.join(" ");
  const value = choices.length > 0 ? `-x -a ${word(choices.join(" "))}` : isPath ? "-r -F" : "-x";
  return `${flags.join(" ")} ${value}`;
}

/** Fish knows two escapes inside single quotes. */
const word = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;
