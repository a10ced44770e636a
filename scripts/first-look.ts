/** What scripts/engine.mjs makes of the rules' byte patterns: the test of sixteen places at once in engine/first-look.ts. */

import { type ByteTest, type Pattern, parsePattern } from "../src/code/patterns.js";
import { rules } from "../src/rules/index.js";

/** All that a rule declares, each once. */
export const patterns = [...new Set(rules.flatMap((rule) => ("patterns" in rule ? (rule.patterns ?? []) : [])))];

/** A window has this many bytes beside it in front and behind (src/code/first-look.ts), so the test can ask for no others. */
const [FIRST, LAST] = [-1, 4];

/** What to ask for next, as expressions, and what then; nothing more where it is empty. */
type Tree = Map<string, Tree>;

/** engine/patterns.ts: `seen`, which says of sixteen places from `at` on where a pattern can be. */
export function engineSource(): string {
  const tree: Tree = new Map();
  for (const pattern of patterns.map(parsePattern)) insert(tree, termsOf(pattern));
  const offsets = Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i);
  return `/**
 * Where a pattern of src/rules can be. Made by scripts/first-look.ts of:
${patterns.map((text) => ` *     ${text}`).join("\n")}
 */

export function seen(at: usize): v128 {
${offsets.map((offset) => `  const ${nameOf(offset)} = v128.load(at${offset === 0 ? "" : offset < 0 ? ` - ${-offset}` : ` + ${offset}`});`).join("\n")}
  return ${anyOf(tree)};
}

function are(bytes: v128, value: i32): v128 {
  return i8x16.eq(bytes, all(value));
}

function all(value: i32): v128 {
  return i8x16.splat(i8(value));
}
`;
}

/** What is asked for: the bits that have to be zero, all at once, the nearest other byte, and the one that the pattern is searched by. */
function termsOf({ byte, tests }: Pattern): string[] {
  const near = tests.filter(({ offset }) => offset >= FIRST && offset <= LAST);
  const zeros = near.filter(({ value }) => value === 0);
  const others = near.filter(({ value }) => value !== 0).slice(0, 1);
  return [
    ...(zeros.length === 0 ? [] : [`are(${zeros.map(masked).reduce(or)}, 0)`]),
    ...others.map((test) => `are(${masked(test)}, ${test.value})`),
    `are(byte, ${byte})`,
  ];
}

function insert(tree: Tree, [term, ...rest]: readonly string[]): void {
  if (term === undefined) return;
  const next = tree.get(term) ?? new Map();
  tree.set(term, next);
  insert(next, rest);
}

function anyOf(tree: Tree): string {
  return [...tree].map(([term, next]) => (next.size === 0 ? term : `v128.and(${term}, ${anyOf(next)})`)).reduce(or);
}

const or = (some: string, other: string): string => `v128.or(${some}, ${other})`;

function masked({ offset, mask }: ByteTest): string {
  return mask === 0xff ? nameOf(offset) : `v128.and(${nameOf(offset)}, all(${mask}))`;
}

const nameOf = (offset: number): string => (offset < 0 ? "before" : offset === 0 ? "byte" : `after${offset}`);
