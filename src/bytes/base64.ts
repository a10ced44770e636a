/** Bytes that are written into the source as text. */

import { nodeBuffer } from "./engine.js";

/** The bytes of a text in base64, in a buffer of their own. */
export function fromBase64(text: string): Uint8Array {
  const decoded = nodeBuffer()?.from(text, "base64");
  if (decoded !== undefined) return new Uint8Array(decoded);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
