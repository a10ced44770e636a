/**
 * Recursive descent: which bytes of a code space are instructions, how that is known, and whether Linux gets there.
 *
 * Order matters. First everything reached from the entry point, then from named functions and those with unwind data,
 * then what is reached through pointers found in that code or in data; the sides of branches that only other systems
 * take come last. A pointer is a guess, so what is reached from it is taken back as a whole where it does not decode
 * or runs into the middle of a known instruction.
 */

import { decode } from "../x86/decode.js";
import { Flow, Instruction, NONE, OpcodeMap, RIP } from "../x86/instruction.js";
import type { CodeRegion, CodeSpace } from "./code-space.js";
import type { DataSpace } from "./data-space.js";
import { Evidence, type EvidenceRank } from "./evidence.js";
import { HostState } from "./host.js";

/** Bits of a mark. The low three are the evidence rank of an instruction that starts here, 0 where none does. */
export const Mark = { Rank: 7, Body: 8, Linux: 16, Leader: 32, Function: 64, Target: 128 } as const;

/** Where a walk starts, and with what evidence. Positions in the code space. */
export interface Root {
  readonly position: number;
  readonly evidence: EvidenceRank;
}

export interface WalkInput {
  readonly space: CodeSpace;
  /** The entry point or, for a library, its exports: all that Linux may call from outside. */
  readonly entries: readonly Root[];
  /** Functions known by name or unwind data; whether anything calls them is not known, so Linux may. */
  readonly functions: readonly Root[];
  /** Positions that names without a type stand for: functions, but also tables and labels inside the code. */
  readonly names: readonly number[];
  /** Positions that words in data, relocations or tables point to. */
  readonly pointers: readonly number[];
  /** Whether 32-bit immediates can be addresses: true for programs with a fixed load address below 2 GiB. */
  readonly absoluteImmediates: boolean;
  /** Address of `__hostos` in Cosmopolitan programs. */
  readonly hostVariable: number | undefined;
  /** Where relative jump tables are read from. */
  readonly data: DataSpace | undefined;
}

/** A bit above those of the 16 registers. */
const SEEN = 1 << 16;

/** A bound, so that damaged tables cost little. */
const MOST_TABLE_ENTRIES = 4096;

export class Walk {
  readonly space: CodeSpace;
  /** One byte per code byte, bits of `Mark`. */
  readonly marks: Uint8Array;
  /** Direct jumps, branches and calls: pairs of (target, source) positions. */
  private edges = new Int32Array(4096);
  private edgeCount = 0;
  private edgeBefore = new Int32Array(0);
  private lastEdgeTo: Map<number, number> | undefined;
  private readonly instruction = new Instruction();
  /** Positions to go on from, each followed by the registers that hold `__hostos` there. */
  private readonly pending: number[] = [];
  /** Per position that Linux jumps to: registers that hold `__hostos` on every way there, plus SEEN; 0 where none was taken. */
  private readonly hostAtLeader: Int32Array;
  private readonly host: HostState | undefined;
  private readonly tables: TableTracker;
  /** Branch sides that Linux does not take, with the evidence of the branch. */
  private readonly otherSystems: Root[] = [];
  private readonly pointers = new Set<number>();
  private pointerQueue: number[] = [];
  private readonly input: WalkInput;
  /** One byte per code byte, 1 where the sweep over the gaps begins an instruction; made when first needed. */
  private boundaries: Uint8Array | undefined;
  /** The instructions of the current guess, to be taken back if it proves wrong; undefined when nothing is guessed. */
  private journal: number[] | undefined;

  constructor(input: WalkInput) {
    this.input = input;
    this.space = input.space;
    this.marks = new Uint8Array(input.space.bytes.length);
    this.hostAtLeader = new Int32Array(input.hostVariable === undefined ? 0 : input.space.bytes.length);
    this.host = input.hostVariable === undefined ? undefined : new HostState(input.hostVariable);
    this.tables = new TableTracker(input.absoluteImmediates);
    for (const root of input.entries) this.follow(root.position, root.evidence, true);
    for (const root of input.functions) this.follow(root.position, root.evidence, true);
    for (const position of input.names) this.guess(position, Evidence.Symbol, true);
    for (const position of input.pointers) this.notePointer(position);
    this.followPointers(true);
    this.followOtherSystems();
  }

