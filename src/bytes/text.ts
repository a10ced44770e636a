/** Bytes that are text. */

/** Longer than nearly every name. */
const LONG = 256;

let decoder: InstanceType<typeof TextDecoder> | undefined;

/**
 * UTF-8 as a string, with U+FFFD for what is none. What is ASCII, as nearly all names are, needs no decoder, which takes longer to call
 * than a name is long.
 */
export function utf8Of(bytes: Uint8Array): string {
  if (bytes.length <= LONG && isAscii(bytes)) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  decoder ??= new TextDecoder();
  return decoder.decode(bytes);
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}
