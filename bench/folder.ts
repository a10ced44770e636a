/** Every program below a folder: check on one core and on all, `file`, and `checksec`. */

import { spawnSync } from "node:child_process";
import { programsBelow } from "../src/disk/programs.js";
import { command } from "./inputs.js";
import { isThere } from "./turns.js";

/** checksec takes a second a file, so it only gets so many. */
const FILES_FOR_CHECKSEC = 20;

export function benchFolder(path = "/usr/bin"): (string | number)[][] {
  const files = programsBelow(path) ?? [];
  const timed = (name: string, count: number, program: string, args: readonly string[]) => {
    const start = performance.now();
    spawnSync(program, args, { stdio: "ignore" });
    const seconds = (performance.now() - start) / 1000;
    return [`${name} ${path}`, count, seconds.toFixed(2), (count / seconds).toFixed(0)];
  };
  const rows = [
    timed("sandfit check, all cores,", files.length, process.execPath, [command, "check", path]),
    timed("sandfit check, one core,", files.length, "taskset", ["-c", "0", process.execPath, command, "check", path]),
  ];
  if (isThere("file", "--version")) rows.push(timed("file", files.length, "file", files));
  else console.log("left out: file");
  if (isThere("checksec", "--version")) {
    const some = files.slice(0, FILES_FOR_CHECKSEC);
    const line = 'for name; do checksec --file="$name"; done';
    rows.push(timed("checksec", some.length, "bash", ["-c", line, "bash", ...some]));
  } else console.log("left out: checksec");
  return rows;
}
