/**
 * Programs put together at random of what speaks for and against an edit: both segment registers, ways to call arch_prctl, data among the
 * code, jumps into instructions, code that ends, symbols that call data an object. Each step adds what it sees to %r15, which is what
 * the program prints in the end.
 */

import fc from "fast-check";
import { Assembler } from "../../src/asm/assembler.js";
import { writeElf } from "../../src/asm/elf-writer.js";
import * as o from "../../src/asm/operands.js";
import { cosmoProgram } from "../fixtures/programs/runtime.js";

/** The bytes of `mov %gs:0x30,%rax`, as data. */
const LOOK_ALIKE = [0x65, 0x48, 0x8b, 0x04, 0x25, 0x30, 0, 0, 0];
const EXIT = 60;
const ARCH_PRCTL = 158;

type Emit = (a: Assembler, n: number) => unknown;

/** Adds a register to what the program prints. */
function note(a: Assembler, from: o.Register): void {
  a.imul(o.r15, o.rip("factor")).add(o.r15, from);
}

/** arch_prctl(code, address), in one of several forms. */
function archPrctl(a: Assembler, code: number, n: number): Assembler {
  const forms: Emit[] = [
    () => a.mov(o.edi, code).mov(o.eax, ARCH_PRCTL).syscall(),
    () => a.mov(o.eax, ARCH_PRCTL).mov(o.edi, code).syscall(),
    () => a.mov(o.r12d, code).mov(o.edi, o.r12d).mov(o.eax, ARCH_PRCTL).syscall(),
    () => a.mov(o.edi, code).call("prctl"),
    () => a.mov(o.edi, code).mov(o.eax, o.rip("number")).syscall(),
    () =>
      a
        .mov(o.edi, code - 1)
        .inc(o.edi)
        .mov(o.eax, ARCH_PRCTL)
        .syscall(),
    () => a.push(code).pop(o.rdi).mov(o.eax, ARCH_PRCTL).syscall(),
    () => a.mov(o.edi, code).mov(o.ebx, o.edi).mov(o.eax, ARCH_PRCTL).syscall(),
  ];
  a.lea(o.rsi, o.rip("areas", 256 * (n % 3)));
  forms[(n >> 2) % forms.length](a, n);
  return a;
}

/** What only concerns the two registers: proven for every runtime. */
const registerSteps: Record<string, Emit> = {
  setGs: (a, n) => archPrctl(a, 0x1001, n),
  setGsAgain: (a, n) => archPrctl(a, 0x1001, n + 1),
  setFs: (a, n) => archPrctl(a, 0x1002, n),
  getGs: (a, n) => note(archPrctl(a, 0x1004, n).mov(o.rax, o.rip("areas", 256 * (n % 3))), o.rax),
  getFs: (a, n) => note(archPrctl(a, 0x1003, n).mov(o.rax, o.rip("areas", 256 * (n % 3))), o.rax),
  readGs: (a) => note(a.mov(o.rax, o.gs(0x30)), o.rax),
  readGsOften: (a) => {
    note(a.mov(o.rcx, o.gs(0x30)), o.rcx);
    note(a.mov(o.r8, o.gs(0x30)), o.r8);
  },
  readGsIndirect: (a) => note(a.mov(o.eax, 0x30).mov(o.rax, o.gs(o.mem(o.rax))), o.rax),
  readFsIndirect: (a) => note(a.mov(o.eax, 0x30).mov(o.rax, o.fs(o.mem(o.rax))), o.rax),
  writeGs: (a, n) => a.mov(o.gs(0x40), n & 0x7f, 8),
  readFs: (a) => note(a.mov(o.rax, o.fs(0x30)), o.rax),
  baseOfGs: (a) => note(a.rdgsbase(o.rax), o.rax),
  baseOfFs: (a) => note(a.rdfsbase(o.rax), o.rax),
  setBaseOfFs: (a) => a.lea(o.rax, o.rip("areas", 256)).wrfsbase(o.rax),
  setBaseOfGs: (a) => a.lea(o.rax, o.rip("areas", 256)).wrgsbase(o.rax),
  nullFs: (a) => a.xor(o.eax, o.eax).movToSegment("fs", o.eax),
  nullGs: (a) => a.xor(o.eax, o.eax).movToSegment("gs", o.eax),
  firstArgument: (a) => note(a, o.rdi),
  kept: (a) => note(a, o.r12),
  child: (a, n) => {
    const [parent, done] = [a.fresh("parent"), a.fresh("done")];
    // fork, clone(SIGCHLD) or clone(CLONE_SETTLS|SIGCHLD)
    if (n % 3 === 0) a.mov(o.eax, 57);
    else a.mov(o.edi, n % 3 === 1 ? 17 : 0x80011).mov(o.eax, 56);
    a.xor(o.esi, o.esi).xor(o.edx, o.edx).xor(o.r10d, o.r10d).lea(o.r8, o.rip("areas", 512)).syscall();
    a.test(o.eax, o.eax).j("ne", parent);
    a.mov(o.rdi, o.gs(0x38)).and(o.edi, 0x7f).mov(o.eax, EXIT).syscall();
    a.label(parent).mov(o.edi, o.eax).lea(o.rsi, o.rip("status")).xor(o.edx, o.edx).xor(o.r10d, o.r10d).mov(o.eax, 61).syscall();
    a.mov(o.eax, o.rip("status")).label(done);
    note(a, o.rax);
  },
  runtimesOwn: (a, n) =>
    a
      .lea(o.rsi, o.rip("areas", 256 * (n % 3)))
      .mov(o.edi, 0x1001)
      .call(a.labels.some(({ name }) => name === "sys_set_tls") ? "sys_set_tls" : "prctl"),
  otherConstant: (a) => note(a.mov(o.edi, 0x1001).mov(o.rax, o.rdi), o.rax),
  callReader: (a) => note(a.call("reader"), o.rax),
};

