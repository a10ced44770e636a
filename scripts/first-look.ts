/** What scripts/engine.mjs makes of the rules' byte patterns: the test of sixteen places at once in engine/first-look.ts. */

import { type ByteTest, type Pattern, parsePattern } from "../src/code/patterns.js";
import { rules } from "../src/rules/index.js";

/** All that a rule declares, each once. */
export const patterns = [...new Set(rules.flatMap((rule) => ("patterns" in rule ? (rule.patterns ?? []) : [])))];

/** A window has this many bytes beside it in front and behind (src/code/first-look.ts), so the test can ask for no others. */
const [FIRST, LAST] = [-1, 4];

/** What is asked for first, so that patterns share the tests that they have in common. */
const order = ({ offset }: ByteTest): number => (offset > 0 ? -offset - 1 : offset);

/** Either nothing more to ask for, or what to ask for next and then. */
type Tree = Map<string, { readonly test: ByteTest; readonly next: Tree }>;

/** engine/patterns.ts: `seen`, which says of sixteen places from `at` on where a pattern can be. */
export function engineSource(): string {
  const tree: Tree = new Map();
  for (const pattern of patterns.map(parsePattern)) insert(tree, testsOf(pattern));
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

function testsOf({ byte, tests }: Pattern): ByteTest[] {
  return [...tests, { offset: 0, mask: 0xff, value: byte }]
    .filter(({ offset }) => offset >= FIRST && offset <= LAST)
    .sort((a, b) => order(a) - order(b));
}

function insert(tree: Tree, [test, ...rest]: readonly ByteTest[]): void {
  if (test === undefined) return;
  const key = expression(test);
  const branch = tree.get(key) ?? { test, next: new Map() };
  tree.set(key, branch);
  insert(branch.next, rest);
}

function anyOf(tree: Tree): string {
  return [...tree.values()]
    .map(({ test, next }) => (next.size === 0 ? expression(test) : `v128.and(${expression(test)}, ${anyOf(next)})`))
    .reduce((some, other) => `v128.or(${some}, ${other})`);
}

function expression({ offset, mask, value }: ByteTest): string {
  return `are(${mask === 0xff ? nameOf(offset) : `v128.and(${nameOf(offset)}, all(${mask}))`}, ${value})`;
}

const nameOf = (offset: number): string => (offset < 0 ? "before" : offset === 0 ? "byte" : `after${offset}`);