  /** Evidence rank of the instruction that starts at a position, 0 where none is known to. */
  rankAt(position: number): number {
    return this.marks[position] & Mark.Rank;
  }

  /** Whether Linux can reach the instruction at a position, as far as branches on `__hostos` decide it. */
  isReachedOnLinux(position: number): boolean {
    return (this.marks[position] & Mark.Linux) !== 0;
  }

  isStart(position: number): boolean {
    return (this.marks[position] & Mark.Rank) !== 0;
  }

  /** Whether the byte belongs to a known instruction, at its start or inside. */
  isKnown(position: number): boolean {
    return (this.marks[position] & (Mark.Rank | Mark.Body)) !== 0;
  }

  /** Whether something calls this position or it was a root. */
  isFunction(position: number): boolean {
    return (this.marks[position] & Mark.Function) !== 0;
  }

  /** Whether a pointer to this position was found, so that callers other than the direct ones are possible. */
  isPointedTo(position: number): boolean {
    return this.pointers.has(position);
  }

  /** Start of the known instruction that the byte lies in, or -1. */
  startOf(position: number): number {
    for (let at = position; at >= 0 && at > position - 15; at--) if (this.isStart(at)) return at;
    return -1;
  }

  /** Positions of the direct jumps, branches and calls that lead to a position. */
  sourcesOf(position: number): readonly number[] {
    this.lastEdgeTo ??= this.indexEdges();
    const sources: number[] = [];
    for (let edge = this.lastEdgeTo.get(position) ?? NONE; edge !== NONE; edge = this.edgeBefore[edge]) {
      const source = this.edges[2 * edge + 1];
      if (!sources.includes(source)) sources.push(source);
    }
    return sources.reverse();
  }

  /** Chains the edges with the same target: per target the last one, per edge the one before it. */
  private indexEdges(): Map<number, number> {
    const last = new Map<number, number>();
    this.edgeBefore = new Int32Array(this.edgeCount);
    for (let edge = 0; edge < this.edgeCount; edge++) {
      const target = this.edges[2 * edge];
      this.edgeBefore[edge] = last.get(target) ?? NONE;
      last.set(target, edge);
    }
    return last;
  }

  private followPointers(linux: boolean): void {
    while (this.pointerQueue.length > 0) {
      const queue = this.pointerQueue;
      this.pointerQueue = [];
      for (const position of queue) this.guess(position, Evidence.Pointer, linux);
    }
  }

  private followOtherSystems(): void {
    while (this.otherSystems.length > 0 || this.pointerQueue.length > 0) {
      const root = this.otherSystems.pop();
      if (root !== undefined) this.follow(root.position, root.evidence, false);
      else this.followPointers(false);
    }
  }

  private notePointer(position: number): void {
    if (position < 0 || this.pointers.has(position)) return;
    this.pointers.add(position);
    this.pointerQueue.push(position);
  }

  /** Follows what may be a function; takes everything back where it cannot be code. */
  private guess(position: number, evidence: EvidenceRank, linux: boolean): void {
    if (this.isStart(position) && (!linux || this.isReachedOnLinux(position))) return;
    if ((this.marks[position] & (Mark.Rank | Mark.Body)) === Mark.Body) return;
    if (!this.isStart(position) && !this.isBoundary(position)) return;
    this.journal = [];
    const edgeCount = this.edgeCount;
    const queued = this.pointerQueue.length;
    const others = this.otherSystems.length;
    const sound = this.follow(position, evidence, linux);
    const journal = this.journal;
    this.journal = undefined;
    if (sound) return;
    this.takeBack(journal);
    this.edgeCount = edgeCount;
    for (const pointer of this.pointerQueue.splice(queued)) this.pointers.delete(pointer);
    this.otherSystems.length = others;
  }

  /**
   * Whether an instruction begins at a position when the bytes between known code are decoded one after the other.
   * Decoding falls into step after a few instructions, so a pointer into the middle of one is told from a real one.
   */
  private isBoundary(position: number): boolean {
    this.boundaries ??= this.sweepGaps();
    return this.boundaries[position] === 1;
  }

