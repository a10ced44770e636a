/** Records of fixed-size fields: offsets are computed from the list of fields, as the C struct's are. */
import type { Reader } from "./reader.js";

/** Field types. `u64` rejects what is above 2^53-1, `loose64` gives Infinity for it; `i64` is signed. */
export type FieldType = "u8" | "u16" | "u32" | "i32" | "u64" | "loose64" | "i64";

const sizes: Record<FieldType, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, loose64: 8, i64: 8 };

export interface Struct<Name extends string> {
  /** Size in bytes; there is no padding that is not a field. */
  readonly size: number;
  /** Where each field stands, in bytes from the record's start. */
  readonly offsets: Readonly<Record<Name, number>>;
  /** Reads one record at `at`. Throws InputError where it does not lie within the reader's window. */
  read(reader: Reader, at: number): Record<Name, number>;
}

/** Declares a record: names in file order with their types. */
export function struct<Name extends string>(fields: Readonly<Record<Name, FieldType>>): Struct<Name> {
  let size = 0;
  const laidOut = (Object.entries(fields) as [Name, FieldType][]).map(([name, type]) => {
    const at = size;
    size += sizes[type];
    return { name, type, at };
  });
  return {
    size,
    offsets: Object.fromEntries(laidOut.map(({ name, at }) => [name, at])) as Record<Name, number>,
    read(reader, at) {
      const record = {} as Record<Name, number>;
      // By index: a directory has thousands of records, and an iterator leaves an object for each field.
      for (let index = 0; index < laidOut.length; index++) {
        const field = laidOut[index]!;
        record[field.name] = readField(reader, field.type, at + field.at, field.name);
      }
      return record;
    },
  };
}

function readField(reader: Reader, type: FieldType, at: number, name: string): number {
  switch (type) {
    case "u64":
      return reader.u64(at, name);
    case "loose64":
      return reader.clamped64(at);
    default:
      return reader[type](at);
  }
}
