/** An archive like the one that started the project: gvisor/bin/{lua,make,…}, gvisor/lib/lua/…, gvisor/env.sh. */

import { sampleProgram } from "../fixtures/programs/index.js";
import type { TarEntry } from "./archives.js";

/** Tools by the sample programs that stand for them: assimilated and not, with growing stacks, with look-alikes. */
export const TOOLS: Readonly<Record<string, string>> = {
  lua: "ape-gs-elf",
  make: "gs-jump",
  curl: "gs-stack-b",
  zip: "ape-gs",
  unzip: "gs-lookalikes",
};

/** Its environment script, as somebody writes it who has bash and one folder. */
export const WRONG_ENV = 'export PATH="/zip/build/gvisor/bin:$PATH"\nexport LUA_PATH="/zip/build/gvisor/lib/lua/?.lua;;"\n';

const MODULE = "return { answer = 42 }\n";

export function toolset(tools: Readonly<Record<string, Uint8Array>> = sampleTools()): TarEntry[] {
  const folder = (name: string): TarEntry => ({ name: `${name}/`, type: "5", mode: 0o755 });
  return [
    folder("gvisor"),
    folder("gvisor/lib"),
    folder("gvisor/lib/lua"),
    { name: "gvisor/lib/lua/luaunit.lua", data: MODULE },
    folder("gvisor/lib/lua/luacheck"),
    { name: "gvisor/lib/lua/luacheck/init.lua", data: MODULE },
    { name: "gvisor/env.sh", data: WRONG_ENV },
    folder("gvisor/bin"),
    ...Object.entries(tools).map(([name, data]) => ({ name: `gvisor/bin/${name}`, mode: 0o755, data })),
    { name: "gvisor/bin/gmake", type: "2", target: "make", mode: 0o777 },
  ];
}

function sampleTools(): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(TOOLS).map(([name, sample]) => [name, sampleProgram(sample).bytes]));
}
