/** What an archive or a folder holds, entry by entry, in one form for all formats. */

export interface ArchiveEntry {
  /** Parts joined by `/`; never absolute, never with `.` or `..` (input/archive/names.ts). */
  readonly path: string;
  readonly kind: "file" | "folder" | "symlink" | "hardlink";
  /** Permission bits as stored, set-user-id and its like included; undefined where the archive has none. */
  readonly mode: number | undefined;
  /** Of a symbolic link: as stored. Of a hard link: the path of the other name, in the same form as `path`. */
  readonly target: string | undefined;
  /** The bytes of a file. To be read, as far as is wanted, before the next entry is asked for. */
  content(): AsyncIterable<Uint8Array>;
}

/** An entry without content. */
export const noContent = (): AsyncIterable<Uint8Array> => (async function* () {})();

const S_IFMT = 0o170000;
const kinds = new Map([
  [0o010000, "a fifo"],
  [0o020000, "a device"],
  [0o060000, "a device"],
  [0o120000, "a symbolic link"],
  [0o140000, "a socket"],
]);

/** What the type bits of a mode say that is neither a file nor a folder (inode(7)); undefined for those two. */
export function specialKind(mode: number): string | undefined {
  return kinds.get(mode & S_IFMT);
}
