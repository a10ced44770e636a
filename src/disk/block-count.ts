/**
 * Which part of a sparse file can still hold data, told by how many blocks the file has. Once as many are found as the file system
 * says that there are, all the rest is hole, and need not be read.
 *
 * A block is found where there is data in it, or where it is seen to be stored though it holds zeros. What is counted and not found,
 * such as the file system's own notes on where a file's blocks are, or space that was only reserved, means that all is read.
 */

import { fdatasyncSync, fstatSync, readSync, statfsSync } from "node:fs";
import { isZero } from "./zeros.js";

/** stat(2) counts a file's blocks in this many bytes, whatever size they have. */
export const STORED_UNIT = 512;

/**
 * f_type (statfs(2)) of file systems that compress nothing, keep contents in blocks alone, and count those that they have yet to
 * place: ext2 to ext4 (ext4_file_getattr, fs/ext4/inode.c), XFS (xfs_vn_getattr, fs/xfs/xfs_iops.c). Btrfs and ZFS compress,
 * overlays and networks answer for others.
 */
const exact: readonly number[] = [0xef53, 0x5846_5342];

/** What a part of a file is that is no hole. */
const STORED = -1;

/** The blocks of one file that were found so far. */
export class BlockCount {
  private readonly descriptor: number;
  private readonly direct: number;
  private readonly memory: Buffer;
  private readonly blockSize: number;
  private found = 0;
  private canSeeHoles = false;

  private constructor(descriptor: number, direct: number, memory: Buffer, blockSize: number) {
    this.descriptor = descriptor;
    this.direct = direct;
    this.memory = memory;
    this.blockSize = blockSize;
  }

  /**
   * For a file that is open as usual and with O_DIRECT; undefined where its file system is not known to count exactly. `memory` holds
   * what is read at once and begins at an odd address. What was written and not stored yet is stored first, since the count may be
   * too small for a moment while the file system places it.
   */
  static of(descriptor: number, direct: number, memory: Buffer): BlockCount | undefined {
    try {
      const { type, bsize } = statfsSync(`/proc/self/fd/${descriptor}`);
      if (!exact.includes(type) || memory.length % bsize !== 0) return undefined;
      fdatasyncSync(descriptor);
      return new BlockCount(descriptor, direct, memory, bsize);
    } catch {
      // No /proc, or the disk fails: then everything is read.
      return undefined;
    }
  }

  /** Takes note of at most 256 KiB of the file, from a block's start on. No block is to be given twice. */
  add(bytes: Buffer, at: number): void {
    if (isZero(bytes) && this.zerosAt(at, bytes.length) >= bytes.length) {
      this.canSeeHoles ||= this.zerosAt(at, this.blockSize) > 0;
      return;
    }
    for (let i = 0; i < bytes.length; i += this.blockSize) {
      const hasData = !isZero(bytes.subarray(i, i + this.blockSize));
      if (hasData || this.zerosAt(at + i, this.blockSize) === STORED) this.found++;
    }
  }

  /** Whether nothing but holes can be left. */
  isComplete(): boolean {
    return this.canSeeHoles && this.found * this.blockSize >= fstatSync(this.descriptor).blocks * STORED_UNIT;
  }

  /**
   * How many bytes from there on are hole, or STORED. A disk cannot write to an odd address, so reading directly to one fails with
   * EINVAL where there is something to be read from the disk, and gives zeros where there is not (iomap_dio_iter,
   * fs/iomap/direct-io.c, since Linux 5.5). Kernels that look at the address first fail in holes too: then `canSeeHoles` stays false.
   */
  private zerosAt(at: number, length: number): number {
    try {
      return readSync(this.direct, this.memory, 0, length, at);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EINVAL" ? STORED : 0;
    }
  }
}
