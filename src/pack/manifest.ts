/** What a package says about itself: the manifest (schema/pack-1.json) and SHA256SUMS. */

import { jsonText } from "../bytes/printable.js";
import { MANIFEST_VERSION, type Manifest } from "../report/pack-model.js";
import { VERSION } from "../version.js";

export type ManifestParts = Omit<Manifest, "version" | "sandfit">;

export function manifestOf(parts: ManifestParts): Manifest {
  return { version: MANIFEST_VERSION, sandfit: VERSION, ...parts };
}

/** The text of the manifest; ends with a line feed. */
export function renderManifest(manifest: Manifest): string {
  return `${jsonText(manifest, 2)}\n`;
}

/** The text of SHA256SUMS, as `sha256sum -c` reads it; paths are relative to its own folder. */
export function renderSums(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  return files.map(({ path, sha256 }) => sumLine(path, sha256)).join("");
}

/** coreutils escapes a line feed and a backslash, and says so by a backslash in front of the line. */
function sumLine(path: string, sha256: string): string {
  const escaped = path.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/\r/g, "\\r");
  return `${escaped === path ? "" : "\\"}${sha256}  ${escaped}\n`;
}
