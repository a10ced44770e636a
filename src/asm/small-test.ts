/** Small tests as data: a few system calls in a row, each free to use what an earlier one returned. */

import type { Assembler } from "./assembler.js";
import * as o from "./operands.js";

/** What stands in memory, given by its address: a text that ends with a zero byte, eight-byte words (addresses among them), or room. */
export type Pointed =
  | { readonly text: string }
  | { readonly words: readonly (number | bigint | Pointed)[] }
  | { readonly room: number };

/** An argument: a number, the result of a step, or the address of something. */
export type Argument = number | bigint | { readonly result: number } | Pointed;

/** System call number and arguments. */
export type Step = readonly [number, ...Argument[]];

/** Reads `size` bytes at an offset of the room: its result is that number, without sign. */
export interface Peek {
  readonly peek: number;
  readonly size: 1 | 2 | 4 | 8;
}

/** Writes the low bytes of a number, such as an earlier result, to an offset of the room: for descriptors inside structures. */
export interface Poke {
  readonly poke: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly value: number | { readonly result: number };
}

/**
 * Steps of a child process, which ends with the low byte of its last result as exit code. The result is that code, or 256 and the signal
 * that ended it. Steps of a child count from `IN_CHILD` on.
 */
export interface Child {
  readonly child: readonly TestStep[];
  /** Go on without waiting for it; the result is the process number then. */
  readonly background?: boolean;
}

/** A call without which the others mean nothing: where it is refused, that is the outcome. */
export interface Must {
  readonly must: Step;
}

/** Code of its own among the steps; its result is what it leaves in %rax. */
export interface Code {
  readonly code: (a: Assembler) => void;
}

/** One step of a test. */
export type TestStep = Step | Peek | Poke | Child | Must | Code;

/** A file that is started in the test's place. Its exit code is the answer; a refused start answers as any refused call does. */
export interface Started {
  readonly file: () => Uint8Array;
  /** Permission bits of it; 0o700 by default. */
  readonly mode?: number;
  /** A second file that it names as `./<id>.helper`. */
  readonly helper?: () => Uint8Array;
}

export interface Test {
  readonly id: string;
  /**
   * Steps, mostly system calls; the outcome is what the last one returned. Or code of its own that leaves its answer in %rax and may change anything.
   * Or a file beside the program, in its working folder, under the test's id.
   */
  readonly test: readonly TestStep[] | ((a: Assembler) => void) | Started;
}

/** Whether a test starts a file. */
export function isStarted(test: Test["test"]): test is Started {
  return typeof test === "object" && "file" in test;
}

const SYS = { fork: 57, execve: 59, wait4: 61, prctl: 157, exitGroup: 231 } as const;
/** The number of a child's first step. */
export const IN_CHILD = 32;
/** Room for so many results. */
export const RESULTS = 64;
const ARGUMENTS = [o.rdi, o.rsi, o.rdx, o.r10, o.r8, o.r9] as const;
/** Bytes that tests may write to; each test has its own copy. */
export const ROOM = 0x4000;

/** The result of an earlier step of the same test. */
export const result = (step: number): Argument => ({ result: step });
/** The address of `offset` bytes into the room; zeros at first. */
export const room = (offset = 0): Pointed => ({ room: offset });
export const text = (value: string): Pointed => ({ text: value });
export const words = (...values: (number | bigint | Pointed)[]): Pointed => ({ words: values });

/** Code for one test: a function that returns the answer in %rax. */
export function addTest(a: Assembler, { id, test }: Test): void {
  if (typeof test === "function") test(a);
  else if (isStarted(test)) addStart(a, `./${id}`);
  else addSteps(a, test, 0);
  a.ret();
}

/** execve of a path, with itself as the only argument and no environment. It only comes back where that is refused. */
function addStart(a: Assembler, path: string): void {
  load(a, o.rdi, text(path));
  a.mov(o.rip("room"), o.rdi).lea(o.rsi, o.rip("room")).lea(o.rdx, o.rip("room", 8)).mov(o.eax, SYS.execve).syscall();
}

function addSteps(a: Assembler, steps: readonly TestStep[], first: number): void {
  const end = a.fresh("end");
  for (const [i, step] of steps.entries()) addStep(a, step, first + i, end);
  a.label(end);
}

