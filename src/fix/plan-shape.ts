/** Whether data is a plan (schema/plan-1.json), as far as anything is done with it: a record beside a file may be anybody's. */

import type { Plan } from "./plan.js";
import { PLAN_VERSION } from "./plan-version.js";

type Fields = Readonly<Record<string, unknown>>;

/** Lists and names that plans of earlier versions lack may be missing. */
export function isPlan(value: unknown): value is Plan {
  if (!isObject(value) || value["version"] !== PLAN_VERSION) return false;
  const { input, output, edits, mode, as } = value;
  return (
    isObject(input) &&
    isOffset(input["size"]) &&
    (input["name"] === undefined || typeof input["name"] === "string") &&
    (input["sha256"] === undefined || isSum(input["sha256"])) &&
    (input["start"] === undefined || (isHexadecimal(input["start"]) && input["start"].length <= 128)) &&
    (output === undefined || (isObject(output) && isOffset(output["size"]) && isSum(output["sha256"]))) &&
    (as === undefined || as === "elf" || as === "ape") &&
    (mode === undefined || (isObject(mode) && isMode(mode["before"]) && isMode(mode["after"]))) &&
    ["repairs", "leaves", "warnings", "notes"].every((name) => value[name] === undefined || isListOfWords(value[name])) &&
    Array.isArray(edits) &&
    edits.every(isEdit) &&
    edits.every((edit, i) => i === 0 || edit.fileOffset >= endOf(edits[i - 1]))
  );
}

interface Replacement {
  readonly fileOffset: number;
  readonly before: string;
}

function isEdit(value: unknown): value is Replacement {
  return isObject(value) && isOffset(value["fileOffset"]) && isHexadecimal(value["before"]) && isHexadecimal(value["after"]);
}

const endOf = ({ fileOffset, before }: Replacement): number => fileOffset + before.length / 2;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

const isOffset = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isMode = (value: unknown): boolean => isOffset(value) && (value as number) <= 0o777;

/** Without a group that repeats: a record may have millions of digits, for which a regular expression would run out of stack. */
const isHexadecimal = (value: unknown): value is string =>
  typeof value === "string" && value.length % 2 === 0 && !/[^0-9a-f]/.test(value);

const isSum = (value: unknown): boolean => isHexadecimal(value) && value.length === 64;

const isListOfWords = (value: unknown): boolean => Array.isArray(value) && value.every((word) => typeof word === "string");
