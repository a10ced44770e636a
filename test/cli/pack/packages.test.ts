/** Packages: the same bytes every time, from every format; for one machine or both; what cannot be fixed; what is kept. */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { RefusedError } from "../../../src/errors.js";
import { programsIn } from "../../../src/input/archive/programs.js";
import type { Packed } from "../../../src/pack/pack.js";
import type { Manifest } from "../../../src/report/pack-model.js";
import { type TarEntry, tar, tarGz, zip } from "../../fixtures/archives.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { toolset } from "../../fixtures/toolset.js";
import { sandfit, temporaryFolder } from "../../support/cli.js";
import { type Case, caseOf, namesIn, packed, packedTo } from "../../support/packing.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
const tool = (name: string, sample: string): TarEntry => ({ name, mode: 0o755, data: sampleProgram(sample).bytes });
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** An input that is a folder, filled by unpacking a tar. */
function folderCase(entries: readonly TarEntry[]): Case {
  const one = caseOf(top, tar(entries));
  execFileSync("/bin/sh", ["-c", "mv input input.tar; mkdir input; tar -xf input.tar -C input; rm input.tar"], {
    cwd: one.folder,
  });
  return one;
}

describe("the same bytes", () => {
  test("from the same input, whenever and wherever", async () => {
    const input = tarGz(toolset());
    const one = caseOf(top, input);
    await packedTo(one, "a.tar.gz");
    const two = caseOf(top, input);
    const env = { TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8", TMPDIR: two.folder };
    const line = 'umask 077; exec "$@" pack input -o b.tar.gz';
    const { stderr, exitCode } = await shellWith(line, two.folder, env);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(sha256(join(two.folder, "b.tar.gz"))).toBe(sha256(join(one.folder, "a.tar.gz")));
  });

  test("of every file, from every format and in every order", async () => {
    const entries = toolset();
    const files = (items: readonly TarEntry[]) => items.filter(({ name }) => !String(name).endsWith("/"));
    const asZip = files(entries).map(({ name, mode = 0o644, data, type, target }) => ({
      name,
      mode: (type === "2" ? 0o120000 : 0o100000) | mode,
      data: type === "2" ? target! : (data ?? ""),
    }));
    const inputs = [
      caseOf(top, tar(entries)),
      caseOf(top, tarGz([...files(entries)].reverse())),
      caseOf(top, zip(asZip)),
      folderCase(entries),
    ];
    const all = await Promise.all(inputs.map((one) => packedTo(one, "out")));
    const described = all.map(({ manifest }) => ({ ...manifest, input: undefined }));
    for (const other of described) expect(other).toEqual(described[0]);
    expect(all.map(({ manifest }) => manifest.input.format)).toEqual(["tar", "tar.gz", "zip", "folder"]);
  });

  test("of a folder, whatever its times", async () => {
    const one = folderCase(toolset());
    await packedTo(one, "a.tar.gz");
    utimesSync(join(one.input, "gvisor/bin/lua"), 1, 1);
    await packedTo(one, "b.tar.gz");
    expect(sha256(join(one.folder, "a.tar.gz"))).toBe(sha256(join(one.folder, "b.tar.gz")));
  });

  test("without a name, a time or a system in the gzip header, and without owners", async () => {
    const one = caseOf(top, tar([tool("bin/x", "gs-call")]));
    await packedTo(one, "out.tar.gz");
    const out = readFileSync(join(one.folder, "out.tar.gz"));
    expect(out.subarray(0, 10).toString("hex")).toBe("1f8b0800000000000003");
    const listed = execFileSync("tar", ["-tvzf", join(one.folder, "out.tar.gz")], {
      env: { ...process.env, TZ: "UTC" },
      encoding: "utf8",
    });
    for (const line of listed.trimEnd().split("\n")) expect(line).toMatch(/ 0\/0 .* 1980-01-01 00:00 /);
    expect(gunzipSync(out).length % 512).toBe(0);
  });
});

/** Runs a line of shell in which "$@" is sandfit, with an environment of its own. */
async function shellWith(line: string, cwd: string, env: Record<string, string>) {
  const through = ["/bin/sh", "-c", line, "sh"];
  return sandfit([], { cwd, env, through });
}

describe("what is in it", () => {
  test("SHA256SUMS is what sha256sum -c reads, with names of every kind", async () => {
    const names = ["a b", "ä", "line\nfeed", "back\\slash", "-dash"];
    const one = caseOf(top, tar([tool("t/bin/x", "gs-call"), ...names.map((name) => ({ name: `t/${name}`, data: name }))]));
    await packedTo(one, "out");
    const { stdout, status } = spawnSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: join(one.folder, "out/t"), encoding: "utf8" });
    expect([stdout.match(/OK$/gm)?.length, status]).toEqual([names.length + 3, 0]);
  });

  test("edits in the manifest bring the original back", async () => {
    const one = caseOf(top, tar([tool("bin/x", "ape-gs")]));
    const { manifest } = await packedTo(one, "out");
    const file = manifest.files.find(({ path }) => path === "bin/x")!;
    const bytes = readFileSync(join(one.folder, "out/bin/x"));
    for (const { fileOffset, before } of file.program!.edits) bytes.write(before, fileOffset, "hex");
    expect(Buffer.compare(bytes, Buffer.from(sampleProgram("ape-gs").bytes))).toBe(0);
  });

  test("hard links stay hard links, in a tar.gz and in a folder, and a program with two names is fixed once", async () => {
    const entries = [tool("bin/z", "gs-call"), { name: "bin/a", type: "1", target: "bin/z" }];
    const one = caseOf(top, tar(entries));
    await packedTo(one, "out");
    await packedTo(one, "out.tar.gz");
    const [a, z] = ["a", "z"].map((name) => statSync(join(one.folder, "out/bin", name)));
    expect([a!.ino, a!.nlink]).toEqual([z!.ino, 2]);
    expect(execFileSync("tar", ["-tvzf", join(one.folder, "out.tar.gz")], { encoding: "utf8" })).toMatch(
      /^h.*bin\/z link to bin\/a$/m,
    );
    const again = await packedTo({ ...one, input: join(one.folder, "out") }, "again");
    expect(again.manifest.files.map(({ path }) => path)).toEqual(["bin/a", "bin/z", "env.sh"]);
  });

  test("a package that is packed again is the same but for what its manifest says of the input", async () => {
    const one = caseOf(top, tarGz(toolset()));
    await packedTo(one, "once");
    const { manifest } = await packedTo({ ...one, input: join(one.folder, "once") }, "twice");
    for (const { path, sha256, program } of manifest.files) {
      expect([path, sha256.after]).toEqual([path, sha256.before]);
      if (program !== null) expect(program.edits).toEqual([]);
    }
    expect(manifest.env).toEqual([{ path: "gvisor/env.sh", state: "kept", problems: [] }]);
    expect(namesIn(join(one.folder, "twice/gvisor"))).toEqual(namesIn(join(one.folder, "once/gvisor")));
  });

  test("an env.sh that is right is kept, a wrong one and foreign sums are kept under another name", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: shell's, not JavaScript's
    const good = 'here=${BASH_SOURCE:-${(%):-%x}}\nexport PATH="${here%/*}/bin:$PATH"\n';
    const kept = caseOf(top, tar([tool("bin/x", "gs-call"), { name: "env.sh", data: good }]));
    expect((await packedTo(kept, "out")).manifest.env[0]?.state).toBe("kept");
    expect(readFileSync(join(kept.folder, "out/env.sh"), "utf8")).toBe(good);
    const wrong = [tool("bin/x", "gs-call"), { name: "env.sh", data: "true\n" }, { name: "SHA256SUMS", data: "theirs\n" }];
    const replaced = caseOf(top, tar(wrong));
    const { manifest } = await packedTo(replaced, "out");
    expect(manifest.notes).toEqual([
      '"env.sh" was replaced: it does not set PATH',
      'the "env.sh" of the input is now "env.sh.original"',
      'the "SHA256SUMS" of the input is now "SHA256SUMS.original"',
    ]);
    expect(readFileSync(join(replaced.folder, "out/SHA256SUMS.original"), "utf8")).toBe("theirs\n");
  });

  test("without a bin folder there is no env.sh, and that is said", async () => {
    const { manifest } = await packedTo(caseOf(top, tar([tool("x", "gs-call")])), "out");
    expect([manifest.env, manifest.notes]).toEqual([[], ["there is no bin folder with programs in it, so no env.sh was made"]]);
  });
});

