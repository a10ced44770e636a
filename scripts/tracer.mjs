/** Builds the tracer (tracer/) with the pinned Zig, and puts it as text into src/environments/trace/tracer-binary.ts. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "tracer");
const output = join(root, "src", "environments", "trace", "tracer-binary.ts");

/** From PyPI: `pip install ziglang==0.17.1`. Another version gives other bytes. */
export const ZIG = "0.17.1";

const meanings = {
  "-": "NOTHING",
  num: "NOTHING",
  fd: "DESCRIPTOR",
  path: "PATH",
  text: "TEXT",
  buf: "BUFFER",
  out: "STRUCT",
  in: "FIXED",
  changed: "CHANGED",
  data: "DATA",
  address: "ADDRESS",
  "msg-in": "MESSAGE_IN",
  "msg-out": "MESSAGE_OUT",
  "vec-in": "VECTOR_IN",
  "vec-out": "VECTOR_OUT",
  polled: "POLLED",
  fds: "PAIR",
  argv: "ARGUMENTS",
};

/** Words that start the pinned Zig, or undefined. */
export function findZig() {
  for (const words of [["zig"], ["python3", "-m", "ziglang"]]) {
    const { stdout } = spawnSync(words[0], [...words.slice(1), "version"], { encoding: "utf8" });
    if (stdout?.trim() === ZIG) return words;
  }
  return undefined;
}

/** The table in C: calls.json by number. */
function tableInC() {
  const calls = JSON.parse(readFileSync(join(folder, "calls.json"), "utf8"));
  const lines = Object.values(calls).map(([number, , words]) => {
    const [args, result] = words.split(/ ?> ?/);
    const list = args
      .split(" ")
      .filter(Boolean)
      .map((word) => {
        const [kind, size = "0"] = word.split(":");
        if (meanings[kind] === undefined || Number(size) % 2) throw new Error(`calls.json: what is ${word}?`);
        return `{${meanings[kind]}, ${Number(size) / 2}}`;
      });
    return `  [${number}] = {${result === "fd" ? 1 : 0}, {${list.join(", ") || "{0, 0}"}}},`;
  });
  return `#include "tracer.h"\nconst struct call calls[CALLS] = {\n${lines.join("\n")}\n};\n`;
}

/** The program's bytes. Bit for bit the same on every machine: no paths, no dates, no debugging information in it. */
export function compileTracer([zig, ...words]) {
  const scratch = mkdtempSync(join(tmpdir(), "sandfit-tracer-"));
  try {
    writeFileSync(join(scratch, "calls.c"), tableInC());
    const sources = readdirSync(folder)
      .filter((name) => name.endsWith(".c"))
      .sort();
    const flags = [
      ...[
        "-target",
        "x86_64-linux-none",
        "-mcpu=x86_64",
        "-std=c11",
        "-Os",
        "-g0",
        "-nostdlib",
        "-static",
        "-fno-pie",
        "-ffreestanding",
      ],
      ...[
        "-fno-builtin",
        "-fno-stack-protector",
        "-fno-asynchronous-unwind-tables",
        "-fno-sanitize=undefined",
        "-fomit-frame-pointer",
      ],
      ...["-Wall", "-Wextra", "-Werror", "-I", ".", "-Wl,--build-id=none", "-Wl,--gc-sections", "-ffunction-sections", "-s"],
    ];
    const files = [...sources.map((name) => `./${name}`), join(scratch, "calls.c")];
    execFileSync(zig, [...words, "cc", ...flags, "-o", join(scratch, "tracer"), ...files], { cwd: folder, stdio: "pipe" });
    return readFileSync(join(scratch, "tracer"));
  } catch (error) {
    throw new Error(`tracer/ does not compile:\n${error.stderr ?? error}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const zig = findZig();
  if (zig === undefined) throw new Error(`Zig ${ZIG} is needed: python3 -m pip install ziglang==${ZIG}`);
  const text = deflateRawSync(compileTracer(zig), { level: 9 }).toString("base64");
  writeFileSync(
    output,
    `/** Made from tracer/ by scripts/tracer.mjs with Zig ${ZIG}: deflated, in base64. test/proof/trace/build.test.ts wants the same bytes. */\n\nexport const tracerBinary =\n  "${text}";\n`,
  );
}
