import { defineConfig } from "vitest/config";

/** Nothing in a test is timed: each stops by itself, and this only ends one that hangs. */
const MINUTES = 60_000;

export default defineConfig({
  test: {
    maxWorkers: 2,
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text-summary", "json-summary", "html"], reportOnFailure: true },
    projects: [
      {
        // No processes, no sandbox, no build of the command: what a developer runs all day.
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          globalSetup: ["test/support/engine.ts"],
          testTimeout: 2 * MINUTES,
          hookTimeout: 2 * MINUTES,
        },
      },
      {
        // The built command, as people run it.
        test: {
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
          testTimeout: 10 * MINUTES,
          hookTimeout: 10 * MINUTES,
        },
      },
      {
        // Sandboxes, other programs, toolchains, real files.
        test: {
          name: "proof",
          include: ["test/proof/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
          testTimeout: 10 * MINUTES,
          hookTimeout: 10 * MINUTES,
          // Tests that record write into the same files.
          fileParallelism: !process.env["SANDFIT_RECORD"],
        },
      },
    ],
  },
});
