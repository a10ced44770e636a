/** Healthy programs of other toolchains than C's: no rule may speak against one, and all run on the host and in gVisor. */

import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { alarmsOn, failures } from "../support/healthy.js";
import { testNeeding, works } from "../support/requirements.js";

const folder = temporaryFolder();

interface Toolchain {
  readonly program: string;
  readonly file: string;
  readonly source: string;
  /** Command lines that write `out`. */
  readonly builds: readonly (readonly string[])[];
}

const GO = ["go", "build", "-o", "out"];
const RUST = ["rustc", "-O", "-o", "out"];
const ZIG = ["zig", "build-exe", "-femit-bin=out", "-OReleaseSmall"];
const TOOLCHAINS: readonly Toolchain[] = [
  {
    program: "go",
    file: "main.go",
    source:
      'package main\nimport "fmt"\nfunc main() { c := make(chan int); go func() { c <- 7 }(); fmt.Println("layout", <-c) }\n',
    builds: [
      [...GO, "main.go"],
      [...GO, "-buildmode=pie", "main.go"],
      [...GO, "-ldflags=-s -w", "main.go"],
    ],
  },
  {
    program: "rustc",
    file: "main.rs",
    source: 'fn main() { let t = std::thread::spawn(|| 7); println!("layout {}", t.join().unwrap()); }\n',
    builds: [
      [...RUST, "main.rs"],
      [...RUST, "-Crelocation-model=static", "main.rs"],
      [...RUST, "-Ctarget-feature=+crt-static", "main.rs"],
      [...RUST, "-Cstrip=symbols", "-Copt-level=z", "main.rs"],
    ],
  },
  {
    program: "zig",
    file: "main.zig",
    source: 'pub fn main() void { _ = @import("std").os.linux.write(1, "layout 7\\n", 9); }\n',
    builds: [
      [...ZIG, "main.zig"],
      [...ZIG, "-fstrip", "main.zig"],
      [...ZIG, "-fPIE", "main.zig"],
    ],
  },
];

describe.each(TOOLCHAINS.map((one) => [one.program, one] as const))("%s", (program, { file, source, builds }) => {
  testNeeding(works(program, program === "rustc" ? "--version" : "version"), program)(
    `${builds.length} layouts run everywhere, and nothing speaks against them`,
    async () => {
      const work = join(folder, program);
      mkdirSync(work);
      writeFileSync(join(work, file), source);
      const env = {
        ...process.env,
        CGO_ENABLED: "0",
        GOCACHE: join(work, "cache"),
        GOFLAGS: "",
        ZIG_GLOBAL_CACHE_DIR: join(work, "z"),
      };
      const names: string[] = [];
      for (const [i, [builder, ...args]] of builds.entries()) {
        execFileSync(builder, args, { cwd: work, env, stdio: "pipe" });
        renameSync(join(work, "out"), join(work, `out-${i}`));
        names.push(`out-${i}`);
      }
      expect(await alarmsOn(work, names)).toEqual([]);
      expect(await failures(work, names)).toEqual([]);
    },
  );
});
