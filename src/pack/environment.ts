/** The environment script of each toolset in a package: made, kept, or replaced. */

import { quoted } from "../input/archive/names.js";
import type { EnvState } from "../report/pack-model.js";
import { below, type FileItem, type Item } from "../write/item.js";
import { envScript, problemsOfEnvScript } from "./env-script.js";
import { ENV, hasLuaModules, toolsetRoots } from "./layout.js";

export interface EnvPlan {
  readonly states: readonly EnvState[];
  /** Files to make: path and text. One that stands there already is kept under another name. */
  readonly made: readonly { readonly path: string; readonly text: string }[];
  readonly notes: readonly string[];
}

/** Larger ones are no environment scripts. */
const MOST_BYTES = 256 * 1024;

/** Says what is to be done about env.sh. `textOf` reads a file's text. */
export async function planEnvironment(items: readonly Item[], textOf: (file: FileItem) => Promise<string>): Promise<EnvPlan> {
  const states: EnvState[] = [];
  const made: { path: string; text: string }[] = [];
  const notes: string[] = [];
  const roots = toolsetRoots(items);
  if (roots.length === 0) notes.push("there is no bin folder with programs in it, so no env.sh was made");
  for (const root of roots) {
    const path = below(root, ENV);
    const text = envScript({ hasLuaModules: hasLuaModules(items, root) });
    const there = items.find((item) => item.path === path);
    if (there === undefined) {
      states.push({ path, state: "made", problems: [] });
      made.push({ path, text });
      continue;
    }
    const problems = await problemsOf(there, text, textOf);
    if (problems.length === 0) states.push({ path, state: "kept", problems });
    else {
      states.push({ path, state: "replaced", problems });
      made.push({ path, text });
      notes.push(`${quoted(path)} was replaced: ${problems.join("; ")}`);
    }
  }
  return { states, made, notes };
}

async function problemsOf(item: Item, ours: string, textOf: (file: FileItem) => Promise<string>): Promise<string[]> {
  if (item.kind !== "file") return [`it is a ${item.kind === "folder" ? "folder" : "link"} and no file`];
  if (item.content.size > MOST_BYTES) return [`it has ${item.content.size} bytes`];
  const text = await textOf(item);
  // What a run of Sandfit put there was tried in every shell.
  return text === ours ? [] : problemsOfEnvScript(text);
}
