/** Every program below a folder: check on all cores and on one, beside `file` and `checksec` over the same files. */

import { spawnSync } from "node:child_process";
import { programsBelow } from "../src/input/programs.js";
import { command } from "./inputs.js";
import { isThere } from "./turns.js";

/** checksec takes so long for a file that it gets so many only, spread over all. */
const FILES_FOR_CHECKSEC = 40;

/** Rows of name, files, seconds, files a second, and peak memory in MB where GNU time is there to tell. */
export function benchFolder(path = "/usr"): (string | number)[][] {
  const files = programsBelow(path)?.programs ?? [];
  const hasTime = isThere("/usr/bin/time", "--version");
  const timed = (name: string, count: number, args: readonly string[], input = "") => {
    const [program, ...rest] = hasTime ? ["/usr/bin/time", "-f", "%M", ...args] : args;
    const start = performance.now();
    const { stderr } = spawnSync(program!, rest, { input, stdio: ["pipe", "ignore", "pipe"], maxBuffer: 2 ** 28 });
    const seconds = (performance.now() - start) / 1000;
    const peak = hasTime ? `${(Number(stderr.toString().trim().split("\n").at(-1)) / 1024).toFixed(0)} MB` : "unknown";
    return [name, count, seconds.toFixed(2), (count / seconds).toFixed(0), peak];
  };
  const check = [process.execPath, command, "check", path];
  const rows = [
    timed("sandfit check, all cores", files.length, check),
    timed("sandfit check, one core", files.length, ["taskset", "-c", "0", ...check]),
  ];
  if (isThere("file", "--version")) rows.push(timed("file", files.length, ["file", "-f", "-"], files.join("\n")));
  else console.log("left out: file");
  if (isThere("checksec", "--version")) {
    const step = Math.max(1, Math.floor(files.length / FILES_FOR_CHECKSEC));
    const some = files.filter((_, index) => index % step === 0);
    const line = 'for name; do checksec --file="$name"; done';
    rows.push(timed("checksec", some.length, ["bash", "-c", line, "bash", ...some]));
  } else console.log("left out: checksec");
  return rows;
}
