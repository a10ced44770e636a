/** Tries a lua: runs a line, and asks for the modules that Cosmopolitan's lua has built in. */

import type { ToolPart } from "../../report/tools-model.js";
import { type Bench, JobFailed, type Trial, versionIn } from "./bench.js";

/**
 * Says of each module whether it is there and answers a small question, one line each, written at once: a crash tells which. The
 * modules are found as fields of cosmo, as cosmo.NAME or under their own names, whichever there is.
 */
const ASK = `
local function say(...) io.stdout:write(table.concat({...}, " "), "\\n") io.stdout:flush() end
local found, cosmo = pcall(require, "cosmo")
say("cosmo", found and "works" or "absent")
local ask = {
  {"unix", function(m) return m.getpid() > 0 end},
  {"path", function(m) return m.basename("/a/b") == "b" end},
  {"re", function(m) return m.search("b+", "abbc") == "bb" end},
  {"argon2", function(m) return #m.hash_encoded("password", "saltsaltsaltsalt") > 0 end},
  {"lsqlite3", function(m)
    local database, answer = m.open_memory(), nil
    for row in database:nrows("select 6*7 as answer") do answer = row.answer end
    database:close()
    return answer == 42
  end},
}
for _, one in ipairs(ask) do
  local name, question = one[1], one[2]
  local module = type(cosmo) == "table" and cosmo[name] or nil
  for _, other in ipairs({"cosmo." .. name, name}) do
    if type(module) ~= "table" then
      local there, value = pcall(require, other)
      module = there and value or nil
    end
  end
  if type(module) ~= "table" then say(name, "absent") else
    say(name, "fails")
    local answered, right = pcall(question, module)
    if answered and right then say(name, "works") end
  end
end`;

/** Names the modules that are there and have no question; apart from the rest, which may crash. */
const ASK_OTHERS = `
local found, cosmo = pcall(require, "cosmo")
if type(cosmo) ~= "table" then return end
local known = {cosmo = true, unix = true, path = true, re = true, argon2 = true, lsqlite3 = true}
local others, names = {}, {"zip", "http", "getopt", "goodsocket", "help", "lz4"}
for name, value in pairs(cosmo) do
  if type(name) == "string" and type(value) == "table" then names[#names + 1] = name end
end
for _, name in ipairs(names) do
  if not known[name] and not others[name] and name:find("^%w+$") then
    local module = cosmo[name]
    if type(module) ~= "table" then
      local there, value = pcall(require, "cosmo." .. name)
      module = there and value
    end
    if type(module) == "table" or type(module) == "function" then others[name] = true end
  end
end
names = {}
for name in pairs(others) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do print(name .. " loads") end`;

/** Those with a question; others are told where they are there. */
const ASKED = ["cosmo", "unix", "path", "re", "argon2", "lsqlite3"];
const MOST_PARTS = 50;

export async function tryLua(bench: Bench): Promise<Trial> {
  const line = await bench.do("run a line", ["-e", "io.write(6 * 7, '\\n')"]);
  if (line.stdout !== "42\n") throw new JobFailed("run a line", line, "it does not print 42 for 6 * 7");
  const asked = await bench.run(["-e", ASK]);
  const others = await bench.run(["-e", ASK_OTHERS]);
  const parts = partsIn(`${asked.stdout}\n${others.stdout}`);
  const version = await bench.run(["-v"]);
  const there = parts.filter((part) => part.outcome === "works" && part.name !== "cosmo").map((part) => part.name);
  const loading = parts.filter((part) => part.outcome === "loads").map((part) => part.name);
  const broken = parts.filter((part) => part.outcome === "fails").map((part) => part.name);
  const did = ["ran a line"];
  if (there.length > 0) did.push(`modules that work: ${there.join(", ")}`);
  if (loading.length > 0) did.push(`modules that load: ${loading.join(", ")}`);
  if (broken.length > 0) did.push(`modules that are there and fail: ${broken.join(", ")}`);
  if (parts[0]?.outcome === "absent") did.push("no cosmo module");
  return { outcome: "works", version: versionIn(version.stdout + version.stderr), did, parts };
}

/** The last word on each module; one that nothing was said of, because the program died before, is not told. */
function partsIn(output: string): ToolPart[] {
  const said = new Map<string, ToolPart["outcome"]>();
  for (const [, name, outcome] of output.matchAll(/^(\w+) (works|loads|fails|absent)$/gm)) {
    said.set(name, outcome as ToolPart["outcome"]);
  }
  const others = [...said.keys()].filter((name) => !ASKED.includes(name));
  return [...ASKED, ...others].slice(0, MOST_PARTS).flatMap((name) => {
    const outcome = said.get(name);
    return outcome === undefined ? [] : [{ name, outcome }];
  });
}