  private sweepGaps(): Uint8Array {
    const { bytes } = this.space;
    const boundaries = new Uint8Array(bytes.length);
    for (const region of this.space.regions) {
      const end = region.start + region.size;
      for (let at = region.start; at < end; ) {
        boundaries[at] = 1;
        if ((this.marks[at] & Mark.Body) !== 0 && (this.marks[at] & Mark.Rank) === 0) at++;
        else at += Math.max(1, decode(bytes, at, end, this.instruction));
        // Known code is a fixed point: what overlaps it was out of step.
        while (at < end && (this.marks[at] & (Mark.Rank | Mark.Body)) === Mark.Body) at++;
      }
    }
    return boundaries;
  }

  /** Marks everything reachable from `position`. False where some path left valid code while following a guess. */
  private follow(position: number, evidence: EvidenceRank, linux: boolean): boolean {
    if (position < 0 || position >= this.marks.length) return false;
    this.marks[position] |= Mark.Function | Mark.Leader;
    this.pending.push(position, 0);
    let sound = true;
    while (this.pending.length > 0) {
      const registers = this.pending.pop() as number;
      if (!this.followLine(this.pending.pop() as number, registers, evidence, linux)) {
        sound = false;
        if (this.journal !== undefined) this.pending.length = 0;
      }
    }
    return sound;
  }

  /**
   * Follows one straight line of code until it ends or joins what is known. False where it stops being valid code,
   * unless a call came before: that call does not return then, and what was decoded behind it is taken back.
   */
  private followLine(from: number, registers: number, evidence: EvidenceRank, linux: boolean): boolean {
    const { bytes } = this.space;
    const { marks, instruction } = this;
    const region = this.space.regionOf(from);
    const end = region.start + region.size;
    const toAddress = region.address - region.start;
    const host = linux ? this.host : undefined;
    host?.start(registers);
    const { tables } = this;
    tables.start();
    const behindCall: number[] = [];
    let sawCall = false;
    let at = from;
    let lowered = host !== undefined && this.lowerHostAtLeader(at, registers);
    for (;;) {
      if (at >= end) return sawCall && this.takeBack(behindCall);
      const mark = marks[at];
      const known = (mark & Mark.Rank) !== 0;
      // Code does not run on into the start of another function; a table in front of one seems to.
      if (known && (mark & Mark.Function) !== 0 && this.journal !== undefined && at !== from) {
        return sawCall && this.takeBack(behindCall);
      }
      if (known && !lowered && (!linux || (mark & Mark.Linux) !== 0)) return true;
      const length = decode(bytes, at, end, instruction);
      if (length === 0) return sawCall && this.takeBack(behindCall);
      if (!known) {
        if (this.overlapsKnown(at, length)) {
          if (sawCall) return this.takeBack(behindCall);
          if (this.journal !== undefined) return false;
        }
        marks[at] |= evidence;
        for (let i = at + 1; i < at + length; i++) marks[i] |= Mark.Body;
        this.journal?.push(at);
        if (sawCall) behindCall.push(at);
      }
      if (linux) marks[at] |= Mark.Linux;
      const next = at + length;
      host?.step(instruction, toAddress + next);
      switch (instruction.flow) {
        case Flow.Next:
          if (instruction.map === OpcodeMap.Primary) this.notePointersOf(instruction, toAddress + next);
          tables.step(instruction, toAddress + next);
          break;
        case Flow.SystemCall:
          break;
        case Flow.Call:
          this.reach(instruction.target, at, toAddress, true, 0, known);
          sawCall = true;
          behindCall.length = 0;
          break;
        case Flow.IndirectCall:
          sawCall = true;
          behindCall.length = 0;
          break;
        case Flow.Branch: {
          const taken = host?.decides(instruction);
          if (taken === false) this.leaveToOthers(instruction.target, at, toAddress, evidence);
          else this.reach(instruction.target, at, toAddress, false, host?.registers ?? 0, known);
          if (taken === true) {
            this.otherSystems.push({ position: next, evidence });
            return true;
          }
          break;
        }
        case Flow.Jump:
          this.reach(instruction.target, at, toAddress, false, host?.registers ?? 0, known);
          return true;
        case Flow.IndirectJump:
          if (instruction.hasMemory) this.followAddressTable(instruction, tables.entries, at, host?.registers ?? 0, known);
          else {
            this.followByteTable(tables.bytes, at, toAddress, host?.registers ?? 0, known);
            this.noteRelativeTable(tables.words, tables.entries, region);
          }
          return true;
        default:
          return true;
      }
      at = next;
      lowered = false;
      if (host !== undefined && at < end && (marks[at] & Mark.Leader) !== 0) {
        lowered = this.lowerHostAtLeader(at, host.registers);
        host.registers &= this.hostAtLeader[at];
      }
    }
  }

