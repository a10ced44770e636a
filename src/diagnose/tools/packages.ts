/** What the distribution's package manager knows of a tool: asked only, never changed. */

import { readFileSync, realpathSync } from "node:fs";
import { execute } from "../../environments/run/execute.js";
import { inPath } from "../../environments/run/search-path.js";
import type { PackageState, ToolsReport } from "../../report/tools-model.js";
import type { PackageManager, Tool } from "./catalogue.js";

export type Distribution = ToolsReport["distribution"];

/** The question that each manager answers. Programs named here have to be in PATH; what is not answers nothing. */
interface Manager {
  /** "version" where the package is installed. */
  installed(name: string): Promise<string | undefined>;
  /** Version that could be installed; undefined where that is not known. */
  available(name: string): Promise<string | undefined>;
  /** "package version" that owns a file, given by each of its names. */
  owner(names: readonly string[]): Promise<string | undefined>;
  /** Files of a package. */
  files(name: string): Promise<readonly string[]>;
  install(name: string, isListed: boolean): string;
}

/** Which distribution this is (os-release(5)), and which of the three package managers it uses. */
export function distribution(osRelease = "/etc/os-release"): Distribution {
  const fields = new Map<string, string>();
  try {
    for (const [, key, value] of readFileSync(osRelease, "utf8").matchAll(/^(\w+)=["']?(.*?)["']?$/gm)) fields.set(key, value);
  } catch {
    // A system without the file is not named.
  }
  const name = fields.get("PRETTY_NAME") ?? fields.get("NAME") ?? "unknown";
  const family = `${fields.get("ID") ?? ""} ${fields.get("ID_LIKE") ?? ""}`;
  const byFamily = /\b(debian|ubuntu)\b/.test(family)
    ? "dpkg"
    : /\balpine\b/.test(family)
      ? "apk"
      : /\b(fedora|rhel|centos|suse|opensuse)/.test(family)
        ? "rpm"
        : undefined;
  const asks = { dpkg: "dpkg-query", apk: "apk", rpm: "rpm" } as const;
  const there = (["dpkg", "apk", "rpm"] as const).filter((manager) => inPath(asks[manager]) !== undefined);
  return { name, packages: byFamily !== undefined && there.includes(byFamily) ? byFamily : (there[0] ?? null) };
}

/** "make 4.3-4.1" for a file that a package owns. */
export async function ownerOf(path: string, manager: PackageManager): Promise<string | undefined> {
  return managers[manager].owner(namesOf(path));
}

/** The package of a tool: the installed one, else the first that can be had, else the first name. Undefined where nothing knows it. */
export async function packageOf(tool: Tool, manager: PackageManager): Promise<PackageState | undefined> {
  const { installed, available, install } = managers[manager];
  const names = tool.packages[manager];
  const state = { version: null, available: null, remark: tool.packageRemark ?? null };
  for (const name of names) {
    const version = await installed(name);
    if (version !== undefined) return { ...state, name, installed: true, version, command: install(name, true) };
  }
  for (const name of names) {
    const version = await available(name);
    if (version !== undefined) {
      return { ...state, name, installed: false, available: version, command: install(name, true) };
    }
  }
  // The lists may be empty, as they are in most container images. A name that was only guessed is not worth telling then.
  if (tool.isGuess) return undefined;
  return { ...state, name: names[0], installed: false, command: install(names[0], false) };
}

/** A file of an installed package that has one of the names. */
export async function fileOfPackage(
  name: string,
  files: readonly string[],
  manager: PackageManager,
): Promise<string | undefined> {
  const all = await managers[manager].files(name);
  return all.find((path) => /\/s?bin\/[^/]+$/.test(path) && files.includes(path.slice(path.lastIndexOf("/") + 1)));
}

/** Standard output of a question that was answered with exit 0. */
async function ask(...command: string[]): Promise<string | undefined> {
  const run = await start(command);
  return run?.exitCode === 0 ? run.stdout : undefined;
}

/** Standard output whatever the exit code, which tells only that one of several files is not known. */
async function askOfSeveral(...command: string[]): Promise<string> {
  return (await start(command))?.stdout ?? "";
}

async function start(command: readonly string[]) {
  if (inPath(command[0]) === undefined) return undefined;
  return execute(command, { timeout: 20_000, env: { ...(process.env as Record<string, string>), LC_ALL: "C" } });
}

/** With /bin and /lib being links into /usr, packages know some of their files by the one name and some by the other. */
function namesOf(path: string): string[] {
  const names = new Set([path]);
  try {
    names.add(realpathSync(path));
  } catch {
    // gone meanwhile
  }
  for (const name of [...names]) {
    if (name.startsWith("/usr/")) names.add(name.slice(4));
    else if (/^\/s?bin\//.test(name)) names.add(`/usr${name}`);
  }
  return [...names];
}

const lines = (text: string | undefined): string[] => (text ?? "").split("\n").filter(Boolean);

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own way to name fields
const DPKG_FIELDS = "${Status}\\t${Version}";

/** dpkg-query(1), apt-cache(8). */
const dpkg: Manager = {
  installed: async (name) => {
    const said = (await ask("dpkg-query", "-W", "-f", DPKG_FIELDS, name)) ?? "";
    const [status, version] = said.split("\t");
    return status === "install ok installed" ? version : undefined;
  },
  available: async (name) => {
    const version = /^ +Candidate: (.+)$/m.exec((await ask("apt-cache", "policy", name)) ?? "")?.[1];
    return version === "(none)" ? undefined : version;
  },
  owner: async (names) => {
    const name = /^([^\s:,]+)(?::\w+)?: /m.exec(await askOfSeveral("dpkg-query", "-S", ...names))?.[1];
    return name === undefined ? undefined : `${name} ${(await dpkg.installed(name)) ?? ""}`.trim();
  },
  files: async (name) => lines(await ask("dpkg-query", "-L", name)),
  install: (name, isListed) => `${isListed ? "" : "apt-get update && "}apt-get install ${name}`,
};

/** apk-info(8). */
const apk: Manager = {
  installed: async (name) => versionBehind(name, lines(await ask("apk", "info", "-e", "-v", name))[0]),
  available: async (name) => /^ {2}(\S+):$/m.exec((await ask("apk", "policy", name)) ?? "")?.[1],
  owner: async (names) => {
    const owner = / is owned by (\S+)$/m.exec(await askOfSeveral("apk", "info", "-W", ...names))?.[1];
    return owner?.replace(/-(\d[^-]*-r\d+)$/, " $1");
  },
  files: async (name) =>
    lines(await ask("apk", "info", "-L", name))
      .filter((line) => !line.endsWith(":"))
      .map((line) => `/${line}`),
  install: (name) => `apk add ${name}`,
};

function versionBehind(name: string, text: string | undefined): string | undefined {
  return text?.startsWith(`${name}-`) ? text.slice(name.length + 1) : text;
}

/** rpm(8). What could be installed is a question that dnf and zypper go to the network for, so it is not asked. */
const rpm: Manager = {
  installed: async (name) => ask("rpm", "-q", "--qf", "%{VERSION}-%{RELEASE}", name),
  available: async () => undefined,
  owner: async (names) => {
    const said = await askOfSeveral("rpm", "-qf", "--qf", "owner %{NAME} %{VERSION}-%{RELEASE}\\n", ...names);
    return /^owner (.+)$/m.exec(said)?.[1];
  },
  files: async (name) => lines(await ask("rpm", "-ql", name)),
  install: (name) => `${["dnf", "microdnf", "yum", "zypper"].find((one) => inPath(one) !== undefined) ?? "dnf"} install ${name}`,
};

const managers: Readonly<Record<PackageManager, Manager>> = { dpkg, apk, rpm };
