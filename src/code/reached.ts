/**
 * How an instruction is reached when code that ends is taken to end. The walk falls through behind every call and system call, since
 * hardly any of them is the last thing that a program does, and takes both sides of every branch. What bytes are changed rests on
 * more: nothing runs behind `exit`, behind a call of a function from which no way leads to a return, or on the side of a branch that
 * the instructions right before it rule out. Data put there is data.
 */

import { decode } from "../x86/decode.js";
import { Flow, Instruction } from "../x86/instruction.js";
import type { Code } from "./code.js";
import { Evidence } from "./evidence.js";
import { KnownValues } from "./known-values.js";

/** What comes behind an instruction; further values are those of `Flow`. */
const ENDS = 16;
const TAKEN = 17;

const NOWHERE = -1;

const known = new WeakMap<Code, Reached>();

/** The known instructions in ascending order, each with where it leads to; computed when first asked for. */
export class Reached {
  private readonly code: Code;
  private readonly positions: Int32Array;
  /** A value of `Flow`, ENDS or TAKEN. */
  private readonly kinds: Uint8Array;
  /** Number of the instruction behind, and of the one that a direct jump or call goes to; NOWHERE where none is known. */
  private readonly nexts: Int32Array;
  private readonly targets: Int32Array;
  /** Whether a way leads from here to the end of the function. */
  private readonly returns: Uint8Array;
  private readonly ranks: Uint8Array;

  static of(code: Code): Reached {
    const reached = known.get(code) ?? new Reached(code);
    known.set(code, reached);
    return reached;
  }

  private constructor(code: Code) {
    this.code = code;
    const count = countStarts(code);
    this.positions = new Int32Array(count);
    this.kinds = new Uint8Array(count);
    this.nexts = new Int32Array(count);
    this.targets = new Int32Array(count);
    this.returns = new Uint8Array(count);
    this.ranks = new Uint8Array(count);
    this.fill();
    this.findReturns();
    this.follow();
  }

  /** The evidence rank of the known instruction at a position, never a stronger one than the walk has; Evidence.Swept where only what ends leads there. */
  rankAt(position: number): number {
    const index = this.indexOf(position);
    if (index === NOWHERE) return Evidence.Swept;
    return Math.min(this.code.walk.rankAt(position), Math.max(this.ranks[index], Evidence.Swept));
  }

  private fill(): void {
    const { walk, space } = this.code;
    const { positions, kinds, nexts, targets } = this;
    const instruction = new Instruction();
    const values = new KnownValues();
    let index = 0;
    for (const region of space.regions) {
      const end = region.start + region.size;
      let expected = NOWHERE;
      for (let at = region.start; at < end; at++) {
        if (!walk.isStart(at)) continue;
        if (at !== expected || walk.isLeader(at)) values.forget();
        const length = decode(space.bytes, at, end, instruction);
        positions[index] = at;
        kinds[index] = kindOf(instruction, values);
        nexts[index] = at + length;
        const { flow, target } = instruction;
        const isDirect = flow === Flow.Jump || flow === Flow.Branch || flow === Flow.Call;
        targets[index] = isDirect && target >= 0 && target < space.bytes.length ? target : NOWHERE;
        values.step(instruction);
        expected = at + length;
        index++;
      }
    }
    for (let i = 0; i < index; i++) {
      nexts[i] = positions[i + 1] === nexts[i] ? i + 1 : this.indexOf(nexts[i]);
      if (targets[i] !== NOWHERE) targets[i] = this.indexOf(targets[i]);
    }
  }

  private indexOf(position: number): number {
    const { positions } = this;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (positions[middle] < position) low = middle + 1;
      else high = middle;
    }
    return positions[low] === position ? low : NOWHERE;
  }

  /** The least set that holds: from the last instruction to the first, again until nothing is added. */
  private findReturns(): void {
    const { returns, kinds, nexts, targets } = this;
    const from = (index: number): number => (index === NOWHERE ? 1 : returns[index]);
    for (let changed = true; changed; ) {
      changed = false;
      for (let i = kinds.length - 1; i >= 0; i--) {
        if (returns[i] === 1) continue;
        let does = 0;
        switch (kinds[i]) {
          case Flow.Return:
          case Flow.IndirectJump:
            does = 1;
            break;
          case Flow.Trap:
          case ENDS:
            break;
          case Flow.Jump:
          case TAKEN:
            does = from(targets[i]);
            break;
          case Flow.Branch:
            does = from(targets[i]) | from(nexts[i]);
            break;
          case Flow.Call:
            does = from(targets[i]) & from(nexts[i]);
            break;
          default:
            does = from(nexts[i]);
        }
        if (does === 1) {
          returns[i] = 1;
          changed = true;
        }
      }
    }
  }

  /** From the strongest evidence to the weakest, so that the first to come is the one that counts. */
  private follow(): void {
    const { walk, space } = this.code;
    for (const rank of [Evidence.Entry, Evidence.Symbol, Evidence.Unwind]) {
      for (const root of walk.roots) if (root.evidence === rank) this.followFrom(root.position, rank);
    }
    for (const name of walk.names) this.followFrom(name, Evidence.Symbol);
    for (let at = 0; at < space.bytes.length; at++) if (walk.isPointedTo(at)) this.followFrom(at, Evidence.Pointer);
  }

  private followFrom(position: number, rank: number): void {
    const { positions, kinds, nexts, targets, returns, ranks } = this;
    const pending = [this.indexOf(position)];
    const add = (index: number) => {
      if (index !== NOWHERE && ranks[index] < rank) pending.push(index);
    };
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (at === NOWHERE || ranks[at] >= rank) continue;
      ranks[at] = rank;
      const kind = kinds[at];
      if (kind === Flow.Return || kind === Flow.Trap || kind === ENDS) continue;
      if (kind === Flow.IndirectJump) {
        for (const to of this.code.walk.targetsOf(positions[at])) add(this.indexOf(to));
        continue;
      }
      add(targets[at]);
      const isLast =
        kind === Flow.Jump || kind === TAKEN || (kind === Flow.Call && targets[at] !== NOWHERE && returns[targets[at]] === 0);
      if (!isLast) add(nexts[at]);
    }
  }
}

function countStarts({ walk, space }: Code): number {
  let count = 0;
  for (let at = 0; at < space.bytes.length; at++) if (walk.isStart(at)) count++;
  return count;
}

/** `exit` and `exit_group` (arch/x86/entry/syscalls/syscall_64.tbl). */
const EXITS: readonly number[] = [60, 231];
const RAX = 0;

function kindOf(instruction: Instruction, values: KnownValues): number {
  if (instruction.flow === Flow.SystemCall) {
    const isExit = instruction.opcode === 0x05 && EXITS.includes(values.of(RAX) ?? NOWHERE);
    return isExit ? ENDS : Flow.SystemCall;
  }
  // A debugger goes on behind int3, and so does a handler of SIGTRAP.
  if (instruction.flow === Flow.Trap && instruction.opcode === 0xcc) return Flow.Next;
  if (instruction.flow !== Flow.Branch) return instruction.flow;
  const isTaken = values.decides(instruction);
  if (isTaken === undefined) return Flow.Branch;
  return isTaken ? TAKEN : Flow.Next;
}
