/** What fuzzing starts from: small programs and archives of every kind that the tests build, and the finds of earlier runs. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pax, tar, tarGz } from "../test/fixtures/archives.js";
import { buildApe } from "../test/fixtures/images/ape-builder.js";
import { buildElf } from "../test/fixtures/images/elf-builder.js";
import { buildZip, concat } from "../test/fixtures/images/zip-builder.js";
import { samplePrograms } from "../test/fixtures/programs/index.js";
import { loaderPrograms } from "../test/fixtures/programs/loader-programs.js";

const MOST_BYTES = 64 * 1024;
const member = [{ name: ".symtab.amd64", bytes: new Uint8Array(500), deflate: true }];

/** Seeds by name: one instruction each for the decoder, archives for their target, whole files for all others. */
export function seeds(target: string): Map<string, Uint8Array> {
  if (target === "decode") return instructions();
  return target === "archive" ? archives() : files();
}

const cases = fileURLToPath(new URL("../test/fixtures/x86-cases.txt", import.meta.url));

function instructions(): Map<string, Uint8Array> {
  const lines = readFileSync(cases, "utf8").split("\n");
  const hexadecimal = lines.map((line) => line.split(";")[0].replaceAll(" ", "")).filter((text) => /^([0-9a-f]{2})+$/.test(text));
  return new Map(hexadecimal.map((text) => [text, Buffer.from(text, "hex")]));
}

function files(): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>([
    ...archives(),
    ["ape", buildApe({ machines: [62, 183], pe: true, macho: true, zip: member })],
    ["elf", buildElf({ symbols: [{ name: "_start", address: 0x400000, size: 9 }] })],
    ["elf-32", buildElf({ class: 32, littleEndian: false, machine: 20, symbols: [{ name: "_start", address: 0x400000 }] })],
    ["elf-zip64", concat([buildElf(), buildZip({ members: member, at: 0x1009, zip64: true }).bytes])],
  ]);
  for (const { name, bytes } of [...samplePrograms(), ...loaderPrograms("/tmp")]) {
    if (bytes.length <= MOST_BYTES) found.set(`program-${name}`, bytes);
  }
  return found;
}

function archives(): Map<string, Uint8Array> {
  const entries = [
    { name: "folder/", type: "5" },
    { name: "folder/file", data: "text" },
    { name: "link", type: "2", target: "folder/file" },
  ];
  return new Map<string, Uint8Array>([
    ["tar", tar(entries)],
    ["tar-gz", tarGz(entries)],
    ["tar-pax", tar([pax({ path: "a longer name" }), ...entries])],
    ["zip", buildZip({ members: [...member, { name: "stored", bytes: new Uint8Array(9) }] }).bytes],
    ["zip64", buildZip({ members: member, zip64: true, comment: new Uint8Array(30), gap: 7 }).bytes],
  ]);
}

const crashers = fileURLToPath(new URL("crashers/", import.meta.url));

/** The finds of earlier runs for a target: bytes by name, kept as hexadecimal text in fuzz/crashers/TARGET. */
export function finds(target: string): Map<string, Buffer> {
  let names: string[];
  try {
    names = readdirSync(`${crashers}${target}`);
  } catch {
    return new Map();
  }
  return new Map(
    names
      .sort()
      .map((name) => [name, Buffer.from(readFileSync(`${crashers}${target}/${name}`, "utf8").replaceAll("\n", ""), "hex")]),
  );
}
