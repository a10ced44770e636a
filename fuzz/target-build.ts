/** Fuzz targets as the files that jazzer.js loads: what it is to watch as one bundle, the loops over every byte beside it. */

import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");

/**
 * Watching means a call for each branch taken. In what looks at every byte or instruction that takes ten times as long as all
 * the rest, and says little: the decoders have a target of their own, in which they are watched.
 */
const unwatched = [
  ...readdirSync(join(source, "x86")).map((name) => join(source, "x86", name)),
  ...["bytes/difference", "bytes/find"].map((name) => join(source, `${name}.ts`)),
  ...[
    ...["entered", "first-look", "first-look-binary", "gaps", "in-step", "engine-binary", "patterns", "sightings", "walk"],
    "web-assembly",
  ].map((name) => join(source, "code", `${name}.ts`)),
];

const besideTheBundle: Plugin = {
  name: "beside-the-bundle",
  resolveId(path, importer) {
    if (importer === undefined || !path.startsWith(".")) return undefined;
    const file = resolve(dirname(importer), path).replace(/\.js$/, ".ts");
    if (!unwatched.includes(file)) return undefined;
    return { id: `../unwatched/${file.slice(source.length + 1).replace(/\.ts$/, ".cjs")}`, external: true };
  },
};

/** Targets that wait for something else than bytes in memory: for the disk, and for the web's DecompressionStream. */
const asynchronous = new Set(["archive", "zip"]);

/** Whether a built target returns when it is done, and no promise. */
export function isSynchronous(target: string): boolean {
  return !asynchronous.has(target);
}

/**
 * The same code without waiting. All that is awaited are bytes in memory, and a promise costs more here than anywhere: the fuzzer and
 * what it runs are two threads then, which wait for each other twice in each execution, long on a machine that is busy.
 */
const withoutWaiting: Plugin = {
  name: "without-waiting",
  renderChunk: (code) =>
    `const now = (value) => value;\n${code
      .replaceAll(/\bfor await\b/g, "for")
      .replaceAll(/\bawait\s/g, "")
      .replaceAll(/\basync\s+(?=function|\(|\*|[\w$]+\s*(\(|=>))/g, "")
      .replaceAll(/\bPromise\.(all|resolve)\(/g, "now(")
      .replaceAll(/^.*\.catch\(.*;$/gm, "")}`,
};

/** Builds a target below `folder` and returns the path of its bundle; all that is in the bundle's folder is to be watched. */
export async function buildTarget(target: string, folder: string): Promise<string> {
  const bundle = join(folder, "watched", `${target}.cjs`);
  const isDecoder = target === "decode";
  await build({
    input: join(root, "fuzz", "targets", `${target}.ts`),
    platform: "node",
    plugins: [...(isDecoder ? [] : [besideTheBundle]), ...(isSynchronous(target) ? [withoutWaiting] : [])],
    output: { file: bundle, format: "cjs", codeSplitting: false },
  });
  if (!isDecoder) {
    await build({
      input: unwatched,
      platform: "node",
      output: {
        dir: join(folder, "unwatched"),
        format: "cjs",
        preserveModules: true,
        preserveModulesRoot: source,
        entryFileNames: "[name].cjs",
      },
    });
  }
  return bundle;
}
