/** Small tests as data: a few system calls in a row, each free to use what an earlier one returned. */

import type { Assembler } from "./assembler.js";
import * as o from "./operands.js";

/** An argument: a number, a text that ends with a zero byte, eight-byte words in memory, the result of a step, or room to write to. */
export type Argument =
  | number
  | bigint
  | { readonly text: string }
  | { readonly words: readonly (number | bigint)[] }
  | { readonly result: number }
  | { readonly room: number };

/** System call number and arguments. */
export type Step = readonly [number, ...Argument[]];

/** A file that is started in the test's place. Its exit code is the answer; a refused start answers as any refused call does. */
export interface Started {
  readonly file: () => Uint8Array;
  /** Permission bits of it; 0o700 unless told. */
  readonly mode?: number;
  /** A second file that it names as `./<id>.helper`. */
  readonly helper?: () => Uint8Array;
}

export interface Test {
  readonly id: string;
  /**
   * System calls; the outcome is what the last one returned. Or code of its own that leaves its answer in %rax and may change anything.
   * Or a file beside the program, in its working folder, under the test's id.
   */
  readonly test: readonly Step[] | ((a: Assembler) => void) | Started;
}

/** Whether a test starts a file. */
export function isStarted(test: Test["test"]): test is Started {
  return typeof test === "object" && "file" in test;
}

const EXECVE = 59;
const ARGUMENTS = [o.rdi, o.rsi, o.rdx, o.r10, o.r8, o.r9] as const;
/** Bytes that tests may write to; each test has its own copy. */
export const ROOM = 0x4000;

/** The result of an earlier step of the same test. */
export const result = (step: number): Argument => ({ result: step });
/** The address of `offset` bytes into the room; zeros at first. */
export const room = (offset = 0): Argument => ({ room: offset });
export const text = (value: string): Argument => ({ text: value });
export const words = (...values: (number | bigint)[]): Argument => ({ words: values });

/** Code for one test: a function that returns the answer in %rax. */
export function addTest(a: Assembler, { id, test }: Test): void {
  if (typeof test === "function") test(a);
  else if (isStarted(test)) addStart(a, `./${id}`);
  else for (const [i, step] of test.entries()) addStep(a, step, i);
  a.ret();
}

/** execve of a path, with itself as the only argument and no environment. It only comes back where that is refused. */
function addStart(a: Assembler, path: string): void {
  load(a, o.rdi, text(path));
  a.mov(o.rip("room"), o.rdi).lea(o.rsi, o.rip("room")).lea(o.rdx, o.rip("room", 8)).mov(o.eax, EXECVE).syscall();
}

/** Code for one system call; its result goes to %rax and to the list of results. */
export function addStep(a: Assembler, [number, ...args]: Step, index = 0): void {
  for (const [i, argument] of args.entries()) load(a, ARGUMENTS[i], argument);
  a.mov(o.eax, number)
    .syscall()
    .mov(o.rip("results", 8 * index), o.rax);
}

function load(a: Assembler, to: o.Register, argument: Argument): void {
  if (typeof argument !== "object") a.mov(to, argument);
  else if ("result" in argument) a.mov(to, o.rip("results", 8 * argument.result));
  else if ("room" in argument) a.lea(to, o.rip("room", argument.room));
  else {
    const label = a.fresh("data");
    a.section("data").align(8).label(label);
    if ("text" in argument) a.ascii(argument.text).zeros(1);
    else for (const word of argument.words) a.u64(word);
    a.section("text").lea(to, o.rip(label));
  }
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