describe("programs that cannot be fixed", () => {
  const entries = [tool("bin/good", "gs-call"), tool("bin/dual", "dual-register"), tool("bin/old", "elf32-hello")];
  const broken = {
    name: "bin/broken",
    mode: 0o755,
    data: Buffer.concat([Buffer.from(sampleProgram("gs-call").bytes.subarray(0, 40)), Buffer.alloc(100, 0xff)]),
  };

  test("stop it, each with its reasons, and nothing is left", async () => {
    for (const out of ["out", "out.tar.gz"]) {
      const one = caseOf(top, tar([...entries, broken]));
      const error = await packedTo(one, out).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(RefusedError);
      for (const name of ["bin/dual", "bin/old", "bin/broken"]) expect(error.message).toContain(`${name}: `);
      expect(error.message).toMatch(/nothing was packed; --keep-going leaves such programs out$/);
      expect(namesIn(one.folder)).toEqual(["input"]);
    }
  });

  test("are left out and listed with --keep-going, exit code 1", async () => {
    const one = caseOf(top, tar([...entries, broken, { name: "bin/link", type: "2", target: "dual" }]));
    const run = await sandfit(["pack", "input", "-o", "out", "--keep-going"], { cwd: one.folder });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/^bin\/dual +left out: /m);
    expect(run.stdout).toMatch(/"bin\/link" is a link to "bin\/dual", which was left out$/m);
    expect(namesIn(join(one.folder, "out/bin"))).toEqual(["good", "link"]);
    const manifest = JSON.parse(readFileSync(join(one.folder, "out/sandfit-pack.json"), "utf8"));
    expect(manifest.leftOut.map(({ path }: { path: string }) => path)).toEqual(["bin/broken", "bin/dual", "bin/old"]);
  });

  test("cosmo-dlopen only where it is allowed by name", async () => {
    const one = caseOf(top, tar([tool("bin/x", "gs-dlopen")]));
    await expect(packedTo(one, "out")).rejects.toThrow(/bin\/x: cosmo-dlopen: /);
    const { manifest } = await packedTo(one, "out", { allow: ["cosmo-dlopen"] });
    expect(manifest.files.find(({ path }) => path === "bin/x")?.program?.warnings).toHaveLength(1);
  });
});

