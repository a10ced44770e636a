/**
 * `npm run learn -- PATH/TO/runsc [--id ID] [--date DAY] [--commit HASH] [--description TEXT] [--from SOURCE]`: runs probes and proofs
 * in a runsc, on systrap and ptrace, and writes what they show to src/gvisor/releases/<id>.json. CONTRIBUTING.md says what is learnt how.
 */

import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeList } from "./release-files.js";

const text = { type: "string" } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { id: text, date: text, commit: text, description: text, from: text },
});
if (positionals.length !== 1) throw new Error("usage: npm run learn -- PATH/TO/runsc [--id ID] [--date DAY] [--commit HASH] …");

const runsc = resolve(positionals[0]!);
// The list first: what follows loads src, which may name a file that is gone.
writeList();
const { learnRelease } = await import("./learn-release.js");
const id = await learnRelease(runsc, values);

// The proofs add what programs did.
const tests = [
  "test/proof/programs.test.ts",
  "test/proof/fix.test.ts",
  "test/proof/loader.test.ts",
  "test/proof/abi-tag.test.ts",
  "test/proof/portable.test.ts",
];
const env = { ...process.env, SANDFIT_RECORD: id, SANDFIT_RUNSC: runsc };
execFileSync("npx", ["vitest", "run", ...tests], { stdio: "inherit", env });
execFileSync("npm", ["run", "pages"], { stdio: "inherit" });
console.log(`src/gvisor/releases/${id}.json is written; \`npx vitest run test/unit/gvisor\` says what else has to be changed`);
