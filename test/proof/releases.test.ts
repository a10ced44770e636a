import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ranReleaseIds, releaseFiles } from "../../src/gvisor/releases.js";

const script = fileURLToPath(new URL("../../scripts/install-gvisor.sh", import.meta.url));

test("scripts/install-gvisor.sh installs every release that was run", () => {
  const listed = execFileSync("bash", [script, "--list"], { encoding: "utf8" });
  const lines = ranReleaseIds.map((id) => `${releaseFiles[id].version} ${releaseFiles[id].from}\n`);
  expect(listed).toBe(lines.join(""));
});
