/** What a signal's handler is told. */

import type { Assembler } from "../../asm/assembler.js";
import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { about, type Cure, sentry } from "./define.js";

const cure: Cure = { how: "none", because: "it is no answer of a system call" };

/** Installs a handler for a signal that puts `seen` into %eax (siginfo at %rsi, ucontext at %rdx), then does `fault`. */
const handlerSees = (signal: number, seen: (a: Assembler) => void, fault: (a: Assembler) => void) => (a: Assembler) => {
  const [handler, install] = [a.fresh("handler"), a.fresh("install")];
  a.jmp(install).label(handler);
  seen(a);
  a.mov(o.mem(o.r14), o.rax).xor(o.edi, o.edi).mov(o.eax, 60).syscall();
  // struct sigaction of the kernel: handler, flags SA_SIGINFO|SA_RESTORER, restorer, mask.
  a.label(install).lea(o.rax, o.rip(handler)).mov(o.rip("room"), o.rax).mov(o.rip("room", 16), o.rax);
  a.mov(o.rip("room", 8), 0x4000004, 8).mov(o.edi, signal).lea(o.rsi, o.rip("room")).xor(o.edx, o.edx).mov(o.r10d, 8);
  a.mov(o.eax, 13).syscall();
  fault(a);
};
const code = (a: Assembler) => void a.mov(o.eax, o.mem(o.rsi, 8));
/** mmap of a page with these rights, flags and file (in %r8), and a read of it. */
const readPage = (a: Assembler, rights: number, flags: number) => {
  a.xor(o.edi, o.edi).mov(o.esi, 4096).mov(o.edx, rights).mov(o.r10d, flags).xor(o.r9d, o.r9d).mov(o.eax, 9).syscall();
  a.mov(o.rax, o.mem(o.rax));
};

export const signals = about("signals", [
  {
    id: "signal-frame",
    title: "a handler finds 0 as number and code of the fault",
    kind: "silent",
    asks: [],
    linux: { answer: "14" },
    consequence:
      "Handlers of SIGSEGV that look at gregs[REG_TRAPNO] or gregs[REG_ERR] (SQL Server, Wine, emulators, garbage collectors that ask whether it was a write) take a page fault for something else and give up; si_code and the address are right",
    remedies: [{ option: "use si_code and si_addr, in a program of your own" }],
    source: [sentry("arch/signal_amd64.go", 146)],
    reports: ["https://github.com/google/gvisor/issues/159", "https://github.com/google/gvisor/issues/11112"],
    probe: {
      // gregs[REG_TRAPNO] is 0xc8 into ucontext.
      steps: handlerSees(
        11,
        (a) => void a.mov(o.rax, o.mem(o.rdx, 0xc8)).sub(o.rax, 14),
        (a) => void a.xor(o.eax, o.eax).mov(o.mem(o.rax), o.rax),
      ),
      words: { 0: "14", [-14]: "0" },
      anywhere: wrong,
    },
    cure,
  },
  {
    id: "segv-accerr",
    title: "a fault in a PROT_NONE page was SEGV_MAPERR until 2026",
    kind: "silent",
    asks: [],
    linux: { answer: "SEGV_ACCERR" },
    consequence:
      "Runtimes that stop threads by such a page (Julia's garbage collector, some virtual machines) take it for a wild pointer and crash",
    reports: ["https://github.com/google/gvisor/issues/12518", "https://github.com/JuliaLang/julia/issues/60766"],
    probe: {
      steps: handlerSees(11, code, (a) => {
        a.mov(o.r8, -1);
        readPage(a, 0, 0x22);
      }),
      words: { 1: "SEGV_MAPERR", 2: "SEGV_ACCERR" },
    },
    cure,
  },
  {
    id: "sigbus-code",
    title: "a fault behind the end of a mapped file is BUS_ADRALN",
    kind: "silent",
    asks: [],
    linux: { answer: "BUS_ADRERR" },
    consequence: "Databases and archivers that map files and handle their being cut off take it for a misaligned pointer",
    probe: {
      steps: handlerSees(7, code, (a) => {
        a.lea(o.rdi, o.rip("room", 0x200)).xor(o.esi, o.esi).mov(o.eax, 319).syscall().mov(o.r8, o.rax);
        readPage(a, 3, 1);
      }),
      words: { 1: "BUS_ADRALN", 2: "BUS_ADRERR" },
    },
    cure,
  },
]);
