/** In which order to read the parts of a file that is mostly hole, so that its data is found early. */

/** So many places are tried between the data at both ends before the rest is read from the front. */
const MOST_TRIES = 1024;

/**
 * Yields each number below `count` once, and is told after each whether there was data. First from the front while there is, and
 * from the back: a program and the directory of its archive. Then the middle of what is left, and of its halves, and from each
 * place with data on in both directions while there is.
 */
export function* likelyFirst(count: number): Generator<number, void, boolean> {
  const from = yield* upward(0, count);
  const gaps = [{ from, to: yield* downward(count, from) }];
  let gap = gaps.shift();
  for (let tries = 0; gap !== undefined && tries < MOST_TRIES; gap = gaps.shift(), tries++) {
    if (gap.from === gap.to) continue;
    const middle = Math.floor((gap.from + gap.to) / 2);
    const hadData = yield middle;
    gaps.push({ from: gap.from, to: hadData ? yield* downward(middle, gap.from) : middle });
    gaps.push({ from: hadData ? yield* upward(middle + 1, gap.to) : middle + 1, to: gap.to });
  }
  for (; gap !== undefined; gap = gaps.shift()) yield* straight(gap.from, gap.to);
}

/** Each number from `from` to below `to`, whatever is there. */
export function* straight(from: number, to: number): Generator<number, void, boolean> {
  for (let at = from; at < to; at++) yield at;
}

/** From `from` on until there is no data. Returns the number behind the last that it yielded. */
function* upward(from: number, to: number): Generator<number, number, boolean> {
  for (let at = from; at < to; at++) if (!(yield at)) return at + 1;
  return to;
}

/** From below `to` down until there is no data. Returns the last that it yielded. */
function* downward(to: number, from: number): Generator<number, number, boolean> {
  for (let at = to - 1; at >= from; at--) if (!(yield at)) return at;
  return from;
}
