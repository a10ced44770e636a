/** A launcher that forbids memory to become executable once it was not, and then becomes the program it is told. */

import { Assembler } from "../../../src/asm/assembler.js";
import { writeElf } from "../../../src/asm/elf-writer.js";
import * as o from "../../../src/asm/operands.js";

/** include/uapi/linux/prctl.h, since Linux 6.3. */
const PR_SET_MDWE = 65;
const PR_MDWE_REFUSE_EXEC_GAIN = 1;
const SYS = { execve: 59, prctl: 157, exitGroup: 231 } as const;

/** An ELF, started as `launcher FILE ARGS…`; it exits with 125 on kernels that do not know PR_SET_MDWE. */
export function mdweLauncher(): Uint8Array {
  const a = new Assembler();
  const refused = a.fresh("refused");
  a.func("_start").mov(o.rbx, o.rsp);
  a.mov(o.edi, PR_SET_MDWE).mov(o.esi, PR_MDWE_REFUSE_EXEC_GAIN);
  a.xor(o.edx, o.edx).xor(o.r10d, o.r10d).xor(o.r8d, o.r8d).mov(o.eax, SYS.prctl).syscall();
  a.test(o.rax, o.rax).j("ne", refused);
  a.mov(o.rax, o.mem(o.rbx)).lea(o.rdx, o.mem(o.rbx, 16, o.rax, 8));
  a.mov(o.rdi, o.mem(o.rbx, 16)).lea(o.rsi, o.mem(o.rbx, 16)).mov(o.eax, SYS.execve).syscall();
  a.label(refused).mov(o.edi, 125).mov(o.eax, SYS.exitGroup).syscall();
  return writeElf(a).bytes;
}
