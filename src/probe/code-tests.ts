/** Probes of instructions and of memory: code that answers 0 where all is as on plain Linux. */

import * as o from "../asm/operands.js";
import { type ProbeTest, wrong } from "../asm/small-test.js";

export const codeTests: readonly ProbeTest[] = [
  // A handler of SIGSEGV must find the number of a page fault, 14, in its signal frame (gregs[REG_TRAPNO], 0xc8 into ucontext).
  {
    id: "signal-frame",
    bites: wrong,
    test: (a) => {
      const [handler, install] = [a.fresh("handler"), a.fresh("install")];
      a.jmp(install).label(handler).mov(o.rax, o.mem(o.rdx, 0xc8)).sub(o.rax, 14).mov(o.mem(o.r14), o.rax);
      a.xor(o.edi, o.edi).mov(o.eax, 60).syscall();
      // struct sigaction of the kernel: handler, flags SA_SIGINFO|SA_RESTORER, restorer, mask.
      a.label(install).lea(o.rax, o.rip(handler)).mov(o.rip("room"), o.rax).mov(o.rip("room", 16), o.rax);
      a.mov(o.rip("room", 8), 0x4000004, 8).mov(o.edi, 11).lea(o.rsi, o.rip("room")).xor(o.edx, o.edx).mov(o.r10d, 8);
      a.mov(o.eax, 13).syscall().xor(o.eax, o.eax).mov(o.mem(o.rax), o.rax);
    },
  },
  // A page marked MADV_WIPEONFORK must be zero in a child: the child's view is its exit code.
  {
    id: "wipe-on-fork-child",
    bites: wrong,
    test: (a) => {
      const parent = a.fresh("parent");
      a.xor(o.edi, o.edi).mov(o.esi, 4096).mov(o.edx, 3).mov(o.r10d, 0x22).mov(o.r8, -1).xor(o.r9d, o.r9d);
      a.mov(o.eax, 9).syscall().mov(o.rbx, o.rax).mov(o.mem(o.rbx), 7, 4);
      a.mov(o.rdi, o.rbx).mov(o.esi, 4096).mov(o.edx, 18).mov(o.eax, 28).syscall();
      a.mov(o.eax, 57).syscall().test(o.eax, o.eax).j("ne", parent);
      a.mov(o.edi, o.mem(o.rbx)).mov(o.eax, 60).syscall();
      a.label(parent).mov(o.rdi, o.rax).lea(o.rsi, o.rip("room")).xor(o.edx, o.edx).xor(o.r10d, o.r10d).mov(o.eax, 61).syscall();
      a.mov(o.eax, o.rip("room")).shift("shr", o.eax, 8);
    },
  },
];
