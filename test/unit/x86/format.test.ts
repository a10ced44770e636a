/** AT&T text, by hand. test/proof/x86 holds it against objdump -d on real code. */

import { describe, expect, test } from "vitest";
import { decode } from "../../../src/x86/decode.js";
import { format } from "../../../src/x86/format.js";
import { Instruction } from "../../../src/x86/instruction.js";

const insn = new Instruction();
const ADDRESS = 0x401000;

function text(hex: string, nameOf?: (address: number) => string | undefined): string {
  const bytes = Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
  expect(decode(bytes, 0, bytes.length, insn)).toBe(bytes.length);
  return format(insn, bytes, ADDRESS, nameOf);
}

describe("by hand", () => {
  test.each([
    ["65 48 8b 04 25 30 00 00 00", "mov %gs:0x30,%rax"],
    ["64 48 8b 04 25 f8 ff ff ff", "mov %fs:0xfffffffffffffff8,%rax"],
    ["65 48 a1 30 00 00 00 00 00 00 00", "movabs %gs:0x30,%rax"],
    ["bf 01 10 00 00", "mov $0x1001,%edi"],
    ["48 c7 c7 ff ff ff ff", "mov $0xffffffffffffffff,%rdi"],
    ["48 b8 88 77 66 55 44 33 22 91", "movabs $0x9122334455667788,%rax"],
    ["0f 05", "syscall"],
    ["48 8d 7c 24 10", "lea 0x10(%rsp),%rdi"],
    ["48 8d 3d 10 00 00 00", "lea 0x10(%rip),%rdi  # 0x401017"],
    ["75 fe", "jne 0x401000"],
    ["e8 fb 0f 00 00", "call 0x402000"],
    ["ff 25 00 10 00 00", "jmp *0x1000(%rip)  # 0x402006"],
    ["f2 ff 25 00 10 00 00", "bnd jmp *0x1000(%rip)  # 0x402007"],
    ["3e ff d0", "notrack call *%rax"],
    ["f3 0f 1e fa", "endbr64"],
    ["66 2e 0f 1f 84 00 00 00 00 00", "cs nopw 0x0(%rax,%rax,1)"],
    ["66 66 2e 0f 1f 84 00 00 00 00 00", "data16 cs nopw 0x0(%rax,%rax,1)"],
    ["f3 48 ab", "rep stos %rax,%es:(%rdi)"],
    ["f3 a4", "rep movsb %ds:(%rsi),%es:(%rdi)"],
    ["f2 ae", "repnz scas %es:(%rdi),%al"],
    ["f0 48 0f c7 0f", "lock cmpxchg16b (%rdi)"],
    ["c8 10 00 00", "enter $0x10,$0x0"],
    ["88 e0", "mov %ah,%al"],
    ["40 88 e0", "mov %spl,%al"],
    ["83 3f 00", "cmpl $0x0,(%rdi)"],
    ["0f b6 c0", "movzbl %al,%eax"],
    ["48 63 d0", "movslq %eax,%rdx"],
    ["f3 48 0f ae c8", "rdgsbase %rax"],
    ["66 48 0f 6e c7", "movq %rdi,%xmm0"],
    ["67 8b 07", "mov (%edi),%eax"],
    ["cd 80", "int $0x80"],
    ["66 90", "xchg %ax,%ax"],
    ["48 d1 e8", "shr $1,%rax"],
  ])("%s", (hex, wanted) => expect(text(hex)).toBe(wanted));

  test("names stand behind targets and fixed addresses", () => {
    const nameOf = (address: number) => (address === 0x402000 ? "main" : undefined);
    expect(text("e8 fb 0f 00 00", nameOf)).toBe("call 0x402000 <main>");
    expect(text("48 8d 3d f9 0f 00 00", nameOf)).toBe("lea 0xff9(%rip),%rdi  # 0x402000 <main>");
    expect(text("e8 00 00 00 00", nameOf)).toBe("call 0x401005");
  });

  test("what has no name here is shown as bytes, and so is a prefix that the text would not tell of", () => {
    expect(text("c5 f8 77")).toBe("(c5 f8 77)");
    expect(text("48 c3")).toBe("(48 c3)");
    expect(text("2e 74 00")).toBe("(2e 74 00)");
  });

  test("the offset of the bytes does not matter", () => {
    const code = new Uint8Array(100).fill(0x90);
    code.set([0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8], 50);
    expect(decode(code, 50, 100, insn)).toBe(10);
    expect(format(insn, code, ADDRESS)).toBe("movabs $0x807060504030201,%rax");
    code.set([0xeb, 0x02], 50);
    decode(code, 50, 100, insn);
    expect(format(insn, code, ADDRESS)).toBe("jmp 0x401004");
  });
});
