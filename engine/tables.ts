/** The opcode tables: src/x86/entry.ts says what is in them. The caller copies them here when the engine is made. */

import { TABLES_SIZE } from "../src/x86/entry";

export const TABLES: usize = memory.data(TABLES_SIZE, 16);

export function tablesAt(): usize {
  return TABLES;
}
