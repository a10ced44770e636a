/** `sandfit probe`: what this environment is and what it refuses. */

import { Command } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { probeEnvironment } from "../../environments/probe/environment.js";
import { renderEnvironment } from "../../report/probe.js";
import type { ExitCode } from "../exit-code.js";
import { paintForOutput, print, widthOfOutput } from "../output.js";

const declared = new Command("probe")
  .description("say what this environment is: gVisor or not, platform, release, and what common software meets here")
  .option("--all", "list every probe that was not answered as by plain Linux")
  .option("--json", "print a JSON document (schema/probe-1.json)");

export const command = declared.action(async (options) => {
  process.exitCode = await probeCommand(options);
});

/** Probes and prints. Returns the exit code: 0, whatever the environment is. */
async function probeCommand(options: ReturnType<typeof declared.opts>): Promise<ExitCode> {
  const environment = await probeEnvironment();
  if (options.json) await print(`${jsonText(environment, 2)}\n`);
  else {
    const text = { all: options.all === true, paint: await paintForOutput(), ...(await widthOfOutput()) };
    await print(renderEnvironment(environment, text));
  }
  return environment.kind === "unknown" ? 2 : 0;
}
