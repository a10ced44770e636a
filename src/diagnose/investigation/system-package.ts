/** The distribution's package that could stand in for a program, tried where it is installed. */

import type { SystemPackage } from "../../report/investigation.js";
import type { Provider } from "../../report/tools-model.js";
import { surveyTools } from "../tools/survey.js";

/** `make` for make.com, make.gvisor and the like. */
export function toolNameOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.replace(/\.(com|ape|exe|elf|gvisor|com\.dbg)$/i, "").toLowerCase();
}

/** Asks the package manager and starts what is installed. Null where nothing is known under the name. */
export async function systemPackageFor(path: string): Promise<SystemPackage | null> {
  const name = toolNameOf(path);
  if (!/^[a-z0-9][a-z0-9.+-]*$/.test(name)) return null;
  const [tool] = (await surveyTools([name], [])).tools;
  const state = tool.package;
  if (state === null) return null;
  const provider = tool.providers.find((one) => one.package?.split(" ")[0] === state.name);
  return {
    name: state.name,
    install: state.command,
    installed: state.installed,
    tried: provider === undefined ? null : triedWords(provider),
  };
}

function triedWords({ path, version, outcome, did, why }: Provider): string {
  const what = outcome === "fails" ? (why ?? "it does not work") : did.join(", ");
  return `${path}${version === null ? "" : ` ${version}`} ${outcome === "works" ? "works" : outcome === "fails" ? "fails" : "starts"} here: ${what}`;
}
