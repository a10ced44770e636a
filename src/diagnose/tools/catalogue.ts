/** The tools that are known by name: what else they are called, which packages have them, and how they are tried. */

import type { Bench, Trial } from "./bench.js";
import { tryCurl } from "./curl.js";
import { tryLua } from "./lua.js";
import { tryMake } from "./make.js";
import { tryOther } from "./other.js";
import { tryUnzip, tryZip } from "./zip.js";

export type PackageManager = "dpkg" | "apk" | "rpm";

export interface Tool {
  readonly name: string;
  /** File names to look for, the tool's own first. */
  readonly files: readonly string[];
  /** Names of packages that have it, the best first. */
  readonly packages: Readonly<Record<PackageManager, readonly string[]>>;
  /** Whether the package's name is only supposed to be the tool's own. */
  readonly isGuess?: true;
  /** What to know before installing the package. */
  readonly packageRemark?: string;
  try(bench: Bench): Promise<Trial>;
}

/** Those of the toolset that Cosmopolitan's users carry about. */
export const usualTools = ["lua", "make", "curl", "zip", "unzip"] as const;

const samePackage = (name: string) => ({ dpkg: [name], apk: [name], rpm: [name] });

const known: readonly Tool[] = [
  {
    name: "lua",
    files: ["lua", "lua5.4", "lua5.3"],
    // Debian and Alpine have one package a release of the language; Fedora's is called lua.
    packages: { dpkg: ["lua5.4", "lua5.3"], apk: ["lua5.4", "lua5.3"], rpm: ["lua"] },
    packageRemark: "it has no cosmo modules",
    try: tryLua,
  },
  { name: "make", files: ["make"], packages: samePackage("make"), try: tryMake },
  { name: "curl", files: ["curl"], packages: samePackage("curl"), try: tryCurl },
  { name: "zip", files: ["zip"], packages: samePackage("zip"), try: tryZip },
  { name: "unzip", files: ["unzip"], packages: samePackage("unzip"), try: tryUnzip },
];

/** A tool by its name; one that is not known is only asked for its version or help. */
export function toolNamed(name: string): Tool {
  return (
    known.find((tool) => tool.name === name) ?? { name, files: [name], packages: samePackage(name), isGuess: true, try: tryOther }
  );
}
