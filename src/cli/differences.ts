/** `sandfit differences`: where gVisor is known to answer otherwise than Linux. */

import { settings } from "../differences/answers.js";
import type { Kind } from "../differences/define.js";
import { differences, findDifference } from "../differences/index.js";
import { InputError } from "../errors.js";
import { differenceSection, differencesList } from "../report/difference-page.js";
import { DIFFERENCES_VERSION, reportDifference } from "../report/differences.js";
import type { ExitCode } from "./exit-code.js";
import { print } from "./output.js";

export interface DifferencesOptions {
  readonly kind?: Kind;
  readonly json: boolean;
}

/** Prints the list, or one record in full words. Returns the exit code. */
export async function differencesCommand(id: string | undefined, { kind, json }: DifferencesOptions): Promise<ExitCode> {
  const named = id === undefined ? undefined : findDifference(id);
  if (id !== undefined && named === undefined)
    throw new InputError(`there is no known difference ${id}; \`sandfit differences\` lists them`);
  const chosen = (named === undefined ? differences : [named]).filter((one) => kind === undefined || one.kind === kind);
  if (json) {
    const document = { version: DIFFERENCES_VERSION, asked: settings, differences: chosen.map(reportDifference) };
    await print(`${JSON.stringify(document, null, 2)}\n`);
  } else if (named === undefined) await print(differencesList(chosen));
  else await print(`${differenceSection(named)}\n`);
  return 0;
}
