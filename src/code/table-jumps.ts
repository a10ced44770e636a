/** Which indirect jumps use which tables, indexed both ways when first asked for. */

import type { WalkResult } from "./walk-data.js";

const NONE: readonly number[] = [];

export class TableJumps {
  private readonly result: WalkResult;
  private byTable: Map<number, number[]> | undefined;
  private byJump: Map<number, number[]> | undefined;

  constructor(result: WalkResult) {
    this.result = result;
  }

  /** Positions of the jumps by a table. */
  jumpsBy(table: number): readonly number[] {
    this.byTable ??= this.index(0);
    return this.byTable.get(table) ?? NONE;
  }

  /** Numbers of the tables of a jump; none where it has no table, or is none. */
  tablesOf(jump: number): readonly number[] {
    this.byJump ??= this.index(1);
    return this.byJump.get(jump) ?? NONE;
  }

  /** By the first or the second of each pair, the other one. */
  private index(by: 0 | 1): Map<number, number[]> {
    const { tableJumps } = this.result;
    const map = new Map<number, number[]>();
    for (let at = 0; at < tableJumps.length; at += 2) {
      const list = map.get(tableJumps[at + by]);
      if (list === undefined) map.set(tableJumps[at + by], [tableJumps[at + 1 - by]]);
      else list.push(tableJumps[at + 1 - by]);
    }
    return map;
  }
}
