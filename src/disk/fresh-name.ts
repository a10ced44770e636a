/** Names that nothing has yet. */

/**
 * Fifty random bits in letters and digits, for the name of a temporary file or folder. No secret hangs on it: what has the name is
 * made exclusively, and fails where it is taken. So Math.random does, and node:crypto, which takes long to load, is not needed.
 */
export function freshSuffix(): string {
  return Math.random().toString(36).slice(2, 12);
}
