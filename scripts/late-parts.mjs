/**
 * Modules that a check of a healthy program does without: a plugin for the bundler puts them into parts of their own, which are read
 * when one of their functions is first called. The source knows nothing of it; a browser gets them all at once.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Part → its modules. Others use functions of `analysis` alone, and of `records` fields of what is exported: anything else does not
 * build.
 */
const places = {
  analysis: [
    /\/src\/aarch64\/\w+\.ts$/,
    /\/src\/code\/(accesses|code|data-space|era|flow|forward|gaps|host-tests|kernel|known-values|liveness|mappings|objects|other-uses|patching|paths|reached|selectors|system-calls|walk)\.ts$/,
    /\/src\/image\/(ape-script|macho|pe|relocation-tables|relocations|symbol-table|symbols|unwind|zip-symbols)\.ts$/,
    /\/src\/fix\/(apply|assimilate|join|plan|plan-shape|portable)\.ts$/,
    /\/src\/report\/(finding-text|portable)\.ts$/,
    /\/src\/rules\/(aarch64-stacks|arrange-headers|data-in-code|dlopen-site|dlopen-start|growing-stacks|known-runtime|move-to-fs|only-move|set-calls|sites)\.ts$/,
    /\/src\/rules\/portable\/[\w-]+\.ts$/,
    /\/src\/x86\/(format|mnemonics|operands|read-registers|written-registers)\.ts$/,
  ],
  records: [/\/src\/rules\/pages\/[\w-]+\.ts$/, /\/src\/rules\/(growsdown-probe|loader-probes)\.ts$/],
};
const names = Object.keys(places);
const partOf = (path) => names.find((name) => places[name].some((place) => place.test(path)));

const PART = "\0part ";
const STAND_IN = "\0stand-in ";

/** More inputs of the build: one makes each part. */
export const lateInputs = Object.fromEntries(names.map((name) => [name, PART + name]));

/** The plugin; `source` is the folder src. */
export function lateParts(source) {
  const files = readdirSync(source, { recursive: true }).map((name) => join(source, name));
  const modules = Object.fromEntries(names.map((name) => [name, files.filter((path) => partOf(path) === name)]));
  return {
    name: "late-parts",
    resolveId(name, importer) {
      if (name.startsWith(PART)) return name;
      if (importer?.startsWith(STAND_IN)) return { id: name, external: true };
      if (importer === undefined || importer.startsWith("\0") || !name.startsWith(".")) return;
      const path = resolve(dirname(importer), name).replace(/\.js$/, ".ts");
      const part = partOf(path);
      if (part !== undefined && part !== partOf(importer)) return STAND_IN + path;
    },
    load(id) {
      if (id.startsWith(PART)) {
        const all = modules[id.slice(PART.length)];
        return all.map((path, index) => `export * as m${index} from ${JSON.stringify(path)};`).join("\n");
      }
      if (!id.startsWith(STAND_IN)) return;
      const path = id.slice(STAND_IN.length);
      const part = partOf(path);
      return standIn(readFileSync(path, "utf8"), part, `m${modules[part].indexOf(path)}`);
    },
  };
}

/** What others get in place of a module: functions that read its part when they are called. */
function standIn(text, part, name) {
  const functions = Array.from(text.matchAll(/^export (?:async )?function\*? (\w+)/gm), ([, one]) => one);
  const objects = part === "records" ? Array.from(text.matchAll(/^export const (\w+)/gm), ([, one]) => one) : [];
  return [
    `let part;\nconst module = () => (part ??= require("./${part}.js").${name});`,
    ...functions.map((one) => `export const ${one} = (...all) => module().${one}(...all);`),
    ...objects.map((one) => `export const ${one} = new Proxy({}, { get: (_, key) => module().${one}[key] });`),
  ].join("\n");
}
