/** env.sh: puts a toolset's programs and Lua modules first, for the shell that sources it. */

/** What the script needs to know of the toolset. */
export interface EnvWords {
  readonly hasLuaModules: boolean;
}

/**
 * The text of env.sh. It works sourced from bash, zsh, dash and busybox sh, from any folder, with blanks in the path, and
 * changes nothing when sourced again. How a sourced script finds itself differs: bash and zsh tell; dash and busybox do
 * not, but they keep the script open while they read it, so its name is among the links in /proc/PID/fd (a child of theirs has it closed).
 */
export function envScript({ hasLuaModules }: EnvWords): string {
  const lua = `
if [ -d "$_sandfit_root/lib/lua" ]; then
  # In front of the modules that are known already; an empty part (;;) stands for Lua's own places.
  _sandfit_lua="$_sandfit_root/lib/lua/?.lua;$_sandfit_root/lib/lua/?/init.lua"
  case "\${LUA_PATH:-}" in
    "$_sandfit_lua;"*) ;;
    *) export LUA_PATH="$_sandfit_lua;\${LUA_PATH:-;}" ;;
  esac
  unset _sandfit_lua
fi
`;
  return `# Made by sandfit. Source it: . ./env.sh
# Puts the programs beside this file first in PATH${hasLuaModules ? ", and the Lua modules first in LUA_PATH" : ""}.

if [ -n "\${BASH_VERSION:-}" ]; then
  _sandfit_file=$BASH_SOURCE
elif [ -n "\${ZSH_VERSION:-}" ]; then
  eval '_sandfit_file=\${(%):-%x}'
else
  # This shell is still reading the file; what it opened last has the highest number. $$ would be another process in ( ).
  _sandfit_file= _sandfit_most=-1
  if read -r _sandfit_pid _sandfit_rest 2>/dev/null </proc/self/stat; then
    for _sandfit_fd in /proc/"$_sandfit_pid"/fd/[0-9]*; do
      _sandfit_to=$(readlink "$_sandfit_fd" 2>/dev/null) || continue
      case $_sandfit_to in
        */env.sh)
          if [ "\${_sandfit_fd##*/}" -gt "$_sandfit_most" ]; then
            _sandfit_most=\${_sandfit_fd##*/}
            _sandfit_file=$_sandfit_to
          fi ;;
      esac
    done
  fi
  unset _sandfit_most _sandfit_pid _sandfit_rest _sandfit_fd _sandfit_to
  [ -n "$_sandfit_file" ] || _sandfit_file=./env.sh
fi

case $_sandfit_file in
  */*) _sandfit_root=\${_sandfit_file%/*}/ ;;
  *) _sandfit_root=./ ;;
esac
_sandfit_root=$(CDPATH= \\cd -P -- "$_sandfit_root" >/dev/null 2>&1 && pwd -P) || _sandfit_root=
if [ ! -f "$_sandfit_root/env.sh" ] || [ ! -d "$_sandfit_root/bin" ]; then
  echo "env.sh: this shell does not tell where the file is; go to its folder first (cd), then source it" >&2
  unset _sandfit_file _sandfit_root
  return 1 2>/dev/null || exit 1
fi

case "\${PATH:-}:" in
  "$_sandfit_root/bin:"*) ;;
  *) export PATH="$_sandfit_root/bin\${PATH:+:$PATH}" ;;
esac
${hasLuaModules ? lua.slice(1) : ""}unset _sandfit_file _sandfit_root
`;
}

/**
 * What is wrong with an environment script that came with the input, one sentence each; none where nothing is seen.
 * It is read, not run: only mistakes that show in the text are found.
 */
export function problemsOfEnvScript(text: string): string[] {
  const problems: string[] = [];
  const code = text.replace(/(^|\s)#.*$/gm, "$1");
  if (text.includes("\r\n")) problems.push("its lines end in CR LF, which no shell takes");
  if (!/\bPATH=/.test(code.replace(/\w+PATH=/g, ""))) problems.push("it does not set PATH");
  else {
    const paths = assignmentsOf(code, "PATH");
    if (paths.every((value) => !value.includes("bin"))) problems.push("it does not put bin into PATH");
    else if (!paths.some((value) => /^[^:]*bin\/?"?\}?:|^[^:]*bin"?$|^[^:]*bin\$\{PATH:\+/.test(value)))
      problems.push("it does not put bin first in PATH");
    const fixed = paths.map((value) => /(?:^|:)"?(\/[^:"$;\s]+)/.exec(value)?.[1]).find((value) => value !== undefined);
    if (fixed !== undefined) problems.push(`it names the folder ${fixed}, where it was made or expected, instead of its own`);
  }
  const asksBash = /\bBASH_SOURCE\b/.test(code);
  const asksOthers = /ZSH_VERSION|%x|\/proc\/|\.sh\.file/.test(code);
  if (asksBash && !asksOthers) problems.push("it finds itself by BASH_SOURCE alone, which only bash has");
  if (!asksBash && !asksOthers && /\$0|\$\{0\}|\$\{0[%#:]/.test(code)) {
    problems.push("it finds itself by $0, which in bash, dash and busybox is the shell and not the sourced file");
  }
  if (!asksBash && !asksOthers && /\$\(?\{?(pwd|PWD)\b/.test(code)) {
    problems.push("it takes the current folder for its own, so it works from there only");
  }
  // Only where a command begins: the words occur in texts too.
  const bashOnly = /(?:^|[;&|]|\b(?:if|elif|while|until)\s)[ \t]*(\[\[|source|pushd|popd|shopt|declare|function)\s/m.exec(
    code,
  )?.[1];
  if (bashOnly !== undefined) problems.push(`it uses ${bashOnly}, which dash and busybox sh do not know`);
  return problems;
}

/** The values that a variable is given, as they are written. */
function assignmentsOf(code: string, variable: string): string[] {
  const pattern = new RegExp(`(?:^|[\\s;])${variable}=("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s;]*)`, "gm");
  return [...code.matchAll(pattern)].map((match) => match[1]!.replace(/^["']/, "").replace(/["']$/, ""));
}
