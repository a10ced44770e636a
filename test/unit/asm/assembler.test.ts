/** Encodings: fixed bytes (as GNU as and the study of real binaries have them), and objdump's reading of them where there is one. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Assembler, CONDITIONS } from "../../../src/asm/assembler.js";
import { layOut } from "../../../src/asm/layout.js";
import * as o from "../../../src/asm/operands.js";
import { decode } from "../../../src/x86/decode.js";
import { Instruction } from "../../../src/x86/instruction.js";

type Emit = (a: Assembler) => unknown;

/** Instruction in AT&T syntax as objdump prints it, its bytes, and how it is asked for. */
const TABLE: readonly [text: string, hex: string, emit: Emit][] = [
  ["mov %gs:0x30,%rax", "65488b042530000000", (a) => a.mov(o.rax, o.gs(0x30))],
  ["mov %gs:0x30,%r15", "654c8b3c2530000000", (a) => a.mov(o.r15, o.gs(0x30))],
  ["mov %gs:(%rax),%rax", "65488b00", (a) => a.mov(o.rax, o.gs(o.mem(o.rax)))],
  ["mov %fs:(%rax),%rax", "64488b00", (a) => a.mov(o.rax, o.fs(o.mem(o.rax)))],
  ["add %gs:0x30,%rcx", "6548030c2530000000", (a) => a.add(o.rcx, o.gs(0x30))],
  ["mov %rdi,%gs:0x1480(,%rax,8)", "6548893cc580140000", (a) => a.mov(o.gs(o.indexed(o.rax, 8, 0x1480)), o.rdi)],
  ["mov $0x1001,%edi", "bf01100000", (a) => a.mov(o.edi, 0x1001)],
  ["mov $0x83,%edi", "bf83000000", (a) => a.mov(o.edi, 0x83)],
  ["mov %eax,%gs", "8ee8", (a) => a.movToSegment("gs", o.eax)],
  ["wrmsr", "0f30", (a) => a.wrmsr()],
  ["rdgsbase %rax", "f3480faec8", (a) => a.rdgsbase(o.rax)],
  ["wrgsbase %r9", "f3490faed9", (a) => a.wrgsbase(o.r9)],
  ["wrfsbase %edx", "f30faed2", (a) => a.wrfsbase(o.edx)],
  ["test $0x4,%al", "a804", (a) => a.test(o.al, 4)],
  ["test $0x50,%dl", "f6c250", (a) => a.test(o.dl, 0x50)],
  ["test $0x50,%sil", "40f6c650", (a) => a.test(o.sil, 0x50)],
  ["and $0x54,%r12d", "4183e454", (a) => a.and(o.r12d, 0x54)],
  ["and $0x4,%dl", "80e204", (a) => a.and(o.dl, 4)],
  ["adc $0x0,%edi", "83d700", (a) => a.adc(o.edi, 0)],
  ["or $0x112,%ecx", "81c912010000", (a) => a.or(o.ecx, 0x112)],
  ["or $0x112,%eax", "0d12010000", (a) => a.or(o.eax, 0x112)],
  ["sub $0x30,%rdi", "4883ef30", (a) => a.sub(o.rdi, 0x30)],
  ["cmp %r15,%rax", "4c39f8", (a) => a.cmp(o.rax, o.r15)],
  ["cmpl $0x0,0xd4(%rax)", "83b8d400000000", (a) => a.cmp(o.mem(o.rax, 0xd4), 0, 4)],
  ["xor %esi,%esi", "31f6", (a) => a.xor(o.esi, o.esi)],
  ["mov %rsp,%rbp", "4889e5", (a) => a.mov(o.rbp, o.rsp)],
  ["mov $0xffffffffffffffff,%rsi", "48c7c6ffffffff", (a) => a.mov(o.rsi, -1)],
  ["movabs $0x1122334455667788,%r8", "49b88877665544332211", (a) => a.mov(o.r8, 0x1122334455667788n)],
  ["movb $0x64,(%rbx)", "c60364", (a) => a.mov(o.mem(o.rbx), 0x64, 1)],
  ["movq $0x7,0x40(%rax)", "48c7404007000000", (a) => a.mov(o.mem(o.rax, 0x40), 7, 8)],
  ["movw $0x7,(%rax)", "66c7000700", (a) => a.mov(o.mem(o.rax), 7, 2)],
  ["mov %spl,(%rax)", "408820", (a) => a.mov(o.mem(o.rax), o.spl)],
  ["mov 0x1480(%rax,%rdx,1),%rax", "488b841080140000", (a) => a.mov(o.rax, o.mem(o.rax, 0x1480, o.rdx))],
  ["lea 0x0(,%rdx,8),%edx", "8d14d500000000", (a) => a.lea(o.edx, o.indexed(o.rdx, 8, 0))],
  ["lea -0x20(%rbp),%rsp", "488d65e0", (a) => a.lea(o.rsp, o.mem(o.rbp, -0x20))],
  ["mov 0x0(%r13),%rax", "498b4500", (a) => a.mov(o.rax, o.mem(o.r13))],
  ["mov (%r12),%rax", "498b0424", (a) => a.mov(o.rax, o.mem(o.r12))],
  ["mov 0x8(%r12,%r13,4),%r14", "4f8b74ac08", (a) => a.mov(o.r14, o.mem(o.r12, 8, o.r13, 4))],
  ["mov 0x0(%rax),%rax", "488b8000000000", (a) => a.mov(o.rax, o.wide(o.mem(o.rax)))],
  ["push %r12", "4154", (a) => a.push(o.r12)],
  ["pop %rbx", "5b", (a) => a.pop(o.rbx)],
  ["push $0x10", "6a10", (a) => a.push(16)],
  ["push $0x1000", "6800100000", (a) => a.push(4096)],
  ["call *%r9", "41ffd1", (a) => a.call(o.r9)],
  ["jmp *%rax", "ffe0", (a) => a.jmp(o.rax)],
  ["jmp *0x8(%rax)", "ff6008", (a) => a.jmp(o.mem(o.rax, 8))],
  ["inc %ebx", "ffc3", (a) => a.inc(o.ebx)],
  ["decq (%rax)", "48ff08", (a) => a.dec(o.mem(o.rax), 8)],
  ["neg %rax", "48f7d8", (a) => a.neg(o.rax)],
  ["div %rcx", "48f7f1", (a) => a.div(o.rcx)],
  ["imul (%rsi),%rbx", "480faf1e", (a) => a.imul(o.rbx, o.mem(o.rsi))],
  ["shr $0x20,%rdx", "48c1ea20", (a) => a.shift("shr", o.rdx, 32)],
  ["movzbl (%rsi),%eax", "0fb606", (a) => a.movzx(o.eax, o.mem(o.rsi), 1)],
  ["movslq (%rdx,%r12,4),%rax", "4a6304a2", (a) => a.movsxd(o.rax, o.mem(o.rdx, 0, o.r12, 4))],
  ["cmovne %rdi,%rsp", "480f45e7", (a) => a.cmov("ne", o.rsp, o.rdi)],
  ["sete %al", "0f94c0", (a) => a.set("e", o.al)],
  ["xchg %rbx,(%rax)", "488718", (a) => a.xchg(o.mem(o.rax), o.rbx)],
  ["xchg %eax,%edi", "97", (a) => a.xchg(o.eax, o.edi)],
  ["lock xadd %rax,(%rdi)", "f0480fc107", (a) => a.lock().xadd(o.mem(o.rdi), o.rax)],
  ["lock cmpxchg %ecx,%gs:0x8", "f0650fb10c2508000000", (a) => a.lock().cmpxchg(o.gs(8), o.ecx)],
  ["lock incl %fs:0x10", "f064ff042510000000", (a) => a.lock().inc(o.fs(0x10), 4)],
  ["syscall", "0f05", (a) => a.syscall()],
  ["rep movsb %ds:(%rsi),%es:(%rdi)", "f3a4", (a) => a.repMovsb()],
];

