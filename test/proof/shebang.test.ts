/**
 * The proof of shebang-long in every language that it is repaired for: a script behind a long path does not start in gVisor, and the
 * result does everywhere what the original does on the host. One shell in each sandbox starts them all.
 */

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { inPath } from "../../src/environments/run/search-path.js";
import { LONG_FOLDER } from "../fixtures/programs/loader-programs.js";
import { sandfit, temporaryFolder } from "../support/cli.js";
import { testNeeding } from "../support/requirements.js";

interface Script {
  readonly name: string;
  /** What starts it, by its name in PATH. */
  readonly interpreter: string;
  /** What follows the interpreter in the first line. */
  readonly argument?: string;
  /** Prints its own name, its two arguments and the line that it reads, and ends with 3. */
  readonly text: string;
}

const shell = 'read -r line\necho "$(basename "$0") $1 $2 $line $#"\nenv | grep _sandfit\nexit 3\n';
const lua = 'print(arg[0]:match("[^/]*$"), arg[1], arg[2], io.read("l"))\nos.exit(3)\n';
const node =
  '"use strict";\n(function () {\n  const line = require("node:fs").readFileSync(0, "utf8").trim();\n' +
  '  console.log(require("node:path").basename(process.argv[1]), ...process.argv.slice(2), line, this === undefined);\n' +
  "  process.exitCode = 3;\n})();\n";

const scripts: readonly Script[] = [
  {
    name: "in-python",
    interpreter: "python3",
    argument: "-B",
    text: '"""What it does."""\nimport os, sys\nprint(os.path.basename(sys.argv[0]), *sys.argv[1:], input(), sys.flags.dont_write_bytecode)\nsys.exit(3)\n',
  },
  {
    name: "in-perl",
    interpreter: "perl",
    argument: "-w",
    text: 'my ($own) = $0 =~ m{([^/]*)$};\nmy $line = <STDIN>;\nchomp $line;\nprint "$own @ARGV $line $^W ", __LINE__, "\\n", <DATA>;\nexit 3;\n__DATA__\nits data\n',
  },
  {
    name: "in-ruby",
    interpreter: "ruby",
    argument: "-w",
    text: '# frozen_string_literal: true\nputs "#{File.basename($0)} #{ARGV.join(" ")} #{$stdin.gets.chomp} #{$VERBOSE} #{"x".frozen?}"\nputs DATA.read\nexit 3\n__END__\nits data\n',
  },
  { name: "in-lua", interpreter: "lua5.4", text: lua },
  { name: "in-luajit", interpreter: "luajit", text: lua.replace('"l"', '"*l"') },
  { name: "in-node", interpreter: "node", argument: "--no-warnings", text: node },
  {
    name: "in-tclsh",
    interpreter: "tclsh",
    text: 'puts "[file tail $argv0] [lindex $argv 0] [lindex $argv 1] [gets stdin]"\nexit 3\n',
  },
  { name: "in-sh", interpreter: "sh", argument: "-u", text: shell },
  { name: "in-dash", interpreter: "dash", text: shell },
  { name: "in-bash", interpreter: "bash", argument: "-u", text: `${shell.replace("exit 3", "")}[[ $# == 2 ]] && exit 3\n` },
  { name: "in-zsh", interpreter: "zsh", text: shell },
  { name: "in-ash", interpreter: "busybox", text: shell },
];

const folder = temporaryFolder();
const long = join(folder, LONG_FOLDER);
mkdirSync(long, { recursive: true });
const found = scripts.filter(({ interpreter }) => inPath(interpreter) !== undefined);
for (const { name, interpreter, argument, text } of found) {
  // Busybox is the program that its name says.
  const called = interpreter === "busybox" ? "ash" : interpreter;
  symlinkSync(inPath(interpreter)!, join(long, called));
  writeFileSync(join(folder, name), `#!${long}${called}${argument === undefined ? "" : ` ${argument}`}\n${text}`);
  chmodSync(join(folder, name), 0o755);
}
// Nothing but assignments makes this one long, and what env starts is Perl.
const assignments = Array.from({ length: 12 }, (_, i) => `VARIABLE_${i}=${i}`).join(" ");
const behindEnv: Script = {
  name: "behind-env",
  interpreter: "perl",
  text: `#!/usr/bin/env -S ${assignments} perl -w\n${scripts[1]!.text.replace("$^W", "$^W $ENV{VARIABLE_7}")}`,
};
writeFileSync(join(folder, behindEnv.name), behindEnv.text, { mode: 0o755 });
const all = [...found, ...(inPath("perl") === undefined ? [] : [behindEnv])];