describe("--arch", () => {
  const fat = [tool("t/bin/fat", "ape-gs-fat"), { name: "t/readme", data: "x" }];

  test("both: a package for each machine, named by it", async () => {
    const one = caseOf(top, tarGz(fat));
    copyFileSync(one.input, join(one.folder, "tools.tar.gz"));
    const run = await sandfit(["pack", "tools.tar.gz", "--arch", "both", "--json"], { cwd: one.folder });
    expect([run.stderr, run.exitCode]).toEqual(["", 0]);
    expect(JSON.parse(run.stdout).map(({ output, manifest }: Packed) => [output, manifest.machine])).toEqual([
      ["tools-gvisor-linux-x86_64.tar.gz", "x86-64"],
      ["tools-gvisor-linux-aarch64.tar.gz", "aarch64"],
    ]);
    await sandfit(["pack", "tools.tar.gz", "--arch", "both", "-o", "folder/"], { cwd: one.folder });
    expect(namesIn(one.folder).filter((name) => /^folder/.test(name))).toEqual([
      "folder-gvisor-linux-aarch64",
      "folder-gvisor-linux-x86_64",
    ]);
    const machineOf = (name: string) => readFileSync(join(one.folder, name, "t/bin/fat")).readUInt16LE(18);
    expect([machineOf("folder-gvisor-linux-x86_64"), machineOf("folder-gvisor-linux-aarch64")]).toEqual([0x3e, 0xb7]);
  });

  test("one: the name that is given, or one made from the input's", async () => {
    const one = caseOf(top, tarGz(fat));
    await sandfit(["pack", "input", "--arch", "aarch64"], { cwd: one.folder });
    await sandfit(["pack", "input", "--arch", "x86_64", "-o", "mine.tgz"], { cwd: one.folder });
    expect(namesIn(one.folder)).toEqual(["input", "input-gvisor-linux-aarch64.tar.gz", "mine.tgz"]);
  });

  test("a program without that machine stops it, and leaves neither package", async () => {
    const one = caseOf(top, tar([...fat, tool("t/bin/thin", "gs-call")]));
    const { stderr, exitCode } = await sandfit(["pack", "input", "--arch", "both"], { cwd: one.folder });
    expect(stderr).toMatch(/t\/bin\/thin: there is no aarch64 program in t\/bin\/thin, only x86-64$/m);
    expect(exitCode).toBe(1);
    expect(namesIn(one.folder)).toEqual(["input"]);
  });

  testNeeding(hasProgram("qemu-aarch64-static"), "qemu-aarch64-static")(
    "the aarch64 program starts under qemu-user",
    async () => {
      const one = caseOf(top, tarGz(fat));
      await packed(one.input, [{ output: join(one.folder, "out"), machine: "aarch64" }]);
      const run = spawnSync("qemu-aarch64-static", [join(one.folder, "out/t/bin/fat")], { encoding: "utf8" });
      expect([run.stdout, run.status]).toEqual(["ape-gs-fat aarch64\n", 0]);
    },
  );
});

