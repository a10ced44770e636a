/** Probes of instructions and of memory: code that answers 0 where all is as on plain Linux. */

import * as o from "../asm/operands.js";
import { type ProbeTest, wrong } from "../asm/small-test.js";

export const codeTests: readonly ProbeTest[] = [
  // getpid by int $0x80 must equal getpid by syscall.
  {
    id: "int80",
    bites: wrong,
    test: (a) => {
      a.mov(o.eax, 39).syscall().mov(o.ebx, o.eax).mov(o.eax, 20).bytes(0xcd, 0x80).sub(o.eax, o.ebx);
    },
  },
  {
    id: "wrfsbase",
    bites: wrong,
    test: (a) => {
      a.lea(o.rbx, o.rip("room")).wrfsbase(o.rbx).mov(o.eax, 39).syscall().rdfsbase(o.rax).sub(o.rax, o.rbx);
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
  // A return instruction on the stack; gVisor ignores PT_GNU_STACK (google/gvisor#153).
  {
    id: "exec-stack",
    bites: wrong,
    needs: "executable-stack",
    test: (a) => void a.mov(o.eax, 0xc3).push(o.rax).call(o.rsp).pop(o.rcx).xor(o.eax, o.eax),
  },
  // %gs set by WRGSBASE must be there after system calls.
  {
    id: "wrgsbase",
    bites: wrong,
    needs: "changes-gs",
    test: (a) => {
      const again = a.fresh("again");
      a.lea(o.rbx, o.rip("room")).wrgsbase(o.rbx).mov(o.r12d, 50);
      a.label(again).mov(o.eax, 39).syscall().dec(o.r12d).j("ne", again).rdgsbase(o.rax).sub(o.rax, o.rbx);
    },
  },
  // Loads the null selector.
  {
    id: "gs-selector-load",
    bites: wrong,
    needs: "changes-gs",
    test: (a) => void a.xor(o.eax, o.eax).movToSegment("gs", o.eax).mov(o.eax, 39).syscall().xor(o.eax, o.eax),
  },
];
