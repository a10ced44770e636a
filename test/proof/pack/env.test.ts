/** env.sh: sourced in each shell there is, on the host and in gVisor; and what is said about one that came with the input. */

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { execute } from "../../../src/environments/run/execute.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { envScript, problemsOfEnvScript } from "../../../src/pack/env-script.js";
import { WRONG_ENV } from "../../fixtures/toolset.js";
import { temporaryFolder } from "../../support/cli.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const folder = temporaryFolder();
const root = join(folder, "tool set, with $igns & 'quotes'");
for (const part of ["bin", "lib/lua"]) mkdirSync(join(root, part), { recursive: true });
writeFileSync(join(root, "env.sh"), envScript({ hasLuaModules: true }));
writeFileSync(join(root, "bin/tool"), "#!/bin/sh\necho the tool\n");
chmodSync(join(root, "bin/tool"), 0o755);
writeFileSync(join(root, "outer.sh"), '. "$ENV_SCRIPT"\n');

const shells: readonly [string, string[]][] = [
  ["bash", ["bash"]],
  ["bash", ["bash", "--posix"]],
  ["zsh", ["zsh"]],
  ["dash", ["dash"]],
  ["busybox", ["busybox", "sh"]],
];
const { present } = await findSandboxes();

/** Each way of sourcing it, as a line; what it prints is told below. */
const sourcing = `
absolute=$1
show() { printf '%s\\n' "\${PATH%%:*}" "$LUA_PATH"; tool; }
unset LUA_PATH
. "$absolute"; show
before=$PATH,$LUA_PATH
. "$absolute"; [ "$before" = "$PATH,$LUA_PATH" ] && echo twice is once
( . "$absolute" && echo in a subshell )
PATH=/usr/bin:/bin LUA_PATH='/mine/?.lua;;'
cd "\${absolute%/*}/lib"; . ../env.sh; show
PATH=/usr/bin:/bin; cd ..; . ./env.sh; show; pwd
set | grep -c '^_sandfit' || :
`;

const [bin, lua] = [join(root, "bin"), `${root}/lib/lua/?.lua;${root}/lib/lua/?/init.lua;`];
const expected = [
  ...[bin, `${lua};`, "the tool"],
  "twice is once",
  "in a subshell",
  ...[bin, `${lua}/mine/?.lua;;`, "the tool"],
  ...[bin, `${lua}/mine/?.lua;;`, "the tool"],
  root,
  "0",
  "",
].join("\n");

describe.each(shells)("%s", (program, command) => {
  testNeeding(hasProgram(program), program)(
    `${command.join(" ")}: from any folder, with blanks, twice, in every place`,
    async () => {
      for (const sandbox of present) {
        for (const options of [[], ["-eu"]]) {
          const run = await execute([...command, ...options, "-c", sourcing, "sh", join(root, "env.sh")], {
            sandbox,
            cwd: "/",
            env: { PATH: "/usr/bin:/bin", HOME: folder },
          });
          expect([sandbox.id, run.stdout, run.stderr, run.exitCode]).toEqual([sandbox.id, expected, "", 0]);
        }
      }
    },
  );

  testNeeding(hasProgram(program), program)(`${command.join(" ")}: sourced by a script that is itself sourced`, async () => {
    const run = await execute([...command, "-c", '. "$1"; command -v tool', "sh", join(root, "outer.sh")], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", HOME: folder, ENV_SCRIPT: join(root, "env.sh") },
    });
    expect(run.stdout).toBe(`${join(root, "bin/tool")}\n`);
  });
});

test("where it cannot tell its place it says so and changes nothing", async () => {
  // Read from a pipe, no shell can tell.
  const line = `cat "$1" | { . /dev/stdin || echo refused; printf '%s\\n' "$PATH"; }`;
  const run = await execute(["dash", "-c", line, "sh", join(root, "env.sh")], { cwd: "/", env: { PATH: "/usr/bin:/bin" } });
  expect([run.stdout, run.stderr]).toEqual([
    "refused\n/usr/bin:/bin\n",
    "env.sh: this shell does not tell where the file is; go to its folder first (cd), then source it\n",
  ]);
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: shell's, not JavaScript's
describe("one that came with the input", () => {
  test.each<[string, string, RegExp | undefined]>([
    ["ours", envScript({ hasLuaModules: true }), undefined],
    ["ours without Lua", envScript({ hasLuaModules: false }), undefined],
    ["of another place", WRONG_ENV, /names the folder \/zip\/build\/gvisor\/bin, where it was made/],
    ["no PATH", "export LUA_PATH=x\n", /does not set PATH/],
    ["a comment about PATH", "# PATH=bin\nexport X=1\n", /does not set PATH/],
    ["no bin", 'export PATH="$HERE:$PATH"\n', /does not put bin into PATH/],
    ["bin last", 'd=${BASH_SOURCE:-%x}; export PATH="$PATH:$d/bin"\n', /does not put bin first in PATH/],
    ["BASH_SOURCE alone", 'd="$(dirname "${BASH_SOURCE[0]}")"\nexport PATH="$d/bin:$PATH"\n', /by BASH_SOURCE alone/],
    ["$0", 'd="$(dirname "$0")"\nexport PATH="$d/bin:$PATH"\n', /finds itself by \$0/],
    ["the current folder", 'export PATH="$PWD/bin:$PATH"\n', /takes the current folder for its own/],
    ["CR LF", 'd=${BASH_SOURCE:-%x}; export PATH="$d/bin:$PATH"\r\n', /end in CR LF/],
    ["[[", 'd=${BASH_SOURCE:-%x}\n[[ -d $d ]] && export PATH="$d/bin:$PATH"\n', /uses \[\[/],
    ["good for bash and zsh", 'd=${BASH_SOURCE:-${(%):-%x}}; d=${d%/*}; export PATH="$d/bin:$PATH"\n', undefined],
  ])("%s", (_what, text, sentence) => {
    const problems = problemsOfEnvScript(text);
    if (sentence === undefined) expect(problems).toEqual([]);
    else expect(problems.join("\n")).toMatch(sentence);
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: shell's, not JavaScript's