test("--as ape: an APE stays one and an ELF is fixed as ever", async () => {
  const one = caseOf(top, tar([tool("bin/ape", "ape-gs"), tool("bin/elf", "gs-call")]));
  const run = await sandfit(["pack", "input", "--as", "ape", "-o", "out"], { cwd: one.folder });
  expect([run.stderr, run.exitCode]).toEqual(["", 0]);
  expect(readFileSync(join(one.folder, "out/bin/ape"), "latin1").slice(0, 6)).toBe("MZqFpD");
  const { files } = JSON.parse(readFileSync(join(one.folder, "out/sandfit-pack.json"), "utf8")) as Manifest;
  const forms = files
    .filter(({ program }) => program !== null)
    .map(({ path, program }) => [path, program?.as, program?.verdict.after]);
  expect(forms).toEqual([
    ["bin/ape", "ape", "runs"],
    ["bin/elf", "elf", "runs"],
  ]);
});

describe("programsIn", () => {
  test("every program of an archive or folder, each readable by position", async () => {
    const script = "#!/bin/sh\n";
    // What is no program is passed over in the middle of its bytes.
    const large = { name: "gvisor/large", data: Buffer.alloc(3 << 20, "data") };
    const scripts = [{ name: "gvisor/a-script", data: script, mode: 0o755 }, large, { name: "gvisor/no-script", data: script }];
    const entries: TarEntry[] = [...scripts, ...toolset()];
    const asZip = zip(
      entries.flatMap(({ name, mode, data }) => (data === undefined ? [] : [{ name, data, mode: 0o100000 | (mode ?? 0o644) }])),
    );
    for (const one of [caseOf(top, tarGz(entries)), caseOf(top, asZip), folderCase(entries)]) {
      const found: string[] = [];
      for await (const { name, source, surroundings } of programsIn(one.input)) {
        const start = Buffer.from(await source.read(0, 4)).toString("latin1");
        expect([surroundings.mode, /^(\x7fELF|MZqF|#!)/.test(start)]).toEqual([0o755, true]);
        found.push(name);
      }
      const tools = ["curl", "lua", "make", "unzip", "zip"].map((name) => `gvisor/bin/${name}`);
      expect(found.sort()).toEqual(["gvisor/a-script", ...tools]);
    }
  });

  test("a reader that stops early leaves nothing behind", async () => {
    const one = caseOf(top, tarGz(toolset()));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = join(one.folder, "tmp");
    mkdirSync(process.env["TMPDIR"]);
    try {
      for await (const { name } of programsIn(one.input)) if (name !== "") break;
      expect(namesIn(process.env["TMPDIR"])).toEqual([]);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });
});

test("symbolic links are carried over as they are", async () => {
  const one = caseOf(top, tarGz(toolset()));
  await packedTo(one, "out");
  expect(lstatSync(join(one.folder, "out/gvisor/bin/gmake")).isSymbolicLink()).toBe(true);
  expect(existsSync(join(one.folder, "out/gvisor/bin/gmake"))).toBe(true);
});
