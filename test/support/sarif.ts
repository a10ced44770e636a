/** Holds SARIF against its schema. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import type { Log } from "sarif";
import { expect } from "vitest";

/**
 * The schema that Microsoft's SARIF SDK ships (draft 4). Draft 4's `id` is draft 7's `$id`, which Ajv asks for; and it knows no
 * "uri" and the like without a further package, so these are held against RFC 3986's characters here.
 */
const schema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"),
);
const { $schema: _draft, id: $id, ...rest } = schema;
const isReference = (text: string): boolean => /^[\w.~:/?#[\]@!$&'()*+,;=%-]*$/.test(text) && !/%(?![\dA-F]{2})/i.test(text);
const ajv = new Ajv({
  strict: false,
  unicodeRegExp: false,
  formats: { uri: isReference, "uri-reference": isReference, "date-time": true },
});
const validate = ajv.compile({ $id, ...rest });

export const isSarif = (value: unknown): boolean => validate(value);

/** Parses SARIF and expects it to be what the schema says. */
export function validSarif(text: string): Log {
  const log = JSON.parse(text) as Log;
  validate(log);
  expect(validate.errors).toBeNull();
  return log;
}
