/**
 * Files with holes are copied byte for byte wherever their data lies, and what can only be hole is not read: on the test's own file
 * systems, and on others in a file, with blocks of other sizes, compression, and contents outside of blocks.
 */

import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { copyFile } from "../../src/disk/copy.js";
import { openFile } from "../../src/disk/file-source.js";
import { likelyFirst } from "../../src/disk/reading-order.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { shell, temporaryFolder } from "../support/cli.js";
import { writeLargeApe } from "../support/large.js";
import { canMount, hasProgram, testNeeding } from "../support/requirements.js";

const MIB = 1024 ** 2;
const folder = temporaryFolder();

/** Something written at an offset, in bytes. "reserved" is room that nothing was written to. */
interface Stretch {
  readonly at: number;
  readonly size: number;
  readonly kind: "data" | "zeros" | "reserved";
}

interface Layout {
  readonly size: number;
  readonly stretches: readonly Stretch[];
}

/** Mostly hole, with a hole that is large enough for the blocks to be counted. */
const layouts: fc.Arbitrary<Layout> = fc.integer({ min: 100 * MIB, max: 130 * MIB }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    stretches: fc.array(
      fc.record({
        at: fc.oneof(fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 0, max: 9 * MIB }), fc.constant(size - 5000)),
        size: fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: MIB })),
        kind: fc.constantFrom("data", "data", "zeros", "reserved"),
      }),
      { maxLength: 7 },
    ),
  }),
);

function write(path: string, { size, stretches }: Layout): void {
  const descriptor = openSync(path, "w", 0o755);
  ftruncateSync(descriptor, size);
  for (const stretch of stretches) {
    const length = Math.min(stretch.size, size - stretch.at);
    if (stretch.kind === "reserved") spawnSync("fallocate", ["-n", "-o", `${stretch.at}`, "-l", `${length}`, path]);
    else writeSync(descriptor, Buffer.alloc(length, stretch.kind === "data" ? 0xda : 0), 0, length, stretch.at);
  }
  closeSync(descriptor);
}

function isSame(one: string, other: string): boolean {
  return statSync(one).size === statSync(other).size && spawnSync("cmp", ["-s", one, other]).status === 0;
}

/** Bytes that this process has read so far by system calls. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

async function copied(from: string): Promise<{ read: number }> {
  rmSync(`${from}.copy`, { force: true });
  const source = openFile(from);
  const before = bytesRead();
  await copyFile(source, `${from}.copy`);
  const read = bytesRead() - before;
  source.close();
  return { read };
}

test("every part is read once, whatever is where", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.uniqueArray(fc.nat(5000)), (count, data) => {
      const order = likelyFirst(count);
      const seen: number[] = [];
      for (let next = order.next(); !next.done; next = order.next(data.includes(next.value))) seen.push(next.value);
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    }),
  );
});

test.each([folder, "/dev/shm"])(
  "random layouts in %s",
  async (place) => {
    const path = join(place, `layout-${process.pid}`);
    await fc.assert(
      fc.asyncProperty(layouts, async (layout) => {
        write(path, layout);
        await copied(path);
        expect(isSame(path, `${path}.copy`)).toBe(true);
        expect(statSync(`${path}.copy`).blocks).toBeLessThanOrEqual(
          statSync(path).blocks + (layout.stretches.length * 2 * MIB) / 512,
        );
      }),
      { numRuns: 25, endOnFailure: true },
    );
    for (const name of [path, `${path}.copy`]) rmSync(name, { force: true });
  },
  120_000,
);

const countsExactly = spawnSync("stat", ["-f", "-c", "%t", folder], { encoding: "utf8" }).stdout.trim() === "ef53";
testNeeding(countsExactly, "ext4 below the temporary folder")("little more than the data is read", async () => {
  const path = join(folder, "large");
  writeLargeApe(path, 512 * MIB);
  expect((await copied(path)).read).toBeLessThan(8 * MIB);
  expect(isSame(path, `${path}.copy`)).toBe(true);
  for (const name of [path, `${path}.copy`]) rmSync(name);
});

/** File systems in a file: how each is made. The last three share blocks or compress, and count otherwise. */
const fileSystems: Readonly<Record<string, readonly string[]>> = {
  "ext4, blocks of 4096 bytes": ["mkfs.ext4", "-b", "4096"],
  "ext4, blocks of 1024 bytes": ["mkfs.ext4", "-b", "1024"],
  "ext4, clusters": ["mkfs.ext4", "-b", "4096", "-O", "bigalloc", "-C", "65536"],
  "ext4, contents in inodes": ["mkfs.ext4", "-b", "4096", "-O", "inline_data"],
  ext3: ["mkfs.ext3"],
  ext2: ["mkfs.ext2"],
  "XFS without shared blocks": ["mkfs.xfs", "-m", "reflink=0"],
  XFS: ["mkfs.xfs", "-m", "reflink=1"],
  Btrfs: ["mkfs.btrfs"],
  "Btrfs, compressed": ["mkfs.btrfs"],
};
/** The least that mkfs.xfs takes. */
const DISK = 320 * MIB;

/** Whether one can be mounted here: that takes root, a loop device and the kernel's part. */
function makeDisk(path: string, [program = "", ...options]: readonly string[]): boolean {
  if (!canMount() || !hasProgram(program)) return false;
  closeSync(openSync(path, "w"));
  spawnSync("truncate", ["-s", `${DISK}`, path]);
  if (spawnSync(program, ["-q", ...options, path]).status !== 0) return false;
  return spawnSync("unshare", ["--mount", "mount", "-o", "loop", path, "/mnt"]).status === 0;
}

describe("fix -o and undo -o give every byte", () => {
  const program = sampleProgram("ape-gs").bytes;
  writeFileSync(join(folder, "program"), program);
  for (const [index, [name, maker]] of Object.entries(fileSystems).entries()) {
    const disk = join(folder, `disk-${index}`);
    testNeeding(makeDisk(disk, maker), `root, ${maker[0]} and a loop device`)(
      name,
      async () => {
        const mountOptions = name.includes("compressed") ? "loop,compress-force=zstd" : "loop";
        const steps = [`mount -o ${mountOptions} ${disk} /mnt`];
        for (const { size, stretches } of fc.sample(layouts, { numRuns: 4, seed: index })) {
          steps.push(`cp program /mnt/in; cd /mnt; chmod 755 in; truncate -s ${size} in`);
          for (const { at, size: length, kind } of stretches.filter((stretch) => stretch.at > program.length)) {
            if (kind === "reserved") steps.push(`fallocate -n -o ${at} -l ${length} in 2> /dev/null`);
            else {
              const bytes = kind === "data" ? "yes" : "cat /dev/zero";
              steps.push(
                `${bytes} | head -c ${Math.min(length, size - at)} | dd of=in bs=1M seek=${at} oflag=seek_bytes conv=notrunc status=none iflag=fullblock`,
              );
            }
          }
          steps.push(
            `"$@" fix in -o out > log && "$@" undo out -o back >> log && cmp in back && cmp -i ${program.length} in out && echo same`,
          );
          steps.push("rm -f in out back *.json; cd ..");
          steps.push(`cd ${folder}`);
        }
        writeFileSync(join(folder, "steps"), `${steps.join("\n")}\n`);
        const { stdout, stderr } = await shell(`unshare --mount /bin/bash steps "$@"`, folder);
        expect({ stdout, stderr }).toEqual({ stdout: "same\n".repeat(4), stderr: "" });
        rmSync(disk);
      },
      120_000,
    );
  }
});