function assemble(emit: Emit): Uint8Array {
  const a = new Assembler();
  emit(a);
  return a.link("text", layOut(a, { base: 0x400000, headSize: 0x78 }).addresses);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const hasObjdump = spawnSync("objdump", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "sandfit-asm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The instructions that objdump reads, one a line, blanks evened out. */
function disassemble(bytes: Uint8Array): string[] {
  const path = join(folder, "code");
  writeFileSync(path, bytes);
  const { stdout } = spawnSync("objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", path], {
    encoding: "utf8",
  });
  return [...stdout.matchAll(/^\s+[0-9a-f]+:\s+(.*?)\s*(#.*)?$/gm)].map((match) => match[1].replace(/\s+/g, " "));
}

describe("one instruction", () => {
  test.each(TABLE)("%s", (_, expected, emit) => {
    expect(hex(assemble(emit))).toBe(expected);
  });

  test.skipIf(!hasObjdump)(`as objdump reads them${hasObjdump ? "" : " (no objdump here)"}`, () => {
    expect(disassemble(assemble((a) => TABLE.map(([, , emit]) => emit(a))))).toEqual(TABLE.map(([text]) => text));
  });

  test("as long as Sandfit's own decoder finds them, with the same segment", () => {
    const out = new Instruction();
    for (const [text, , emit] of TABLE) {
      const bytes = assemble(emit);
      expect(decode(bytes, 0, bytes.length, out), text).toBe(bytes.length);
      expect({ gs: out.isGs, fs: out.isFs }, text).toEqual({ gs: text.includes("%gs:"), fs: text.includes("%fs:") });
    }
  });

  test.skipIf(!hasObjdump)("every register, in every operand place", () => {
    const lines: string[] = [];
    const bytes = assemble((a) => {
      for (const base of o.r64) {
        for (const index of o.r64) {
          if (index.number === 4) continue;
          for (const disp of [0, 8, -0x1000]) {
            a.mov(base, o.mem(base, disp, index, 2));
            const shown = disp === 0 && (base.number & 7) !== 5 ? "" : disp < 0 ? "-0x1000" : `0x${disp.toString(16)}`;
            lines.push(`mov ${shown}(%${name(base)},%${name(index)},2),%${name(base)}`);
          }
        }
      }
    });
    expect(disassemble(bytes)).toEqual(lines);
  });
});

const NAMES = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
const name = (register: o.Register): string => NAMES[register.number] ?? `r${register.number}`;

describe("branches and addresses", () => {
  test("reach forwards and backwards in the form that was asked for", () => {
    const bytes = assemble((a) =>
      a.label("x").jmp("y", "short").jmp("x", "short").label("y").jmp("x").j("e", "y", "short").j("e", "y"),
    );
    expect(hex(bytes)).toBe("eb02ebfce9f7ffffff74f90f84f3ffffff");
  });

  test("count from the end of the instruction, an immediate included", () => {
    const bytes = assemble((a) => a.cmp(o.rip("x"), 1, 1).mov(o.rip("x"), 7, 8).label("x"));
    expect(hex(bytes)).toBe("803d0b0000000148c7050000000007000000");
  });

  test("all conditions", () => {
    expect(hex(assemble((a) => CONDITIONS.map((c) => a.label(c).j(c, c, "short"))))).toMatch(/^70fe71fe72fe.*7ffe$/);
  });

  test("compares with absolute addresses", () => {
    const bytes = assemble((a) => a.cmp(o.rdx, o.address("x", 0x10)).label("x"));
    expect(hex(bytes)).toBe("4881fa17104000");
  });

  test("absolute addresses", () => {
    const bytes = assemble((a) => a.mov(o.edi, o.address("x")).mov(o.rdi, o.address("x", 1)).label("x").pointer("x"));
    expect(hex(bytes)).toBe("bf0f10400048bf1010400000000000".concat("0f10400000000000"));
  });

  test("a short branch that does not reach is an error", () => {
    expect(() => assemble((a) => a.jmp("x", "short").nop(128).label("x"))).toThrow("rel8 to x does not reach: 128");
  });

  test("unknown and doubled labels are errors", () => {
    expect(() => assemble((a) => a.jmp("x"))).toThrow("label x is nowhere");
    expect(() => assemble((a) => a.label("x").label("x"))).toThrow("label x is there already");
  });
});
