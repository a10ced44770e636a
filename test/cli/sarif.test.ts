import { expect, test } from "vitest";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";
import { validSarif } from "../support/sarif.js";

test("`check --format sarif` prints it", async () => {
  const folder = temporaryFolder();
  writeSample(folder, "gs-call");
  const { stdout, exitCode } = await sandfit(["check", "--format", "sarif", "gs-call", "healthy"], { cwd: folder });
  const log = validSarif(stdout);
  expect(log.runs[0].results![0].locations![0].physicalLocation!.artifactLocation!.uri).toBe("gs-call");
  expect(exitCode).toBe(2);
});
