/** The launcher: a static ELF that puts a seccomp filter over itself and becomes the program it is told. */

import { Assembler } from "../../asm/assembler.js";
import { writeElf } from "../../asm/elf-writer.js";
import * as o from "../../asm/operands.js";

const SYS = { write: 1, execve: 59, prctl: 157, exitGroup: 231, seccomp: 317 } as const;
const ENOENT = 2;
const ENOEXEC = 8;

/**
 * Started as `launcher FILE ARGV0 ARGS…`: sets no_new_privs, loads the filter and executes FILE. Like execvp(3) it hands a file in no
 * executable format to /bin/sh. It exits with 126, or 127 where there is no such file, as shells do, and 125 where no filter can be had.
 */
export function launcherProgram(filter: Uint8Array): Uint8Array {
  const a = new Assembler();
  const [loaded, refused, found] = ["loaded", "refused", "found"].map((stem) => a.fresh(stem));
  a.func("_start").mov(o.rbx, o.rsp);
  a.mov(o.rax, o.mem(o.rbx)).lea(o.r12, o.mem(o.rbx, 16, o.rax, 8)); // envp
  a.cmp(o.rax, 3).j("b", refused);
  // PR_SET_NO_NEW_PRIVS = 38: lets an ordinary user load a filter (seccomp(2)).
  a.mov(o.edi, 38).mov(o.esi, 1).xor(o.edx, o.edx).xor(o.r10d, o.r10d).xor(o.r8d, o.r8d).mov(o.eax, SYS.prctl).syscall();
  a.mov(o.edi, 1).xor(o.esi, o.esi).lea(o.rdx, o.rip("fprog")).mov(o.eax, SYS.seccomp).syscall();
  a.test(o.rax, o.rax).j("e", loaded);
  a.label(refused);
  complain(a, "sandfit: this kernel takes no seccomp filter from this process\n", 125);
  a.label(loaded);
  a.mov(o.rdi, o.mem(o.rbx, 16)).lea(o.rsi, o.mem(o.rbx, 24)).mov(o.rdx, o.r12).mov(o.eax, SYS.execve).syscall();
  const cannot = a.fresh("cannot");
  a.cmp(o.rax, -ENOEXEC).j("ne", cannot);
  // sh FILE ARGS…: FILE takes the place of ARGV0, and the shell that of FILE.
  a.mov(o.rax, o.mem(o.rbx, 16)).mov(o.mem(o.rbx, 24), o.rax).lea(o.rdi, o.rip("shell")).mov(o.mem(o.rbx, 16), o.rdi);
  a.lea(o.rsi, o.mem(o.rbx, 16)).mov(o.rdx, o.r12).mov(o.eax, SYS.execve).syscall();
  a.label(cannot).cmp(o.rax, -ENOENT).j("ne", found);
  complain(a, "sandfit: no such program\n", 127);
  a.label(found);
  complain(a, "sandfit: the program cannot be executed\n", 126);
  a.section("rodata").label("shell").ascii("/bin/sh\0").align(8).object("filter").bytes(filter);
  // struct sock_fprog: the count of instructions, then their address.
  a.align(8)
    .object("fprog")
    .u64(filter.length / 8)
    .pointer("filter")
    .section("text");
  return writeElf(a).bytes;
}

function complain(a: Assembler, message: string, code: number): void {
  const label = a.fresh("message");
  a.section("rodata").label(label).ascii(message).section("text");
  a.mov(o.edi, 2).lea(o.rsi, o.rip(label)).mov(o.edx, message.length).mov(o.eax, SYS.write).syscall();
  a.mov(o.edi, code).mov(o.eax, SYS.exitGroup).syscall();
}
