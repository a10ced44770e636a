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
  ...["first-look", "gaps", "in-step", "kernel-binary", "landmarks", "walk", "web-assembly"].map((name) =>
    join(source, "code", `${name}.ts`),
  ),
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

/** Builds a target below `folder` and returns the path of its bundle; all that is in the bundle's folder is to be watched. */
export async function buildTarget(target: string, folder: string): Promise<string> {
  const bundle = join(folder, "watched", `${target}.cjs`);
  const isDecoder = target === "decode";
  await build({
    input: join(root, "fuzz", "targets", `${target}.ts`),
    platform: "node",
    plugins: isDecoder ? [] : [besideTheBundle],
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
