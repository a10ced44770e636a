import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Tests that record write into the same files.
    fileParallelism: !process.env["SANDFIT_RECORD"],
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text-summary", "json-summary", "html"], reportOnFailure: true },
  },
});
