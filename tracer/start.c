/* Starts the command as a tracee: it waits until it is seized, sets its filter, says so, and executes. */
#include "tracer.h"

static int failure; /* where the errno of a failed execve comes out; closed by a successful one */

static u64 put(char *to, const char *text) {
  u64 n = length_of(text);
  memcpy(to, text, n + 1);
  return n;
}

/* The file of a program: as it stands with a slash in it, else the first that may be executed in PATH, else as it stands. */
static const char *file_of(const char *name, char **environment) {
  static char path[4096];
  const char *folders = 0;
  for (const char *c = name; *c; c++)
    if (*c == '/') return name;
  for (; *environment; environment++)
    if (is_same(*environment, "PATH=", 5)) folders = *environment + 5;
  while (folders && *folders) {
    u64 n = 0, more = length_of(name);
    while (*folders && *folders != ':' && n < 3000) path[n++] = *folders++;
    if (*folders == ':') folders++;
    if (n + more + 2 > sizeof path) continue;
    if (n) path[n++] = '/';
    put(path + n, name);
    u8 status[144];
    if (call2(NR_access, path, 1) == 0 && call2(NR_stat, path, status) == 0 && !is_directory(status)) return path;
  }
  return name;
}

static _Noreturn void be_command(int go, int report, const char *file, char **command, char **environment) {
  u8 byte;
  s64 error, got;
  while ((got = call3(NR_read, go, &byte, 1)) == -EINTR) {
  }
  while (got != 1) call1(NR_exit_group, 125); /* the tracer is gone: nobody would trace it, or pass signals on */
  error = watches_only_some() ? install_filter() : 0;
  if (!error) {
    if (watches_only_some()) call1(NR_getppid, MARKER);
    error = call3(NR_execve, file, command, environment);
  }
  s32 number = (s32)-error;
  call3(NR_write, report, &number, 4);
  for (;;) call1(NR_exit_group, number == ENOENT ? 127 : 126);
}

/* Its id. It is stopped, seized, and goes on to the filter and to execve once it is resumed. */
int start_command(char **command, char **environment) {
  s32 go[2], report[2], status;
  const char *file = file_of(command[0], environment);
  s64 error = call2(NR_pipe2, go, 02000000) | call2(NR_pipe2, report, 02000000); /* O_CLOEXEC */
  if (error < 0) fail("no pipe", error);
  s64 child = enter(NR_clone, 17, 0, 0, 0, 0, 0); /* SIGCHLD: as fork(2) */
  if (child < 0) fail("no process", child);
  if (child == 0) {
    call1(NR_close, go[1]);
    be_command(go[0], report[1], file, command, environment);
  }
  call1(NR_close, go[0]);
  call1(NR_close, report[1]);
  failure = report[0];
  error = ptrace(PTRACE_SEIZE, child, 0, OPTIONS | (watches_only_some() ? OPTION_SECCOMP : 0));
  if (error == 0) error = ptrace(PTRACE_INTERRUPT, child, 0, 0);
  if (error < 0) {
    call2(NR_kill, child, SIGKILL);
    fail("the kernel does not let it trace", error);
  }
  while (call4(NR_wait4, child, &status, WALL, 0) == -EINTR) {
  }
  struct task *t = new_task((int)child);
  t->is_quiet = 1;
  start_root(t);
  write_all(go[1], "", 1);
  call1(NR_close, go[1]);
  return (int)child;
}

/* The errno by which the command could not be started, 0 where it was. To be asked once it has ended. */
u32 start_error(void) {
  s32 number = 0;
  while (call3(NR_read, failure, &number, 4) == -EINTR) {
  }
  return (u32)number;
}
