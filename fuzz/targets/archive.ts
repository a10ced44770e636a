/** Fuzz target: tar, tar.gz and zip as `sandfit pack` reads them. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openArchive } from "../../src/input/archive/open.js";
import { declared } from "../declared.js";

const LIMITS = { maxSize: 1 << 20, maxEntries: 100, maxRatio: 200 };

// In memory where there is such a folder: a file is what archives are read from.
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "sandfit-fuzz-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Whatever the bytes are: paths stay below the folder that they are unpacked to, and no more comes out than the limits allow. */
export async function fuzz(data: Buffer): Promise<void> {
  const path = join(folder, "archive");
  writeFileSync(path, data);
  await declared(async () => {
    const archive = openArchive(path, LIMITS);
    try {
      let size = 0;
      for await (const entry of archive.entries()) {
        const parts = entry.path.split("/");
        if (parts.includes("..") || parts.includes(".") || entry.path.startsWith("/") || entry.path.includes("\0")) {
          throw new Error(`leads out: ${entry.path}`);
        }
        for await (const chunk of entry.content()) size += chunk.length;
        if (size > LIMITS.maxSize) throw new Error(`${size} bytes came out`);
      }
    } finally {
      archive.close();
    }
  });
}
