/** One Sandfit at a time writes a file, whatever Node runs it. */

import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { alone } from "../../../src/files/lock.js";
import { temporaryFolder } from "../../support/folder.js";

const folder = temporaryFolder();

/** The lock of a path, as Linux shows it: `@` for each zero. Other tests take theirs at the same time. */
function lockOf(path: string): string[] {
  const { dev, ino } = statSync(folder);
  const place = `${dev}:${ino}/${basename(path)}`;
  const told = createHash("sha256").update(place).digest("hex");
  const names = readFileSync("/proc/net/unix")
    .toString()
    .matchAll(/@sandfit-.*/g);
  return [...names].map(([name]) => name).filter((name) => name.replace(/@*$/, "") === `@sandfit-${told}`);
}

/** Whether Node's own module, whatever it does with names, meets the same lock. */
function isRefused(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRINUSE"));
    server.listen({ path: name.replaceAll("@", "\0"), exclusive: true }, () => server.close(() => resolve(false)));
  });
}

test.each(["short", `${"ä".repeat(20)}`, "l".repeat(200)])("%s: held, met by all, and given back", async (name) => {
  const path = join(folder, name);
  await alone(path, async () => {
    const [lock = "none"] = lockOf(path);
    expect(Buffer.byteLength(lock)).toBe(108);
    expect(await isRefused(lock)).toBe(true);
    await expect(alone(path, async () => {})).rejects.toThrow("is being written by another sandfit");
    await alone(`${path}2`, async () => {});
  });
  expect(lockOf(path)).toEqual([]);
});
