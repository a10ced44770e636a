/** A seccomp filter in classic BPF, from answers by number and refusals by argument (linux/filter.h, seccomp(2)). */

import { ERRNO } from "../../gvisor/errno.js";
import type { RanReleaseId } from "../../gvisor/gvisor.js";
import { type Condition, type Refusal, refusalsOf } from "../../gvisor/refusals.js";
import { CAPABILITIES, systemCallsOf } from "../../gvisor/system-calls.js";

const LD_ABS = 0x20;
const JA = 0x05;
const JEQ = 0x15;
const JGE = 0x35;
const AND = 0x54;
const RET = 0x06;
const ALLOW = 0x7fff0000;
const RET_ERRNO = 0x00050000;
/** AUDIT_ARCH_X86_64; offsets are those of struct seccomp_data. */
const X86_64 = 0xc000003e;
const NR = 0;
const ARCH = 4;
const argumentAt = (i: number): number => 16 + 8 * i;

/** One instruction; jumps name labels until the end. */
interface Line {
  readonly code: number;
  readonly k: number;
  readonly yes?: string;
  readonly no?: string;
}

/** The whole filter as bytes, eight for each instruction. `capabilities` are those in force, as in CapEff of /proc/self/status. */
export function filterFor(release: RanReleaseId, capabilities: bigint): Uint8Array {
  const program = new Program();
  const enosys = RET_ERRNO | ERRNO.ENOSYS;
  program.add(LD_ABS, ARCH).jump(JEQ, X86_64, undefined, "enosys").add(LD_ABS, NR);
  const leaves: [number, Leaf][] = [];
  const all = systemCallsOf(release);
  const refusals = refusalsOf(release);
  const end = Math.max(...all.keys()) + 1;
  for (let number = 0; number < end; number++) {
    const answer = all.get(number) ?? { errno: "ENOSYS" as const };
    const rules = refusals.filter((rule) => rule.number === number);
    let leaf: Leaf;
    if (answer === "served") leaf = rules.length > 0 ? rules : ALLOW;
    else if ("errno" in answer) leaf = RET_ERRNO | ERRNO[answer.errno];
    else leaf = has(capabilities, answer.capability) ? enosys : RET_ERRNO | ERRNO.EPERM;
    if (leaves.at(-1)?.[1] !== leaf) leaves.push([number, leaf]);
  }
  leaves.push([end, enosys]);
  search(program, leaves);
  return program.label("enosys").add(RET, enosys).bytes();
}

/** What a range of numbers gives: a return value, or refusals to be looked through. */
type Leaf = number | readonly Refusal[];

/** Binary search over ranges that each begin at a number; about nine comparisons. */
function search(program: Program, leaves: readonly (readonly [number, Leaf])[]): void {
  if (leaves.length === 1) {
    answerWith(program, leaves[0][1]);
    return;
  }
  const middle = leaves.length >> 1;
  const upper = program.fresh();
  program.jump(JGE, leaves[middle][0], upper, undefined);
  search(program, leaves.slice(0, middle));
  program.label(upper);
  search(program, leaves.slice(middle));
}

function answerWith(program: Program, leaf: Leaf): void {
  if (typeof leaf === "number") {
    program.add(RET, leaf);
    return;
  }
  for (const { when, errno } of leaf) {
    const next = program.fresh();
    for (const condition of when) addCondition(program, condition, next);
    program.add(RET, RET_ERRNO | (errno === "success" ? 0 : ERRNO[errno])).label(next);
  }
  program.add(RET, ALLOW);
}

/** Goes on where the condition holds, else to `next`. */
function addCondition(program: Program, condition: Condition, next: string): void {
  program.add(LD_ABS, argumentAt(condition.arg));
  if ("mask" in condition) program.add(AND, condition.mask);
  if ("not" in condition) {
    for (const value of condition.not) program.jump(JEQ, value, next, undefined);
    return;
  }
  const holds = program.fresh();
  for (const value of condition.is) program.jump(JEQ, value, holds, undefined);
  program.add(JA, 0, next).label(holds);
}

function has(capabilities: bigint, name: string): boolean {
  return ((capabilities >> BigInt(CAPABILITIES[name])) & 1n) === 1n;
}

/** Lines and labels. Conditional jumps reach 255 lines; a far one goes through an unconditional jump, which reaches everything. */
class Program {
  readonly #lines: Line[] = [];
  readonly #labels = new Map<string, number>();
  #fresh = 0;

  fresh(): string {
    this.#fresh += 1;
    return `.${this.#fresh}`;
  }
  label(name: string): this {
    this.#labels.set(name, this.#lines.length);
    return this;
  }
  add(code: number, k: number, to?: string): this {
    this.#lines.push({ code, k, ...(to !== undefined && { yes: to }) });
    return this;
  }
  /** To `yes` or `no`; the next line where a label is undefined. Always through JA, so that no distance is too long. */
  jump(code: number, k: number, yes: string | undefined, no: string | undefined): this {
    const skip = this.fresh();
    if (yes !== undefined) this.#lines.push({ code, k, no: skip });
    else this.#lines.push({ code, k, yes: skip });
    return this.add(JA, 0, yes ?? no).label(skip);
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(8 * this.#lines.length);
    const view = new DataView(out.buffer);
    this.#lines.forEach((line, i) => {
      const far = (label: string | undefined): number => (label === undefined ? 0 : this.#labels.get(label)! - i - 1);
      view.setUint16(8 * i, line.code, true);
      if (line.code === JA) view.setUint32(8 * i + 4, far(line.yes), true);
      else {
        out[8 * i + 2] = far(line.yes);
        out[8 * i + 3] = far(line.no);
        view.setUint32(8 * i + 4, line.k >>> 0, true);
      }
    });
    return out;
  }
}
