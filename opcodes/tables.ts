/** All tables as one run of bytes, as src/x86/entry.ts lays them out: scripts/engine.mjs writes them down for src/x86/tables.ts. */

import {
  ENTRIES,
  FORM_NUMBERS,
  FORMS,
  LOCKABLE,
  MODRMS,
  REXES,
  TABLES_SIZE,
  THREE_DNOW_SUFFIXES,
  VECTOR_CLASSES,
  VECTOR_COMBINATIONS,
  VECTOR_ENTRIES,
  VECTOR_EXTENSIONS,
  VECTOR_RULES,
  VECTOR_SPACES,
} from "../src/x86/entry.js";
import { entries, formNumbers, forms, lockable, modrms, rexes, threeDNow } from "./legacy.js";
import { classes, combinations, extensions, rules, spaces, vectorEntries } from "./vector.js";

export const tables = new Uint8Array(TABLES_SIZE);

for (const [at, table] of [
  [ENTRIES, entries],
  [MODRMS, modrms],
  [REXES, rexes],
  [FORM_NUMBERS, formNumbers],
  [FORMS, forms],
  [LOCKABLE, lockable],
  [THREE_DNOW_SUFFIXES, threeDNow],
  [VECTOR_SPACES, spaces],
  [VECTOR_CLASSES, classes],
  [VECTOR_ENTRIES, vectorEntries],
  [VECTOR_COMBINATIONS, combinations],
  [VECTOR_RULES, rules],
  [VECTOR_EXTENSIONS, extensions],
] as const) {
  tables.set(new Uint8Array(table.buffer), at);
}