/** What is about data and code. Of a runtime that was recognised it is known that it has none of this. */
const placeSteps: Record<string, Emit> = {
  dataInTheWay: (a) => {
    const [over, data] = [a.fresh("over"), a.fresh("data")];
    a.jmp(over)
      .label(data)
      .bytes(...LOOK_ALIKE)
      .label(over)
      .mov(o.rax, o.rip(data));
    note(a, o.rax);
  },
  behindWhatIsNotTaken: (a, n) => {
    const [over, data] = [a.fresh("over"), a.fresh("data")];
    if (n % 3 === 0) a.xor(o.ebp, o.ebp).test(o.ebp, o.ebp).j("ne", data);
    else if (n % 3 === 1) a.xor(o.eax, o.eax).j("ne", data);
    else a.bytes(0xf8).j("b", data);
    a.jmp(over)
      .label(data)
      .bytes(...LOOK_ALIKE, 0xc3)
      .label(over)
      .lea(o.rsi, o.rip(data))
      .mov(o.rax, o.mem(o.rsi));
    note(a, o.rax);
  },
  intoAnInstruction: (a) => {
    const [inside, over] = [a.fresh("inside"), a.fresh("over")];
    // movabs $imm64,%rax whose immediate is `mov %gs:0x30,%rax`, up to its last byte, which follows.
    a.jmp(inside)
      .bytes(0x48, 0xb8)
      .label(inside)
      .bytes(...LOOK_ALIKE)
      .label(over);
    note(a, o.rax);
  },
  tableBehindExit: (a) => note(a.lea(o.rsi, o.rip("behind_exit")).mov(o.rax, o.mem(o.rsi)), o.rax),
  tableBehindDeath: (a) => note(a.mov(o.rax, o.rip("behind_death")), o.rax),
  template: (a) => note(a.lea(o.rsi, o.rip("template")).mov(o.rax, o.mem(o.rsi, 4)), o.rax),
  object: (a) => note(a.lea(o.rsi, o.rip("object")).mov(o.rax, o.mem(o.rsi)), o.rax),
  ownCode: (a) => note(a.lea(o.rsi, o.rip("reader")).mov(o.rax, o.mem(o.rsi)), o.rax),
  pointerToReader: (a) => note(a.mov(o.rax, o.rip("pointer")).call(o.rax), o.rax),
  jumpTable: (a, n) => {
    const [table, one, done] = [a.fresh("table"), a.fresh("one"), a.fresh("done")];
    a.lea(o.rdx, o.rip(table))
      .mov(o.eax, n & 1)
      .movsxd(o.rax, o.mem(o.rdx, 0, o.rax, 4))
      .add(o.rax, o.rdx)
      .jmp(o.rax);
    a.label(one).mov(o.rax, o.gs(0x30)).label(done);
    note(a, o.rax);
    const start = a.section("rodata").align(4).label(table).here;
    for (const to of [one, done]) {
      a.fixup("rel32", a.here, to, 0, start);
      a.zeros(4);
    }
    a.section("text");
  },
};

export interface Step {
  readonly kind: string;
  readonly n: number;
}

/** One program: its steps, and how the file is laid out. */
export interface Recipe {
  readonly steps: readonly Step[];
  readonly symbols: boolean;
  readonly separateHead: boolean;
}

