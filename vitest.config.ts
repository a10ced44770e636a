import { defineConfig } from "vitest/config";

/** Nothing in a test is timed: each stops by itself, and this only ends one that hangs, on a machine under load too. */
const TEN_MINUTES = 600_000;

const common = {
  testTimeout: TEN_MINUTES,
  hookTimeout: TEN_MINUTES,
  maxWorkers: 2,
  // Tests that record write into the same files.
  fileParallelism: !process.env["SANDFIT_RECORD"],
};

/** Unit tests of random or large inputs, of which "unit" tries a few and "proof" all: test/support/often.ts. */
const long = [
  "code/engine",
  "code/sightings",
  "files/inflate",
  "fix/join",
  "fix/property",
  "image/mutation",
  "security/bounds",
  "write/gzip",
  "write/sparse",
  "x86/registers",
].map((name) => `test/unit/${name}.test.ts`);

export default defineConfig({
  test: {
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text-summary", "json-summary", "html"], reportOnFailure: true },
    projects: [
      {
        // No processes, no sandbox, no build of the command: what a developer runs all day.
        test: {
          ...common,
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          globalSetup: ["test/support/engine.ts"],
          // Modules are loaded once for all files: most of the time went there.
          isolate: false,
        },
      },
      {
        // The built command, as people run it.
        test: {
          ...common,
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
        },
      },
      {
        // Sandboxes, other programs, toolchains, real files; and the long form of some unit tests.
        test: {
          ...common,
          name: "proof",
          include: ["test/proof/**/*.test.ts", ...long],
          env: { SANDFIT_LONG: "1" },
          globalSetup: ["test/support/build.ts"],
        },
      },
    ],
  },
});
