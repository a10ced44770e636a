/** Opcodes as they are written down. */

/** Reads `00-0b 1c`: calls `each` for every opcode named. */
export function eachOpcode(list: string, each: (opcode: number) => void): void {
  for (const range of list.split(" ")) {
    const first = Number.parseInt(range, 16);
    const last = range.length > 2 ? Number.parseInt(range.slice(3), 16) : first;
    for (let opcode = first; opcode <= last; opcode++) each(opcode);
  }
}
