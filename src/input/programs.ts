/** The programs below a folder. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isGarbled, reasonOf } from "../files/file-source.js";
import { isFolder } from "../files/place.js";
import { readStart } from "../files/read-fully.js";
import { apeMagic } from "../image/ape.js";
import { ARCHIVE_START_LENGTH, isReadable, recognise, unreadKind } from "./archive/recognise.js";

/** An archive that was not looked into, and why. */
export interface NotLookedInto {
  readonly name: string;
  readonly reason: string;
}

export interface Below {
  /** Sorted. What may be executed and cannot be opened is among them: that is for whoever opens it to say. */
  readonly programs: string[];
  /** Sorted: archives that can be looked into. */
  readonly archives: string[];
  /** Sorted: other archives, and why they cannot. */
  readonly notLookedInto: NotLookedInto[];
  /** Folders that could not be looked into, and why: one sentence each. */
  readonly unread: { readonly name: string; readonly error: string }[];
}

/**
 * The regular files below a folder that begin as ELF or APE, and executable scripts; and archives. Links are not followed. Undefined where
 * `path` is no folder. What cannot be looked at is none: opening it as a file tells the reason.
 */
export function programsBelow(path: string): Below | undefined {
  if (!isFolder(path)) return undefined;
  const programs: string[] = [];
  const unread: Below["unread"] = [];
  const archives: string[] = [];
  const notLookedInto: NotLookedInto[] = [];
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const child = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(child);
        if (!entry.isFile()) continue;
        const kind = kindOfFile(child);
        if (kind === "program") programs.push(child);
        else if (kind === "archive") archives.push(child);
        else if (kind !== undefined) notLookedInto.push({ name: child, reason: kind.reason });
      }
    } catch (error) {
      unread.push({ name: folder, error: `${folder} cannot be read: ${reasonOf(error)}` });
    }
  }
  notLookedInto.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { programs: programs.sort(), archives: archives.sort(), notLookedInto, unread };
}

const ET_EXEC = 2;
const ET_DYN = 3;

/** As many bytes of a file's start as `isProgramStart` needs. */
export const START_LENGTH = 18;

/** What a file is by its start. A script counts where it may be executed; what cannot be read, where it may be a program. */
function kindOfFile(path: string): "program" | "archive" | { readonly reason: string } | undefined {
  try {
    const start = readStart(path, ARCHIVE_START_LENGTH);
    if (isScriptStart(start)) return (statSync(path).mode & 0o111) !== 0 ? "program" : undefined;
    if (isProgramStart(start)) return "program";
    if (isReadable(recognise(start))) return "archive";
    const reason = unreadKind(start);
    return reason === undefined ? undefined : { reason };
  } catch {
    const isExecutable = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0;
    return isGarbled(path) || isExecutable ? "program" : undefined;
  }
}

/** Whether the first bytes of a file are `#!` and something behind. */
export function isScriptStart(bytes: Uint8Array): boolean {
  return bytes.length > 2 && bytes[0] === 0x23 && bytes[1] === 0x21;
}

/** Whether the first bytes of a file are those of an ELF program or library, or of an APE. */
export function isProgramStart(bytes: Uint8Array): boolean {
  if (bytes.length < START_LENGTH) return false;
  if (apeMagic(bytes) !== undefined) return true;
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, START_LENGTH);
  if (start.toString("latin1", 0, 4) !== "\x7fELF") return false;
  // Linux does not look at the byte order that a header claims, so either will do.
  const types = start[5] === 2 ? [start.readUInt16BE(16), start.readUInt16LE(16)] : [start.readUInt16LE(16)];
  return types.some((type) => type === ET_EXEC || type === ET_DYN);
}
