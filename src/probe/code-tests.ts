/** Probes of instructions and of memory: code that answers 0 where all is as on plain Linux. */

import * as o from "../asm/operands.js";
import type { Test } from "./script.js";

export const codeTests: readonly Test[] = [
  // A mapping with MAP_GROWSDOWN is touched two pages below its start, as a thread's stack would be.
  {
    id: "growsdown",
    test: (a) => {
      // Room first, so that nothing lies below: 64 pages reserved, then given back, then the top one mapped growing.
      a.xor(o.edi, o.edi).mov(o.esi, 0x400000).xor(o.edx, o.edx).mov(o.r10d, 0x22).mov(o.r8, -1).xor(o.r9d, o.r9d);
      a.mov(o.eax, 9).syscall().mov(o.rbx, o.rax);
      a.mov(o.rdi, o.rbx).mov(o.esi, 0x400000).mov(o.eax, 11).syscall();
      a.lea(o.rdi, o.mem(o.rbx, 0x3ff000)).mov(o.esi, 0x1000).mov(o.edx, 3).mov(o.r10d, 0x132).mov(o.r8, -1).xor(o.r9d, o.r9d);
      a.mov(o.eax, 9).syscall().lea(o.rsp, o.mem(o.rax, 0xff0));
      for (let i = 0; i < 3; i++) a.sub(o.rsp, 0x1000).push(0);
      // The old stack is gone from %rsp: answer 0 and end here.
      a.mov(o.mem(o.r14), 0, 8).xor(o.edi, o.edi).mov(o.eax, 60).syscall();
    },
  },
  // getpid by int $0x80 must equal getpid by syscall.
  {
    id: "int80",
    test: (a) => {
      a.mov(o.eax, 39).syscall().mov(o.ebx, o.eax).mov(o.eax, 20).bytes(0xcd, 0x80).sub(o.eax, o.ebx);
    },
  },
  {
    id: "wrfsbase",
    test: (a) => {
      a.lea(o.rbx, o.rip("room")).wrfsbase(o.rbx).mov(o.eax, 39).syscall().rdfsbase(o.rax).sub(o.rax, o.rbx);
    },
  },
  // A page marked MADV_WIPEONFORK must be zero in a child: the child's view is its exit code.
  {
    id: "wipe-on-fork-child",
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

/** Run last, in a process of their own whose PT_GNU_STACK asks for an executable stack. */
export const lastTests: readonly Test[] = [
  // A return instruction on the stack; gVisor ignores PT_GNU_STACK (google/gvisor#153).
  { id: "exec-stack", test: (a) => void a.mov(o.eax, 0xc3).push(o.rax).call(o.rsp).pop(o.rcx).xor(o.eax, o.eax) },
];

/**
 * Change %gs. On systrap that takes down programs of the same sandbox that are started later (seen with 2024-07 and 2026-09: after it,
 * six of six /bin/true died), so these are run only where the platform is another.
 */
export const gsTests: readonly Test[] = [
  // %gs set by WRGSBASE must be there after system calls.
  {
    id: "wrgsbase",
    test: (a) => {
      const again = a.fresh("again");
      a.lea(o.rbx, o.rip("room")).wrgsbase(o.rbx).mov(o.r12d, 50);
      a.label(again).mov(o.eax, 39).syscall().dec(o.r12d).j("ne", again).rdgsbase(o.rax).sub(o.rax, o.rbx);
    },
  },
  // Loads the null selector.
  {
    id: "gs-selector-load",
    test: (a) => void a.xor(o.eax, o.eax).movToSegment("gs", o.eax).mov(o.eax, 39).syscall().xor(o.eax, o.eax),
  },
];
