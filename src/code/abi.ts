/** Numbers by which programs and the kernel understand each other on x86-64. */

/** x86-64 registers by their numbers in the encoding. */
export const Register = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
} as const;

/** Registers of the arguments of a system call (System V ABI, A.2.1) and of a function call (3.2.3). */
export const systemCallArguments = [Register.rdi, Register.rsi, Register.rdx, Register.r10, Register.r8, Register.r9] as const;
export const functionArguments = [Register.rdi, Register.rsi, Register.rdx, Register.rcx, Register.r8, Register.r9] as const;

/** arch_prctl's number and codes (Linux arch/x86/include/uapi/asm/prctl.h). */
export const ARCH_PRCTL = 158;
export const ArchCode = { SET_GS: 0x1001, SET_FS: 0x1002, GET_FS: 0x1003, GET_GS: 0x1004 } as const;
