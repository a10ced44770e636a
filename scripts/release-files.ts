/**
 * Reads and writes src/gvisor/releases/<id>.json and the list of them, src/gvisor/releases.ts. Always the same text for the same data:
 * keys in order, no times, what fits in a line on one line. Nothing of src is loaded here, since the list may be out of date.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ProgramRun, ReleaseFile } from "../src/gvisor/release-file.js";

const folder = new URL("../src/gvisor/releases/", import.meta.url);
const WIDTH = 120;

/** The ids of the releases that have a file, oldest first. */
export function idsOfFiles(): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.map((name) => name.replace(/\.json$/, "")).sort();
}

/** What a release's file says now; undefined where there is none. */
export function readRelease(id: string): ReleaseFile | undefined {
  return idsOfFiles().includes(id) ? JSON.parse(readFileSync(new URL(`${id}.json`, folder), "utf8")) : undefined;
}

export function writeRelease(release: ReleaseFile): void {
  writeFileSync(new URL(`${release.id}.json`, folder), releaseText(release));
}

/** The text of a release's file. */
export function releaseText(release: ReleaseFile): string {
  const { id, date, commit, description, version, from, uname, platforms, systemCalls, refusals, probes, evidence } = release;
  const { systrap, ptrace, kvm } = platforms;
  const inOrder = {
    $schema: "../release.schema.json",
    ...{ id, date, commit, description, version, from, uname, platforms: { systrap, ptrace, kvm } },
    systemCalls: sorted(systemCalls, (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    refusals: sorted(refusals),
    probes: mapped(probes, sorted),
    evidence: mapped(evidence, (programs) => mapped(programs, runInOrder)),
  };
  return `${text(JSON.parse(JSON.stringify(inOrder)), "")}\n`;
}

function runInOrder({ rules, original, fixed }: ProgramRun): ProgramRun {
  return { rules: [...rules].sort(), original: sorted(original), ...(fixed && { fixed: sorted(fixed) }) };
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

function sorted<T extends object>(map: T, compare: (a: string, b: string) => number = byText): T {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => compare(a, b))) as T;
}

function mapped<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(sorted(map)).map(([key, value]) => [key, change(value)]));
}

/** JSON; an object is on one line where it fits and none of its members has members of its own that would not. */
function text(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return short(value);
  const entries = Object.entries(value);
  const isFlat = indent !== "" && entries.every(([, member]) => typeof member !== "object" || isLeaf(member));
  if (isFlat && indent.length + short(value).length <= WIDTH) return short(value);
  const inner = `${indent}  `;
  const lines = entries.map(([key, member]) => `${inner}${JSON.stringify(key)}: ${text(member, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

const isLeaf = (value: object | null): boolean => Object.values(value ?? {}).every((member) => typeof member !== "object");

function short(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(short).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${short(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** The text of src/gvisor/releases.ts for the files that there are. */
export function listText(): string {
  const files = idsOfFiles().map((id) => readRelease(id)!);
  const name = (id: string): string => `of${id.replace("-", "_")}`;
  const quoted = (ids: readonly string[]): string => `[${ids.map((id) => JSON.stringify(id)).join(", ")}]`;
  const ran = files.filter(({ platforms }) => Object.values(platforms).includes("run"));
  return [
    "/** The list of releases, written by `npm run learn`: what their files say, oldest first. */",
    "",
    'import type { ReleaseFile } from "./release-file.js";',
    ...files.map(({ id }) => `import ${name(id)} from "./releases/${id}.json" with { type: "json" };`),
    "",
    "/** The releases that Sandfit knows: year and month. */",
    `export const releaseIds = ${quoted(files.map(({ id }) => id))} as const;`,
    "/** One of them. */",
    "export type ReleaseId = (typeof releaseIds)[number];",
    "",
    "/** Releases that were run; of the others only the source was read. */",
    `export const ranReleaseIds = ${quoted(ran.map(({ id }) => id))} as const;`,
    "/** One of them. */",
    "export type RanReleaseId = (typeof ranReleaseIds)[number];",
    "",
    "/** Their files. A test holds each against release.schema.json, since the compiler takes any text of theirs for a string. */",
    "export const releaseFiles = {",
    ...files.map(({ id }) => `  ${JSON.stringify(id)}: ${name(id)},`),
    "} as unknown as Readonly<Record<ReleaseId, ReleaseFile>>;",
    "",
  ].join("\n");
}

export function writeList(): void {
  writeFileSync(new URL("../src/gvisor/releases.ts", import.meta.url), listText());
}
