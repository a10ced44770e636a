/** The programs in an archive or folder, one after the other, each as a source that can be read by position. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type FileSource, openFile } from "../../files/file-source.js";
import { temporaryFolder } from "../../files/private-folder.js";
import { isProgramStart, isScriptStart } from "../programs.js";
import { peek, spool } from "../spool.js";
import { defaultLimits, type Limits } from "./limits.js";
import { openArchive } from "./open.js";

export interface ProgramInside {
  /** Path inside the archive or folder. */
  readonly name: string;
  /** Its bytes; to be used before the next program is asked for. */
  readonly source: FileSource;
  /** Permission bits; undefined where the archive has none. */
  readonly mode: number | undefined;
}

/**
 * Every ELF program or library, APE and executable script in a tar, tar.gz, zip or folder, in the order that they are
 * stored in. Each is put into a private temporary folder, one at a time, and removed again. Throws InputError as
 * `openArchive` does.
 */
export async function* programsIn(path: string, limits: Limits = defaultLimits): AsyncGenerator<ProgramInside> {
  const archive = openArchive(path, limits);
  const workspace = temporaryFolder("archive");
  try {
    for await (const entry of archive.entries()) {
      if (entry.kind !== "file") continue;
      const { start, whole, leave } = await peek(entry.content());
      const isExecutable = ((entry.mode ?? 0o755) & 0o111) !== 0;
      if (!isProgramStart(start) && !(isScriptStart(start) && isExecutable)) {
        await leave();
        continue;
      }
      const { file } = await spool(whole, join(workspace.folder, "program"));
      const source = openFile(file, entry.path);
      try {
        yield { name: entry.path, source, mode: entry.mode };
      } finally {
        source.close();
        rmSync(file);
      }
    }
  } finally {
    workspace.remove();
    archive.close();
  }
}