writeFileSync(
  join(folder, "all.sh"),
  `cd ${folder}\nfor name in ${all.map(({ name }) => name).join(" ")}; do\n  for file in $name $name.gvisor; do\n` +
    '    printf "%s|" $file\n    echo "a line" | ./$file one "2 3" 2>&1 | tr "\\n" ";"\n    echo "a line" | ./$file one "2 3" >/dev/null 2>&1\n' +
    '    echo " $?"\n  done\ndone\n',
);

async function endings(sandbox: Sandbox): Promise<Map<string, string>> {
  const { stdout } = await execute(["/bin/sh", join(folder, "all.sh")], { sandbox, cwd: folder });
  const lines = stdout.split("\n").filter(Boolean);
  return new Map(lines.map((line) => line.split("|", 2) as [string, string]));
}

const { present } = await findSandboxes();
const results = new Map<string, Map<string, string>>();
beforeAll(async () => {
  for (const { name } of all) {
    const { exitCode, stderr } = await sandfit(["fix", join(folder, name)]);
    expect({ name, exitCode, stderr }).toEqual({ name, exitCode: 0, stderr: "" });
  }
  for (const sandbox of present) results.set(sandbox.id, await endings(sandbox));
});

describe.each([...scripts, behindEnv].map((script) => [script.name, script] as const))("%s", (name, { interpreter }) => {
  const testWith = testNeeding(inPath(interpreter) !== undefined, interpreter);

  testWith("the original runs on the host alone, the result everywhere alike", () => {
    const right = results.get("host")!.get(name)!;
    expect(right).toMatch(new RegExp(`^${name}\\sone\\s2 3\\sa line.*; 3$`));
    for (const { id, kind } of present) {
      const [original, result] = [results.get(id)!.get(name), results.get(id)!.get(`${name}.gvisor`)];
      expect({ id, runs: original === right }).toEqual({ id, runs: kind === "host" });
      expect({ id, result }).toEqual({
        id,
        result: right.replace(`${name} `, `${name}.gvisor `).replace(`${name}\t`, `${name}.gvisor\t`),
      });
    }
  });

  testWith("it checks clean and comes back byte for byte", async () => {
    const path = join(folder, `${name}.gvisor`);
    expect((await sandfit(["check", path])).exitCode).toBe(0);
    expect((await sandfit(["undo", path])).exitCode).toBe(0);
    expect(readFileSync(path).equals(readFileSync(join(folder, name)))).toBe(true);
  });
});

describe("refused", () => {
  const lines = {
    php: [`#!${long}php\n<?php echo 1;\n`, "php reads no first lines"],
    encoding: [`#!${long}python3\n# -*- coding: latin-1 -*-\n`, "in what encoding"],
    future: [`#!${long}python3\n"""x"""\nfrom __future__ import annotations\n`, "__future__"],
    quoted: [`#!${long}perl -e"x"\n`, "takes for its own"],
    searching: [`#!${long}perl -x\n`, "look for its beginning itself"],
    comment: [`#!${long}lua]]x/lua\n`, "end a comment"],
    env: [`#!/usr/bin/env -S ${"-v ".repeat(50)}perl\n`, "cannot be told"],
  } as const;
  test.each(Object.entries(lines))("%s", async (name, [text, reason]) => {
    const path = join(folder, `refused-${name}`);
    writeFileSync(path, text, { mode: 0o755 });
    const { exitCode, stdout, stderr } = await sandfit(["fix", path]);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain(reason);
  });
});