/** Code for one step; its result goes to %rax and to the list of results. */
function addStep(a: Assembler, step: TestStep, index: number, end: string): void {
  if ("child" in step) addChild(a, step, index);
  else if ("code" in step) step.code(a);
  else if ("peek" in step) addPeek(a, step);
  else if ("poke" in step) {
    load(a, o.rax, step.value);
    a.mov(o.rip("room", step.poke), registerOf(step.size));
  } else if ("must" in step) {
    addCall(a, step.must);
    a.test(o.rax, o.rax).j("s", end);
  } else addCall(a, step);
  a.mov(o.rip("results", 8 * index), o.rax);
}

function addCall(a: Assembler, [number, ...args]: Step): void {
  for (const [i, argument] of args.entries()) load(a, ARGUMENTS[i], argument);
  a.mov(o.eax, number).syscall();
}

function addPeek(a: Assembler, { peek, size }: Peek): void {
  const from = o.rip("room", peek);
  if (size === 1 || size === 2) a.movzx(o.eax, from, size);
  else a.mov(registerOf(size), from);
}

/** The child dies with its parent (PR_SET_PDEATHSIG, SIGKILL), as tests do. */
function addChild(a: Assembler, { child, background }: Child, index: number): void {
  const [parent, exited, done] = ["parent", "exited", "done"].map((stem) => a.fresh(stem));
  a.mov(o.eax, SYS.fork).syscall().test(o.rax, o.rax).j("s", done).j("ne", parent);
  a.mov(o.edi, 1).mov(o.esi, 9).mov(o.eax, SYS.prctl).syscall();
  addSteps(a, child, IN_CHILD);
  a.movzx(o.edi, o.al, 1).mov(o.eax, SYS.exitGroup).syscall();
  const status = o.rip("results", 8 * index);
  a.label(parent);
  if (background) return void a.label(exited).label(done);
  a.mov(o.rdi, o.rax).lea(o.rsi, status).xor(o.edx, o.edx).xor(o.r10d, o.r10d).mov(o.eax, SYS.wait4).syscall();
  a.mov(o.eax, status).test(o.eax, 0x7f).j("e", exited).and(o.eax, 0x7f).add(o.eax, 256).jmp(done);
  a.label(exited).shift("shr", o.eax, 8).and(o.eax, 0xff).label(done);
}

const registerOf = (size: Peek["size"]): o.Register => ({ 1: o.al, 2: o.ax, 4: o.eax, 8: o.rax })[size];

function load(a: Assembler, to: o.Register, argument: Argument): void {
  if (typeof argument !== "object") a.mov(to, argument);
  else if ("result" in argument) a.mov(to, o.rip("results", 8 * argument.result));
  else a.lea(to, o.rip(...place(a, argument)));
}

/** Puts what an argument points to into the program; returns its label and the offset from there. */
function place(a: Assembler, argument: Pointed): [label: string, offset: number] {
  if ("room" in argument) return ["room", argument.room];
  const pointers = "words" in argument ? argument.words.map((word) => (typeof word === "object" ? place(a, word) : word)) : [];
  const label = a.fresh("data");
  a.section("data").align(8).label(label);
  if ("text" in argument) a.ascii(argument.text).zeros(1);
  for (const word of pointers) {
    if (typeof word === "object") a.pointer(...word);
    else a.u64(word);
  }
  a.section("text");
  return [label, 0];
}

/** What came of a test. */
export interface Outcome {
  /** What it returned, signed; a refusal is minus its error number. */
  readonly value: bigint;
  /** The signal that ended it. */
  readonly signal: number | undefined;
}

/** A test that shows whether programs which need something fail where it is run. */
export interface ProbeTest extends Test {
  readonly bites: (outcome: Outcome) => boolean;
  /**
   * "executable-stack": in a process whose PT_GNU_STACK asks for one. "changes-gs": on systrap that takes down programs of the same
   * sandbox that are started later (seen with 2024-07 and 2026-09: after it, six of six /bin/true died), so it is not run there.
   */
  readonly needs?: "executable-stack" | "changes-gs";
}

/** A system call that has to succeed. */
export const failed = ({ value, signal }: Outcome): boolean => signal !== undefined || value < 0n;
/** For a call with senseless arguments: only "no such call" and "not allowed" count, the arguments may well be refused. */
export const missing = ({ value, signal }: Outcome): boolean => signal !== undefined || value === -38n || value === -1n;
/** For code and for programs that answer 0 where all is as on plain Linux. */
export const wrong = ({ value, signal }: Outcome): boolean => signal !== undefined || value !== 0n;
