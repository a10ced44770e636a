/** The probe: a static ELF that runs a list of tests, each in a child of its own, and prints one line for each. */

import { Assembler } from "../../asm/assembler.js";
import { type ElfOptions, writeElf } from "../../asm/elf-writer.js";
import * as o from "../../asm/operands.js";
import { addTest, isStarted, type Outcome, RESULTS, ROOM, type Test } from "../../asm/small-test.js";

const SYS = { write: 1, mmap: 9, alarm: 37, fork: 57, exit: 60, wait4: 61, prctl: 157, exitGroup: 231 } as const;
/** A test that hangs is ended after so many seconds (SIGALRM). */
const SECONDS = 2;
const LINE = /^([0-9a-f]{16}) ([0-9a-f]{8})$/;

/**
 * Assembles the program. Its own loop keeps to rbx, r12 to r15, which tests may change: they run in the child. The child dies with its
 * parent (PR_SET_PDEATHSIG), so nothing is left where the probe itself is killed.
 */
export function probeProgram(tests: readonly Test[], options: ElfOptions = {}): Uint8Array {
  const a = new Assembler();
  const [again, parent, failed, print, done] = ["again", "parent", "failed", "print", "done"].map((stem) => a.fresh(stem));
  a.func("_start").mov(o.rip("stack_at_start"), o.rsp).and(o.rsp, -16);
  // Memory that children write their answers to: PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS. A place for each test: what a
  // test has forked itself may write after the test's own end, when the next one is under way.
  a.xor(o.edi, o.edi)
    .mov(o.esi, Math.max(4096, 8 * tests.length))
    .mov(o.edx, 3)
    .mov(o.r10d, 0x21)
    .mov(o.r8, -1)
    .xor(o.r9d, o.r9d);
  a.mov(o.eax, SYS.mmap).syscall().mov(o.r14, o.rax);
  a.lea(o.r12, o.rip("tests"));
  a.label(again).cmp(o.mem(o.r12), 0, 8).j("e", done);
  a.mov(o.eax, SYS.fork).syscall().test(o.rax, o.rax).j("s", failed).j("ne", parent);
  a.mov(o.edi, 1).mov(o.esi, 9).mov(o.eax, SYS.prctl).syscall(); // PR_SET_PDEATHSIG, SIGKILL
  a.mov(o.edi, SECONDS).mov(o.eax, SYS.alarm).syscall();
  a.push(o.r14).call(o.mem(o.r12)).pop(o.r14).mov(o.mem(o.r14), o.rax);
  a.xor(o.edi, o.edi).mov(o.eax, SYS.exit).syscall();
  a.label(parent).mov(o.rdi, o.rax).lea(o.rsi, o.rip("status")).xor(o.edx, o.edx).xor(o.r10d, o.r10d);
  a.mov(o.eax, SYS.wait4).syscall().jmp(print);
  a.label(failed).mov(o.mem(o.r14), o.rax).mov(o.rip("status"), 0xff00, 4);
  a.label(print);
  a.lea(o.rdi, o.rip("line", 15)).mov(o.rax, o.mem(o.r14)).mov(o.ecx, 16).call("put_hex");
  a.lea(o.rdi, o.rip("line", 24)).mov(o.eax, o.rip("status")).mov(o.ecx, 8).call("put_hex");
  a.mov(o.edi, 1).lea(o.rsi, o.rip("line")).mov(o.edx, 26).mov(o.eax, SYS.write).syscall();
  a.add(o.r12, 8).add(o.r14, 8).jmp(again);
  a.label(done).xor(o.edi, o.edi).mov(o.eax, SYS.exitGroup).syscall().hlt();

  // %rax as %ecx hexadecimal digits, the last of them at %rdi.
  const [digit, letter] = [a.fresh("digit"), a.fresh("letter")];
  a.align(16).func("put_hex").label(digit).mov(o.edx, o.eax).and(o.edx, 15).add(o.edx, 0x30);
  a.cmp(o.edx, 0x3a).j("b", letter, "short").add(o.edx, 0x27);
  a.label(letter).mov(o.mem(o.rdi), o.dl).dec(o.rdi).shift("shr", o.rax, 4).dec(o.ecx).j("ne", digit, "short").ret();

  tests.forEach((test, i) => {
    addTest(a.align(16).func(`test${i}`), test);
  });
  a.section("data").align(8).object("tests");
  tests.forEach((_, i) => {
    a.pointer(`test${i}`);
  });
  a.zeros(8)
    .object("line")
    .ascii(`${"0".repeat(16)} ${"0".repeat(8)}\n`);
  a.section("bss")
    .align(4096)
    .object("room")
    .zeros(ROOM)
    .object("results")
    .zeros(8 * RESULTS);
  a.object("stack_at_start").zeros(8).object("status").zeros(8).section("text");
  return writeElf(a, options).bytes;
}

/** Reads what the program printed; tests whose line is missing are left out. */
export function readOutcomes(tests: readonly Test[], stdout: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  stdout.split("\n").forEach((line, i) => {
    const match = LINE.exec(line);
    if (!match || i >= tests.length) return;
    const status = Number.parseInt(match[2], 16);
    const signal = status & 0x7f;
    const answer = BigInt.asIntN(64, BigInt(`0x${match[1]}`));
    const value = isStarted(tests[i].test) && answer === 0n ? BigInt(status >> 8) : answer;
    outcomes.set(tests[i].id, { value, signal: signal || undefined });
  });
  return outcomes;
}