  private overlapsKnown(at: number, length: number): boolean {
    if ((this.marks[at] & Mark.Body) !== 0) return true;
    for (let i = at + 1; i < at + length; i++) if ((this.marks[i] & Mark.Rank) !== 0) return true;
    return false;
  }

  /** Unmarks instructions, latest first. Always true, to be returned. */
  private takeBack(starts: readonly number[]): true {
    for (let i = starts.length - 1; i >= 0; i--) {
      const length = decode(this.space.bytes, starts[i], this.space.endOf(starts[i]), this.instruction);
      this.marks.fill(0, starts[i], starts[i] + length);
    }
    return true;
  }

  /** Queues a direct target. A target outside the code is no reason to distrust the jump: it may lead to another region. */
  private reach(target: number, source: number, toAddress: number, isCall: boolean, host: number, knownSource: boolean): void {
    const position = this.inSpace(target, source, toAddress);
    if (position >= 0) this.queue(position, source, isCall, host, knownSource);
  }

  private queue(position: number, source: number, isCall: boolean, host: number, knownSource: boolean): void {
    if (!knownSource) this.addEdge(position, source);
    if (isCall) this.marks[position] |= Mark.Function;
    this.marks[position] |= Mark.Leader;
    this.pending.push(position, host);
  }

  private leaveToOthers(target: number, source: number, toAddress: number, evidence: EvidenceRank): void {
    const position = this.inSpace(target, source, toAddress);
    if (position < 0) return;
    this.addEdge(position, source);
    this.marks[position] |= Mark.Leader;
    this.otherSystems.push({ position, evidence });
  }

  /** Remembers with which registers a leader was reached; true where that is fewer than at an earlier visit. */
  private lowerHostAtLeader(position: number, registers: number): boolean {
    const before = this.hostAtLeader[position];
    if (before === 0) {
      this.hostAtLeader[position] = registers | SEEN;
      return this.isStart(position);
    }
    const now = before & (registers | SEEN);
    this.hostAtLeader[position] = now;
    return now !== before;
  }

  private inSpace(target: number, source: number, toAddress: number): number {
    const region = this.space.regionOf(source);
    if (target >= region.start && target < region.start + region.size) return target;
    return this.space.regions.length === 1 ? -1 : this.space.positionOf(toAddress + target);
  }

  private addEdge(target: number, source: number): void {
    if (2 * this.edgeCount === this.edges.length) {
      const larger = new Int32Array(this.edges.length * 2);
      larger.set(this.edges);
      this.edges = larger;
    }
    this.edges[2 * this.edgeCount] = target;
    this.edges[2 * this.edgeCount + 1] = source;
    this.edgeCount++;
  }

  /** `lea f(%rip),%r`, `mov $f,%r32`, `push $f`, `movq $f,mem`: the address of a function taken by an instruction. */
  private notePointersOf(instruction: Instruction, next: number): void {
    const { opcode } = instruction;
    if (opcode === 0x8d) {
      if (instruction.base === RIP) this.notePointer(this.space.positionOf(next + instruction.disp));
      else if (instruction.base === NONE && instruction.index === NONE) this.notePointer(this.space.positionOf(instruction.disp));
      return;
    }
    if (!this.input.absoluteImmediates || instruction.immSize < 4) return;
    if ((opcode >= 0xb8 && opcode <= 0xbf) || opcode === 0xc7 || opcode === 0x68) {
      this.notePointer(this.space.positionOf(instruction.imm));
    }
  }

