/** The opcode tables, made from opcodes/ when Sandfit is built; what is in them stands in `entry.ts`. */

import { fromBase64 } from "../bytes/base64.js";
import {
  ENTRIES,
  ENTRY_COUNT,
  FORM_NUMBERS,
  FORMS,
  LOCKABLE,
  MODRMS,
  REXES,
  THREE_DNOW_SUFFIXES,
  VECTOR_CLASSES,
  VECTOR_COMBINATIONS,
  VECTOR_ENTRIES,
  VECTOR_EXTENSIONS,
  VECTOR_RULES,
  VECTOR_SPACES,
} from "./entry.js";
import { tablesBinary } from "./tables-binary.js";

/** All of them: the engine has its own copy. */
export const tables = fromBase64(tablesBinary);

export const entries = new Int32Array(tables.buffer, ENTRIES, ENTRY_COUNT);
export const modrms = tables.subarray(MODRMS, REXES);
export const formNumbers = tables.subarray(FORM_NUMBERS, FORMS);
export const forms = tables.subarray(FORMS, LOCKABLE);
export const lockable = tables.subarray(LOCKABLE, THREE_DNOW_SUFFIXES);
export const threeDNowSuffixes = tables.subarray(THREE_DNOW_SUFFIXES, VECTOR_SPACES);
export const vectorSpaces = tables.subarray(VECTOR_SPACES, VECTOR_CLASSES);
export const vectorClasses = tables.subarray(VECTOR_CLASSES, VECTOR_ENTRIES);
export const vectorEntries = new Int32Array(tables.buffer, VECTOR_ENTRIES, 192);
export const vectorCombinations = new Uint32Array(tables.buffer, VECTOR_COMBINATIONS, 192);
export const vectorRules = tables.subarray(VECTOR_RULES, VECTOR_EXTENSIONS);
export const vectorExtensions = tables.subarray(VECTOR_EXTENSIONS);
