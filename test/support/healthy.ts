/** What is asked of a healthy program: no rule speaks against it, and it does in every sandbox what it does on the host. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../src/check/check.js";
import { execute } from "../../src/environments/run/execute.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { openFile } from "../../src/files/file-source.js";
import { surroundingsOf } from "../../src/input/surroundings.js";

/** What every program prints. */
export const EXPECTED = "layout 7\n";

/** Rules that speak against one of the programs, as `name: rule`. */
export async function alarmsOn(folder: string, names: readonly string[]): Promise<string[]> {
  const alarms: string[] = [];
  for (const name of names) {
    const file = openFile(join(folder, name));
    const report = await check(file, undefined, surroundingsOf(join(folder, name)));
    file.close();
    const { outcome } = report.views[0]!.verdicts.systrap!;
    if (outcome !== "runs") alarms.push(`${name}: ${outcome}`);
    for (const finding of report.views.flatMap((view) => view.findings)) alarms.push(`${name}: ${finding.rule}`);
  }
  return alarms;
}

/** Programs that print something else than on the host in a sandbox, as `sandbox name: what`. One shell in each starts them all. */
export async function failures(folder: string, names: readonly string[]): Promise<string[]> {
  const script = join(folder, "start-all.sh");
  writeFileSync(script, names.map((name) => `printf '%s|' '${name}'; './${name}' 2>/dev/null || echo "$?"\n`).join(""));
  const wrong: string[] = [];
  for (const sandbox of (await findSandboxes()).present) {
    const { stdout } = await execute(["/bin/sh", script], { sandbox, cwd: folder, timeout: 200_000 });
    const lines = new Map(stdout.split("\n").map((line) => line.split("|", 2) as [string, string]));
    for (const name of names) {
      const said = lines.get(name);
      if (`${said}\n` !== EXPECTED) wrong.push(`${sandbox.id} ${name}: ${said}`);
    }
  }
  return wrong;
}