  /**
   * The jump table of a `switch` in position-independent code: 32-bit distances from the table's own address
   * (`cmp $last,%i; ja default; lea table(%rip),%r; movslq (%r,%i,4),%i; add %r,%i; jmp *%i`). The next table often
   * follows without a gap, so only as many entries are read as the comparison allows.
   */
  private noteRelativeTable(table: number, entries: number, region: CodeRegion): void {
    for (let i = 0; table !== NONE && i < Math.min(entries, MOST_TABLE_ENTRIES); i++) {
      const word = this.input.data?.word32(table + 4 * i);
      if (word === undefined) return;
      const position = table + (word | 0) - region.address;
      if (position < 0 || position >= region.size) return;
      this.notePointer(region.start + position);
    }
  }

  /**
   * The jump table of a `switch` in a program with a fixed address: `cmp $last,%i; ja default; jmp *table(,%i,8)`. Without a
   * comparison (computed goto) it ends where a word leaves the code.
   */
  private followAddressTable(jump: Instruction, entries: number, at: number, host: number, known: boolean): void {
    if (jump.base !== NONE || jump.index === NONE || jump.scale !== 8 || !this.input.absoluteImmediates) return;
    const most = entries > 0 ? Math.min(entries, MOST_TABLE_ENTRIES) : MOST_TABLE_ENTRIES;
    for (let i = 0; i < most; i++) {
      const low = this.input.data?.word32(jump.disp + 8 * i);
      const high = this.input.data?.word32(jump.disp + 8 * i + 4);
      const position = low === undefined || high !== 0 ? -1 : this.space.positionOf(low);
      if (position < 0) return;
      this.queue(position, at, false, host, known);
    }
  }

  /**
   * The jump table by which Cosmopolitan's start-up code branches on the system (libc/sysv/systemfive.S): distances of one
   * byte from the table, which stands in the code right behind the jump. It ends where its nearest target begins.
   */
  private followByteTable(table: number, jump: number, toAddress: number, host: number, known: boolean): void {
    const start = table === NONE ? -1 : this.space.positionOf(table);
    if (start < 0) return;
    let entries = 256;
    for (let i = 0; i < entries; i++) {
      const distance = this.space.bytes[start + i];
      if (distance === 0) return;
      entries = Math.min(entries, distance);
      this.reach(start + distance, jump, toAddress, false, host, known);
    }
  }
}

/** Which tables the instructions of a line have addressed, for the indirect jump at its end. */
class TableTracker {
  /** Address of a table of 32-bit distances: `lea table(%rip),%r; movslq (%r,%i,4),%i`; NONE without. */
  words: number = NONE;
  /** Address of a table of bytes: `mov $table,%r; movzbl (%r,%i,1),%i`; NONE without. */
  bytes: number = NONE;
  /** How many entries the last comparison with a constant allows; 0 without one. */
  entries = 0;
  private constant: number = NONE;
  private register: number = NONE;
  private readonly absoluteImmediates: boolean;

  constructor(absoluteImmediates: boolean) {
    this.absoluteImmediates = absoluteImmediates;
  }

  /** Forgets everything: a new line begins. */
  start(): void {
    this.words = NONE;
    this.bytes = NONE;
    this.entries = 0;
    this.constant = NONE;
    this.register = NONE;
  }

  step(instruction: Instruction, next: number): void {
    const { map, opcode } = instruction;
    const isGroup1 = opcode === 0x80 || opcode === 0x81 || opcode === 0x83;
    if (map === OpcodeMap.Primary && (opcode === 0x3c || opcode === 0x3d || (isGroup1 && instruction.extension === 7))) {
      this.entries = instruction.imm + 1;
    } else if (map === OpcodeMap.Primary && opcode === 0x8d && instruction.base === RIP) {
      this.constant = next + instruction.disp;
      this.register = instruction.reg;
    } else if (map === OpcodeMap.Primary && opcode >= 0xb8 && opcode <= 0xbf && this.absoluteImmediates) {
      this.constant = instruction.imm;
      this.register = (opcode & 7) | ((instruction.rex & 1) << 3);
    } else if (
      instruction.hasMemory &&
      instruction.base === this.register &&
      instruction.index !== NONE &&
      instruction.disp === 0
    ) {
      if (map === OpcodeMap.Primary && opcode === 0x63 && instruction.scale === 4) this.words = this.constant;
      if (map === OpcodeMap.Secondary && opcode === 0xb6 && instruction.scale === 1) this.bytes = this.constant;
    }
  }
}
