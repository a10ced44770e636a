/**
 * The original case with real programs of v3.3, taken from the folder that SANDFIT_CORPUS names: lua, make, curl, zip and unzip,
 * assimilated as they were in the archive that started the project.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { execute } from "../../../src/environments/run/execute.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { applyToCopy, forward } from "../../../src/fix/apply.js";
import { assimilate } from "../../../src/fix/assimilate.js";
import { readImage } from "../../../src/image/detect.js";
import { tarGz } from "../../fixtures/archives.js";
import { toolset } from "../../fixtures/toolset.js";
import { temporaryFolder } from "../../support/cli.js";
import { packed } from "../../support/packing.js";

const corpus = process.env["SANDFIT_CORPUS"];
const TOOLS = ["lua", "make", "curl", "zip", "unzip"];
const pathOf = (tool: string) => join(corpus ?? "", "v33", `${tool}.com`);
const isThere = corpus !== undefined && TOOLS.every((tool) => existsSync(pathOf(tool)));
const folder = temporaryFolder();
const { present } = isThere ? await findSandboxes() : { present: [] };

async function assimilated(tool: string): Promise<Uint8Array> {
  const bytes = readFileSync(pathOf(tool));
  const source = memorySource(bytes, tool);
  const image = await readImage(source);
  const edit = await assimilate(source, image.elf.find((view) => view.machine === "x86-64")!);
  return applyToCopy(bytes, forward([edit]));
}

/** For curl: serves one request on the loopback of the sandbox, and ends by itself. */
const server = `
const server = require("node:http").createServer((_, answer) => answer.setHeader("Connection", "close").end("served", () => server.close()));
server.listen(0, "127.0.0.1", () => require("node:fs").writeFileSync("port", String(server.address().port)));
setTimeout(() => process.exit(), 20000);
`;

/** A small real job for each tool, done only where the output is right and the end is good: on systrap the first is not enough. */
const script = `
place=$(mktemp -d) && cd "$place" && mkdir "a place" work && tar -xzf "$1" -C "a place" && cd work
export HOME=$place TMPDIR=$place
SOURCING
out=$(lua -e 'print(require("luaunit").answer + require("luacheck").answer)' 2>/dev/null) && [ "$out" = 84 ] && echo lua
printf 'all: a b\\n\\t@echo $(words $^)\\na b:\\n\\t@touch $@\\n' >Makefile
out=$(make -s -j2 2>/dev/null) && [ "$out" = 2 ] && [ -f a ] && [ -f b ] && echo make
"$2" -e "$3" & tries=0
while [ ! -s port ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
out=$(curl "http://127.0.0.1:$(cat port)/" 2>/dev/null) && [ "$out" = served ] && echo curl
kill $! 2>/dev/null
echo round trip >file
zip -q x.zip file >/dev/null 2>&1 && rm file && echo zip
unzip -q x.zip >/dev/null 2>&1 && [ "$(cat file)" = "round trip" ] && echo unzip
exit 0
`;
const jobs = "lua\nmake\ncurl\nzip\nunzip\n";
const sourceIt = '. "../a place/gvisor/env.sh"';
/** The original's own script names a folder that is not there. */
const setPath =
  'export PATH="$place/a place/gvisor/bin:$PATH" LUA_PATH="$place/a place/gvisor/lib/lua/?.lua;$place/a place/gvisor/lib/lua/?/init.lua;;"';

describe.skipIf(!isThere)(
  `real tools${isThere ? "" : " (skipped: needs SANDFIT_CORPUS with v33/lua.com and the others)"}`,
  () => {
    test("the package does every job in every sandbox; in gVisor the original does none, or lua's alone", async () => {
      const tools = Object.fromEntries(await Promise.all(TOOLS.map(async (tool) => [tool, await assimilated(tool)] as const)));
      const [original, output] = [join(folder, "original.tar.gz"), join(folder, "packed.tar.gz")];
      writeFileSync(original, tarGz(toolset(tools)));
      await packed(original, [{ output, machine: "x86-64" }]);
      const results: Record<string, string[]> = {};
      for (const sandbox of present) {
        const run = async (archive: string, sourcing: string) =>
          (
            await execute(
              ["/bin/sh", "-c", script.replace("SOURCING", () => sourcing), "sh", archive, process.execPath, server],
              {
                sandbox,
                cwd: "/",
                env: { PATH: "/usr/bin:/bin" },
              },
            )
          ).stdout;
        const before = await run(original, setPath);
        // On systrap %gs:0x30 is gVisor's own memory: so small a job of lua's comes to its right end there, by luck.
        const isLucky = sandbox.id.endsWith("-systrap");
        results[sandbox.id] = [await run(output, sourceIt), isLucky ? before.replace("lua\n", "") : before];
      }
      const expected = present.map(({ id }) => [id, [jobs, id === "host" ? jobs : ""]]);
      expect(results).toEqual(Object.fromEntries(expected));
    });
  },
);
