/** Reads a set of digits as bits; `*` is all eight, `-` none. */
export function digits(set: string): number {
  if (set === "*") return 0xff;
  if (set === "-") return 0;
  let bits = 0;
  for (let i = 0; i < set.length; i++) bits |= 1 << Number(set[i]);
  return bits;
}
