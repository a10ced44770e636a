/* x86-64: registers of a tracee, how the tracer itself enters the kernel, and numbers of calls. One such file per architecture. */
#pragma once

#define ARCHITECTURE 62 /* EM_X86_64 */

/* struct user_regs_struct of <sys/user.h>: what PTRACE_GETREGS fills. */
struct registers {
  u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss, fs_base,
      gs_base, ds, es, fs, gs;
};

enum {
  NR_read = 0, NR_write = 1, NR_open = 2, NR_close = 3, NR_stat = 4, NR_fstat = 5, NR_mmap = 9, NR_rt_sigaction = 13, NR_rt_sigprocmask = 14, NR_ioctl = 16, NR_pread64 = 17, NR_access = 21,
  NR_sendmsg = 46, NR_sendto = 44, NR_dup = 32, NR_dup2 = 33, NR_setitimer = 38, NR_getpid = 39, NR_socket = 41, NR_accept = 43,
  NR_clone = 56, NR_fork = 57, NR_vfork = 58, NR_execve = 59, NR_exit = 60, NR_wait4 = 61, NR_kill = 62, NR_fcntl = 72, NR_ptrace = 101,
  NR_getppid = 110, NR_prctl = 157, NR_setrlimit = 160, NR_exit_group = 231, NR_accept4 = 288, NR_dup3 = 292, NR_pipe2 = 293,
  NR_tkill = 200, NR_process_vm_readv = 310, NR_process_vm_writev = 311, NR_seccomp = 317, NR_execveat = 322, NR_clone3 = 435,
};

/* arguments in rdi rsi rdx r10 r8 r9; the kernel destroys rcx and r11. */
static inline s64 enter(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  register u64 r10 __asm__("r10") = d;
  register u64 r8 __asm__("r8") = e;
  register u64 r9 __asm__("r9") = f;
  s64 result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* The kernel jumps to _start with argc at the top of the stack; a signal handler returns through restorer. */
#define ENTRY_CODE \
  __asm__(".globl _start\n_start: xor %ebp,%ebp; mov %rsp,%rdi; and $-16,%rsp; call start\n" \
          ".globl restorer\nrestorer: mov $15,%eax; syscall\n")
#define SIGACTION_FLAGS 0x04000000 /* SA_RESTORER: without libc the kernel has to be told */

#define PTRACE_GETREGS 12
#define PTRACE_SETREGS 13
static inline s64 read_registers(int tid, struct registers *into) {
  return enter(NR_ptrace, PTRACE_GETREGS, tid, 0, (u64)into, 0, 0);
}
static inline s64 write_registers(int tid, const struct registers *from) {
  return enter(NR_ptrace, PTRACE_SETREGS, tid, 0, (u64)from, 0, 0);
}

static inline u64 number_in(const struct registers *r) { return r->orig_rax; }
static inline void set_number(struct registers *r, u64 number) { r->orig_rax = number; }
static inline s64 result_in(const struct registers *r) { return (s64)r->rax; }
static inline void set_result(struct registers *r, s64 result) { r->rax = (u64)result; }
static inline u64 stack_in(const struct registers *r) { return r->rsp; }
static inline u64 place_in(const struct registers *r) { return r->rip; }
#define RED_ZONE 128

static inline u64 *argument_in(struct registers *r, int i) {
  u64 *all[6] = {&r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9};
  return all[i];
}

/* What clone(2) was asked for, at the stop for a new task. A 32-bit program has its argument elsewhere. */
static inline u64 clone_flags(struct registers *r, u64 clone3_flags) {
  if (r->cs != 0x33) return r->orig_rax == 120 ? r->rbx : 0;
  return r->orig_rax == NR_clone ? r->rdi : r->orig_rax == NR_clone3 ? clone3_flags : 0;
}

/* 32-bit programs (cs 0x23) and x32 calls (bit 30) have other numbers: they are left alone. */
static inline int is_foreign(const struct registers *r) { return r->cs != 0x33 || (r->orig_rax & 0x40000000 && (s64)r->orig_rax > 0); }

/* At the entry of a call the kernel has put -ENOSYS where the result will be. */
static inline int looks_like_entry(const struct registers *r) { return (s64)r->rax == -38; }

/* int 80h from 64-bit code has the numbers of 32-bit programs. (0f 05 cannot be insisted on: systrap writes a jump over it.) */
static inline int is_other_entry(const u8 *two) { return two[0] == 0xcd && two[1] == 0x80; }
#define AUDIT_ARCH 0xc000003e

/* st_mode is at 24 in struct stat. */
static inline int is_directory(const u8 *status) { return (status[25] & 0xf0) == 0x40; }
