/** `sandfit differences`: where gVisor is known to answer otherwise than Linux. */

import { Command, Option } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { InputError } from "../../errors.js";
import { settings } from "../../gvisor/differences/answers.js";
import { differences, findDifference } from "../../gvisor/differences/index.js";
import { differenceSection, differencesList } from "../../report/difference-page.js";
import { DIFFERENCES_VERSION, reportDifference } from "../../report/differences.js";
import type { ExitCode } from "../exit-code.js";
import { print } from "../output.js";

const declared = new Command("differences")
  .description("list where gVisor answers otherwise than Linux, or explain one such difference")
  .argument("[id]", "a difference, such as ktls-clear-text")
  .addOption(
    new Option("--kind <kind>", "only those of one kind").choices([
      "security",
      "silent",
      "dies",
      "refused",
      "missing",
      "value",
    ] as const),
  )
  .option("--json", "print a JSON document (schema/differences-1.json)");

type DifferencesOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (id, options) => {
  process.exitCode = await differencesCommand(id, options);
});

/** Prints the list, or one record in full words. Returns the exit code. */
async function differencesCommand(id: string | undefined, { kind, json }: DifferencesOptions): Promise<ExitCode> {
  const named = id === undefined ? undefined : findDifference(id);
  if (id !== undefined && named === undefined)
    throw new InputError(`there is no known difference ${id}; \`sandfit differences\` lists them`);
  const chosen = (named === undefined ? differences : [named]).filter((one) => kind === undefined || one.kind === kind);
  if (json) {
    const document = { version: DIFFERENCES_VERSION, asked: settings, differences: chosen.map(reportDifference) };
    await print(`${jsonText(document, 2)}\n`);
  } else if (named === undefined) await print(differencesList(chosen));
  else await print(`${differenceSection(named)}\n`);
  return 0;
}