/** The first steps are what makes it a program that there is something to do for. */
const recipesOf = (first: readonly string[], kinds: readonly string[]): fc.Arbitrary<Recipe> =>
  fc.record({
    steps: fc
      .array(fc.record({ kind: fc.constantFrom(...kinds), n: fc.nat(255) }), { maxLength: 4 })
      .chain((more) => fc.nat(15).map((n) => [...first.map((kind) => ({ kind, n })), ...more])),
    symbols: fc.boolean(),
    separateHead: fc.boolean(),
  });

/** Programs of no runtime that is known. */
export const unknownRecipes = recipesOf(["setGs", "readGs"], [...Object.keys(registerSteps), ...Object.keys(placeSteps)]);
/** What can stand in a program of Cosmopolitan's runtime, in inline assembly: it is compiled, so nothing looks at what a call leaves in %rdi. */
export const cosmopolitanRecipes = recipesOf(
  ["readGs"],
  Object.keys(registerSteps).filter((kind) => kind !== "firstArgument"),
);

function emitSteps(a: Assembler, { steps }: Recipe): void {
  for (const area of [0, 1, 2]) {
    a.lea(o.rax, o.rip("areas", 256 * area));
    for (const offset of [0, 0x30]) a.mov(o.rip("areas", 256 * area + offset), o.rax);
    a.mov(o.rip("areas", 256 * area + 0x38), 21 + area, 8);
  }
  for (const { kind, n } of steps) (registerSteps[kind] ?? placeSteps[kind])(a, n);
}

function emitPrint(a: Assembler): void {
  a.mov(o.rip("status", 8), o.r15).mov(o.edi, 1).lea(o.rsi, o.rip("status", 8)).mov(o.edx, 8).mov(o.eax, 1).syscall();
}

function emitRest(a: Assembler, { steps }: Recipe): void {
  const has = (kind: string) => steps.some((step) => step.kind === kind);
  a.align(16).func("prctl").mov(o.eax, ARCH_PRCTL).syscall().ret();
  a.align(16).func("reader").mov(o.rax, o.gs(0x30)).ret();
  if (has("template"))
    a.align(16)
      .label("template")
      .push(o.rbp)
      .mov(o.rbp, o.rsp)
      .bytes(...LOOK_ALIKE)
      .pop(o.rbp)
      .ret();
  if (has("object"))
    a.align(16)
      .object("object")
      .bytes(...LOOK_ALIKE, 0xc3)
      .func("behind_object")
      .ret();
  a.section("rodata").align(8).label("factor").u64(31);
  a.section("data").align(8).label("number").u64(ARCH_PRCTL);
  if (has("pointerToReader")) {
    a.label("pointer").fixup("abs64", a.here, "reader", 0, 0);
    a.zeros(8);
  }
  a.section("bss").align(64).label("areas").zeros(1024).label("status").zeros(16).section("text");
}

/** A program without any runtime. */
export function unknownProgram(recipe: Recipe): Uint8Array {
  const a = new Assembler();
  a.func("_start").mov(o.r15d, 1);
  emitSteps(a, recipe);
  emitPrint(a);
  const isDeath = recipe.steps.some(({ kind }) => kind === "tableBehindDeath");
  a.mov(o.rdi, o.r15).and(o.edi, 0x7f);
  if (isDeath)
    a.call("die")
      .label("behind_death")
      .bytes(...LOOK_ALIKE, 0xc3);
  a.mov(o.eax, EXIT).syscall();
  if (recipe.steps.some(({ kind }) => kind === "tableBehindExit")) a.label("behind_exit").bytes(...LOOK_ALIKE, 0xc3);
  a.align(16).func("die").mov(o.eax, EXIT).syscall().hlt();
  emitRest(a, recipe);
  return writeElf(a, { symbols: recipe.symbols, separateHead: recipe.separateHead }).bytes;
}

/** A program of Cosmopolitan's shape with the steps in its main(). */
export function cosmopolitanProgram(recipe: Recipe): Uint8Array {
  const a = cosmoProgram({ setTls: "call" }, (body) => {
    body.func("main").push(o.r15).push(o.r12).push(o.rbx).mov(o.r15d, 1);
    emitSteps(body, recipe);
    emitPrint(body);
    body.mov(o.rax, o.r15).and(o.eax, 0x7f).pop(o.rbx).pop(o.r12).pop(o.r15).ret();
    emitRest(body, recipe);
  });
  return writeElf(a, { symbols: recipe.symbols, separateHead: recipe.separateHead }).bytes;
}
