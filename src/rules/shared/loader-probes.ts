/** The probes of the loader's rules: small programs of the shape that a rule speaks of. Each is started and ends with 0 where all is well. */

import { Assembler } from "../../asm/assembler.js";
import { type ElfOptions, writeElf } from "../../asm/elf-writer.js";
import { writeElf32 } from "../../asm/elf32.js";
import {
  alignedTo,
  firstTwoSwapped,
  headersAway,
  identByte,
  loadEndingAt,
  loadPastEnd,
  moreHeaders,
  PT_LOAD,
  withInterpreters,
} from "../../asm/loader-shapes.js";
import * as o from "../../asm/operands.js";
import { type ProbeTest, type Started, wrong } from "../../asm/small-test.js";

const SYS_EXIT = 60;
/** Entries of the auxiliary vector (System V ABI, 3.4.1). */
const [AT_PHDR, AT_ENTRY] = [3, 9];
/** EI_VERSION, which should be 1. */
const EI_VERSION = 6;
const FAR = 0x10000000;
const GIBI = 1 << 30;

const starts = (id: string, file: () => Uint8Array, more: Partial<Started> = {}): ProbeTest => ({
  id,
  bites: wrong,
  test: { file, ...more },
});

export const loadOrderProbe = starts("load-order", () => firstTwoSwapped(program()));
export const phdrCountProbe = starts("phdr-count", () => moreHeaders(program(), 80));
export const elfIdentProbe = starts("elf-ident", () => identByte(program(), EI_VERSION, 0));
export const bssPastEofProbe = starts("bss-past-eof", () => loadPastEnd(program(), FAR));
/** Started as its owner, who may not read it. Root may read everything, so for root this bites nowhere. */
export const execOnlyModeProbe = starts("exec-only-mode", () => program(), { mode: 0o111 });

/** The first program header, found by AT_PHDR, has to be a PT_LOAD. */
export const phdrNotInFirstLoadProbe = starts("phdr-not-in-first-load", () => {
  const checks = program((a) => {
    findEntry(a, AT_PHDR);
    a.xor(o.edi, o.edi).cmp(o.mem(o.rax), PT_LOAD, 4).set("ne", o.dil);
  });
  return headersAway(checks, FAR);
});

/** A word behind the end of .rodata's segment, on the same page. */
export const loadTailDataProbe = starts("load-tail-data", () => {
  const a = new Assembler();
  a.func("_start").mov(o.edi, o.rip("far")).sub(o.edi, 77);
  exit(a).section("rodata").zeros(64).object("far").u64(77).section("text");
  const { bytes, labels } = writeElf(a);
  return loadEndingAt(bytes, labels.get("far")!);
});

/** The first interpreter is there and ends with 0, the second is not. */
export const interpDuplicateProbe = starts(
  "interp-duplicate",
  () => withInterpreters(program(undefined, { kind: "pie" }), ["./interp-duplicate.helper", "/nonexistent/ld.so"]),
  { helper: () => program(undefined, { kind: "pie" }) },
);

/**
 * A PIE that wants a multiple of 1 GiB, which is not hit by chance. Its interpreter looks, since Linux keeps p_align in a PIE that has
 * one since 5.10, and in others only since 6.10.
 */
export const pieAlignProbe = starts(
  "pie-align",
  () => alignedTo(withInterpreters(program(undefined, { kind: "pie" }), ["./pie-align.helper"]), GIBI),
  {
    helper: () =>
      program(
        (a) => {
          findEntry(a, AT_ENTRY);
          a.xor(o.edi, o.edi)
            .and(o.eax, GIBI - 1)
            .cmp(o.eax, PIE_ENTRY)
            .set("ne", o.dil);
        },
        { kind: "pie" },
      ),
  },
);
/** Where the text of a program begins that has its headers in a segment in front: the address of `_start` in a PIE. */
const PIE_ENTRY = 0x1000;

/** A first line of 140 bytes, all of them its path. */
export const shebangLongProbe = starts("shebang-long", () => scriptFor(`#!${"./".repeat(60)}shebang-long.helper\n`), {
  helper: () => program(),
});

/** The interpreter is given one letter as its argument; blanks behind it would be more. */
export const shebangTrailingBlankProbe = starts(
  "shebang-trailing-blank",
  () => scriptFor("#!./shebang-trailing-blank.helper x \t \n"),
  {
    helper: () =>
      program((a) => {
        // argv[1] is three words up from where %rsp was.
        a.mov(o.rax, o.mem(o.rsp, 16)).xor(o.edi, o.edi).cmp(o.mem(o.rax, 1), 0, 1).set("ne", o.dil);
      }),
  },
);

/** uname's release has to be 4.11 or more, which is what the libraries ask for that are known to be passed over (Qt). */
export const abiTagProbe: ProbeTest = {
  id: "abi-tag",
  bites: wrong,
  test: (a) => {
    // struct utsname has fields of 65 bytes; the release is the third.
    a.lea(o.rdi, o.rip("room")).mov(o.eax, 63).syscall().lea(o.rsi, o.rip("room", 130)).mov(o.ecx, 10);
    const number = (): void => {
      const [next, end] = [a.fresh("digit"), a.fresh("end")];
      a.xor(o.edx, o.edx).label(next).movzx(o.eax, o.mem(o.rsi), 1).inc(o.rsi).sub(o.eax, 0x30);
      a.cmp(o.eax, 9).j("a", end).imul(o.edx, o.ecx).add(o.edx, o.eax).jmp(next).label(end);
    };
    number();
    a.mov(o.ebx, o.edx).shift("shl", o.ebx, 16);
    number();
    a.add(o.ebx, o.edx)
      .xor(o.eax, o.eax)
      .cmp(o.ebx, (4 << 16) | 11)
      .set("b", o.al);
  },
};

/** An i386 program: mov $1,%eax; xor %ebx,%ebx; int $0x80. */
export const wrongClassProbe = starts("wrong-class", () => writeElf32(Uint8Array.of(0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80)));

/** A static program that ends with what `body` leaves in %edi; 0 without one. */
function program(body: (a: Assembler) => void = (a) => void a.xor(o.edi, o.edi), options: ElfOptions = {}): Uint8Array {
  const a = new Assembler();
  body(a.func("_start"));
  exit(a);
  return writeElf(a, { separateHead: true, ...options }).bytes;
}

function exit(a: Assembler): Assembler {
  return a.mov(o.eax, SYS_EXIT).syscall();
}

/** The value of an entry of the auxiliary vector to %rax: behind argc, argv, NULL, the environment, NULL. */
function findEntry(a: Assembler, type: number): void {
  const [environment, entries, found] = ["environment", "entries", "found"].map((stem) => a.fresh(stem));
  a.mov(o.rcx, o.mem(o.rsp)).lea(o.rsi, o.mem(o.rsp, 16, o.rcx, 8));
  a.label(environment).add(o.rsi, 8).cmp(o.mem(o.rsi, -8), 0, 8).j("ne", environment, "short");
  a.label(entries).cmp(o.mem(o.rsi), type, 8).j("e", found, "short").add(o.rsi, 16).jmp(entries, "short");
  a.label(found).mov(o.rax, o.mem(o.rsi, 8));
}

function scriptFor(firstLine: string): Uint8Array {
  return new TextEncoder().encode(firstLine);
}
