/** The probe of stack-growsdown: what shows whether a mapping with MAP_GROWSDOWN grows. */

import * as o from "../../asm/operands.js";
import { type ProbeTest, wrong } from "../../asm/small-test.js";

/** A mapping with MAP_GROWSDOWN is touched two pages below its start, as a thread's stack would be. */
export const growsdownProbe: ProbeTest = {
  id: "growsdown",
  bites: wrong,
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
};
