/** How an instruction is known to be code. Everything that a verdict or an edit rests on carries one of these. */

/**
 * In ascending strength. The number is what the walk keeps per instruction.
 *
 * - Swept: only met by decoding on from where known code ends.
 * - Pointer: reached from a value that points to it, found in data, in a relocation or in an instruction.
 * - Unwind: reached from the start of a function that .eh_frame bounds.
 * - Symbol: reached from a named or exported function.
 * - Entry: reached from the entry point by following calls and jumps.
 */
export const Evidence = { None: 0, Swept: 1, Pointer: 2, Unwind: 3, Symbol: 4, Entry: 5 } as const;
export type EvidenceRank = (typeof Evidence)[keyof typeof Evidence];

/** How bytes are known to be code, weakest first: see docs/how-it-works.md. */
export type EvidenceName = "swept" | "pointer" | "unwind" | "symbol" | "entry";

const names: readonly (EvidenceName | undefined)[] = [undefined, "swept", "pointer", "unwind", "symbol", "entry"];

/** The name of a rank, for plans and JSON. */
export function evidenceName(rank: number): EvidenceName {
  return names[rank] ?? "swept";
}

/** The rank in words, for people. */
export const evidenceWords: Record<EvidenceName, string> = {
  entry: "reached from the entry point",
  symbol: "reached from a named function",
  unwind: "in a function bounded by unwind data",
  pointer: "reached through a function pointer",
  swept: "decoded between known code, not reached",
};
