/** Completion for zsh, by its _arguments. */

import type { DeclaredCommand, DeclaredOption } from "../declared.js";

/** A script for a file `_sandfit` in $fpath, or for `source <(sandfit completion zsh)` behind compinit. */
export function zshCompletion(commands: readonly DeclaredCommand[]): string {
  return `#compdef sandfit
# zsh completion for sandfit; made by \`sandfit completion zsh\`
_sandfit() {
  local -a commands
  local curcontext="$curcontext" state line
  commands=(
${commands.map(({ name, description }) => `    ${word(`${name}:${description.replaceAll(":", "\\:")}`)}`).join("\n")}
  )
  _arguments -C '(- *)'{-h,--help}'[display help]' '(- *)'{-V,--version}'[output the version number]' \\
    '--color[when to use colors]:when:(auto always never)' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _sandfit ]; then _sandfit "$@"; else compdef _sandfit sandfit; fi
`;
}

function commandCase({ name, options, arguments: all }: DeclaredCommand): string {
  const choices = all.flatMap((one) => one.choices);
  const rest = choices.length > 0 ? `*: :(${choices.join(" ")})` : "*: :_files";
  return `        ${name}) _arguments -s ${[...options.flatMap(specs), rest].map(word).join(" ")} ;;`;
}

function specs({ names, description, takesValue, choices, isPath }: DeclaredOption): string[] {
  const text = description.replace(/[[\]:\\]/g, "\\$&");
  const value = !takesValue ? "" : `: :${choices.length > 0 ? `(${choices.join(" ")})` : isPath ? "_files" : ""}`;
  return names.map((name) => `(${names.join(" ")})${name}[${text}]${value}`);
}

/** One word for the shell, whatever is in it. */
const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
