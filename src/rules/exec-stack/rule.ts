/** Code on the stack: PT_GNU_STACK asks for an executable one, and gVisor does not look at it. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { positionsOf } from "../../bytes/find.js";
import { forEachInstructionWith } from "../../code/code.js";
import { Evidence } from "../../code/evidence.js";
import { hex } from "../../errors.js";
import { always } from "../../gvisor/behaviour.js";
import { PT_GNU_STACK } from "../../image/elf-segments.js";
import type { Instruction } from "../../x86/instruction.js";
import { type Analysis, type Change, defineRule, type Repair, type Subject } from "../define.js";
import { change, findCave, HeaderTable, headerChange, headerSite, isStarted } from "../shared/headers.js";
import { consequenceOf } from "../shared/reach.js";
import { siteAt } from "../shared/sites.js";

const PF_X = 1;
/** Offset of e_entry in an Elf64_Ehdr. */
const E_ENTRY = 24;

export const execStack = defineRule({
  id: "exec-stack",
  fixable: true,
  words: {
    title: "code on the stack",
    summary: ({ facts }) =>
      `PT_GNU_STACK asks for an executable stack; code is made or called there at ${facts["uses"]} place${facts["uses"] === 1 ? "" : "s"}`,
    why:
      "gVisor ignores PT_GNU_STACK and maps the main stack readable and writable only, so code there (GCC's trampolines for nested functions, " +
      "hand-written thunks) ends in SIGSEGV. mprotect on the stack works.",
    remedy: (finding) =>
      (finding.repair?.refusals.length ?? 1) === 0
        ? "`sandfit fix` puts an mprotect of the stack in front of the entry point"
        : "build it with -ftrampoline-impl=heap (GCC 14), without nested functions whose address is taken, or mprotect the stack at start",
    links: ["https://github.com/google/gvisor/issues/153"],
  },
  behaviour: always("fails"),
  probe: {
    id: "exec-stack",
    bites: wrong,
    needs: "executable-stack",
    test: (a) => void a.mov(o.eax, 0xc3).push(o.rax).call(o.rsp).pop(o.rcx).xor(o.eax, o.eax),
  },
  signature: { signals: ["SIGSEGV"] },
  async find(subject) {
    const { view } = subject;
    if (!isStarted(subject) || view.machine !== "x86-64") return undefined;
    const index = view.programHeaders.findIndex((header) => header.type === PT_GNU_STACK);
    if (
      index < 0 ||
      (view.programHeaders[index].flags & PF_X) === 0 ||
      !STACK_BYTES.some((bytes) => positionsOf(bytes, subject.codeBytes).length > 0)
    )
      return undefined;
    if (startsWithStub(subject)) return undefined;
    const analysis = await subject.code();
    const uses = usesOf(analysis);
    if (uses.length === 0) return undefined;
    return {
      behaviour: always(consequenceOf(analysis.code, uses)),
      sites: [
        await headerSite(subject, index, "asks for an executable stack"),
        ...uses.map((position) => siteAt(analysis.code, position, "code on the stack")),
      ],
      facts: { uses: uses.length },
      repair: await entryStub(subject),
    };
  },
});

/** The end of GCC's trampoline (gcc/config/i386/i386.cc, ix86_trampoline_init): `jmp *%r11; nop`, stored as one word. */
const TRAMPOLINE = [0x49, 0xff, 0xe3, 0x90];
const CALL_RSP = [0xff, 0xd4];
const JMP_RSP = [0xff, 0xe4];

const STACK_BYTES = [TRAMPOLINE, CALL_RSP, JMP_RSP];

function usesOf({ code }: Analysis): number[] {
  const uses: number[] = [];
  const isThroughRsp = (instruction: Instruction): boolean =>
    instruction.opcode === 0xff && instruction.mod === 3 && instruction.rm === 4 && [2, 4].includes(instruction.extension);
  forEachInstructionWith(code, STACK_BYTES, (position, instruction) => {
    const isStore = instruction.immSize === 4 && instruction.imm >>> 0 === 0x90e3ff49;
    // Two bytes are soon met in what is no code: a pointer alone is not enough for them.
    const isFirm = isStore || (isThroughRsp(instruction) && code.walk.rankAt(position) >= Evidence.Unwind);
    if (isFirm && code.walk.isReachedOnLinux(position)) uses.push(position);
  });
  return uses;
}

/**
 * What goes in front of the entry point. Linux starts programs with all registers 0, which some that are made by hand build on; they and
 * the flags are so again behind it. mprotect's PROT_GROWSDOWN reaches down to the stack's start (mm/mprotect.c; gVisor's sys_mmap.go
 * has it too).
 */
const STUB = Uint8Array.of(
  ...[0x49, 0x89, 0xd1], // mov %rdx,%r9
  ...[0x48, 0x89, 0xe7], // mov %rsp,%rdi
  0x9c, // pushf
  ...[0x48, 0x81, 0xe7, 0x00, 0xf0, 0xff, 0xff], // and $-4096,%rdi
  ...[0xbe, 0x00, 0x10, 0x00, 0x00], // mov $4096,%esi
  ...[0xba, 0x07, 0x00, 0x00, 0x01], // mov $PROT_READ|PROT_WRITE|PROT_EXEC|PROT_GROWSDOWN,%edx
  ...[0xb8, 0x0a, 0x00, 0x00, 0x00], // mov $mprotect,%eax
  ...[0x0f, 0x05], // syscall
  ...[0x4c, 0x89, 0xca], // mov %r9,%rdx
  ...[0x31, 0xc0, 0x31, 0xc9, 0x31, 0xf6, 0x31, 0xff], // xor: %eax, %ecx, %esi, %edi
  ...[0x45, 0x31, 0xc9, 0x45, 0x31, 0xdb], // xor: %r9d, %r11d
  0x9d, // popf
  0xe9, // jmp entry
);

/** Whether the entry point is such a stub already. */
function startsWithStub({ space, view }: Subject): boolean {
  const at = space.positionOf(view.entry);
  return at >= 0 && STUB.every((byte, i) => space.bytes[at + i] === byte);
}

async function entryStub(subject: Subject): Promise<Repair<Change>> {
  const { view } = subject;
  const size = STUB.length + 4;
  const cave = await findCave(subject, size, (load) => (load.flags & PF_X) !== 0);
  if (cave === undefined)
    return { edits: [], refusals: ["there is no room for an entry stub in the padding of an executable segment"] };
  const code = new Uint8Array(size);
  code.set(STUB);
  new DataView(code.buffer).setInt32(STUB.length, view.entry - (cave.address + size), true);
  const table = await HeaderTable.read(subject);
  const grown = cave.offset + size - cave.load.offset;
  table.set(cave.load.index, "fileSize", grown);
  table.set(cave.load.index, "memorySize", grown);
  return {
    edits: [
      headerChange(view, E_ENTRY, cave.address, `e_entry ${hex(view.entry)} → ${hex(cave.address)}: the stub first`),
      change(cave.offset, new Uint8Array(size), code, "mprotect of the stack, then a jump to the entry point"),
      ...table.changes(() => `the executable segment grows over the stub, to ${hex(grown)} bytes`),
    ],
    refusals: [],
  };
}
