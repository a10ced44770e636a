/** Completion for bash 4 and newer, without the bash-completion package. */

import type { DeclaredCommand } from "../declared.js";

/** A script for ~/.bashrc: `source <(sandfit completion bash)`. */
export function bashCompletion(commands: readonly DeclaredCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# bash completion for sandfit; made by \`sandfit completion bash\`
_sandfit() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -- ]] && { compopt -o default; COMPREPLY=(); return; }
    [[ -z $command && " ${names} " == *" $word "* ]] && command=$word
  done
  case "$command $previous" in
${commands.flatMap(valueCases).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case $command in
${commands.map(({ name, options }) => `      ${name}) words="${options.flatMap((one) => one.names).join(" ")}" ;;`).join("\n")}
      *) words="--help --version --color" ;;
    esac
  elif [[ -z $command ]]; then
    words="${names} help"
  else
    case $command in
${commands.flatMap(argumentCase).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sandfit sandfit
`;
}

/** What stands behind an option: one of its choices, or a file. */
function valueCases({ name, options }: DeclaredCommand): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ names, choices }) => {
      const pattern = names.map((one) => `"${name} ${one}"`).join("|");
      const reply = choices.length > 0 ? `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current"))` : "COMPREPLY=()";
      return `    ${pattern}) ${reply}; return ;;`;
    });
}

function argumentCase({ name, arguments: all }: DeclaredCommand): string[] {
  const choices = all.flatMap((one) => one.choices);
  return choices.length === 0 ? [] : [`      ${name}) words="${choices.join(" ")}" ;;`];
}
