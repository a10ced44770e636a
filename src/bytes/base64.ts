/** Bytes that are written into the source as text. */

/** Node's own decoder, where there is one: a command lives for so short a time that the loop below would be interpreted. */
interface NodeBuffer {
  from(text: string, encoding: "base64"): Uint8Array;
}

/** The bytes of a text in base64, in a buffer of their own. */
export function fromBase64(text: string): Uint8Array {
  const { Buffer: node } = globalThis as unknown as { Buffer?: NodeBuffer };
  if (node !== undefined) return new Uint8Array(node.from(text, "base64"));
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
