/* What the tracer needs of the kernel's interface, since there is no libc: types, constants, system calls by name. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int s32;
typedef long s64;

#if defined(__x86_64__)
#include "arch-x86-64.h"
#else
#error "no register file for this architecture"
#endif

enum { ENOENT = 2, ESRCH = 3, EINTR = 4, ECHILD = 10, EAGAIN = 11, EACCES = 13, EFAULT = 14, EINVAL = 22, ENOSYS = 38 };
enum {
  SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGTRAP = 5, SIGKILL = 9, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGSTOP = 19,
  SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22,
};
enum {
  PTRACE_PEEKDATA = 2, PTRACE_POKEDATA = 5, PTRACE_CONT = 7, PTRACE_DETACH = 17, PTRACE_SYSCALL = 24, PTRACE_GETEVENTMSG = 0x4201,
  PTRACE_GETSIGINFO = 0x4202, PTRACE_SEIZE = 0x4206, PTRACE_INTERRUPT = 0x4207, PTRACE_LISTEN = 0x4208,
};
enum { EVENT_FORK = 1, EVENT_VFORK = 2, EVENT_CLONE = 3, EVENT_EXEC = 4, EVENT_SECCOMP = 7, EVENT_STOP = 128 };
/* TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC, EXITKILL */
#define OPTIONS (1 | 2 | 4 | 8 | 16 | 0x100000)
#define OPTION_SECCOMP 0x80
#define CALL_STOP (SIGTRAP | 0x80)
#define WALL 0x40000000
#define CLONE_FILES 0x400
#define CLONE_THREAD 0x10000
#define AT_FDCWD (-100)

struct span {
  u64 at, length; /* struct iovec */
};

/* The first part of siginfo_t; what follows depends on the signal. */
struct signal_info {
  s32 number, error, code, pad;
  u64 address;
  u8 rest[104];
};

#define call0(n) enter(n, 0, 0, 0, 0, 0, 0)
#define call1(n, a) enter(n, (u64)(a), 0, 0, 0, 0, 0)
#define call2(n, a, b) enter(n, (u64)(a), (u64)(b), 0, 0, 0, 0)
#define call3(n, a, b, c) enter(n, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)
#define call4(n, a, b, c, d) enter(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), 0, 0)
#define ptrace(what, tid, address, data) call4(NR_ptrace, what, tid, address, data)

/* text.c: what the compiler may ask for, and a little more. */
void *memcpy(void *to, const void *from, u64 length);
void *memset(void *to, int value, u64 length);
u64 length_of(const char *text);
int is_same(const void *a, const void *b, u64 length);
int is_text(const char *a, const char *b);
s64 number_of(const char *text);
u64 put_number(char *to, u64 value);
void *pages(u64 length);
void write_all(int fd, const void *from, u64 length);
_Noreturn void fail(const char *what, s64 error);
