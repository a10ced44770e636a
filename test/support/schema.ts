/** Holds JSON output against the schemas that ship. */

import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect } from "vitest";

const folder = new URL("../../schema/", import.meta.url);
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
for (const name of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(new URL(name, folder), "utf8")));

/** Parses a command's output and expects it to be what schema/NAME.json says. */
export function conforming<T>(name: string, output: string): T {
  const value = JSON.parse(output) as T;
  expect(ajv.validate(`sandfit/${name}.json`, value), JSON.stringify(ajv.errors?.slice(0, 3))).toBe(true);
  return value;
}
