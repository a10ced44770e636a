/* Whether a new task's parent was killed before it could tell of it: only /proc knows, and only then has it another parent. */
#include "tracer.h"

static s64 field(const char *text, u64 length, const char *name) {
  u64 n = length_of(name);
  s64 value = 0;
  for (u64 at = 0; at + n < length; at++) {
    if (!is_same(text + at, name, n)) continue;
    for (at += n; at < length && text[at] >= '0' && text[at] <= '9'; at++) value = value * 10 + text[at] - '0';
    return value;
  }
  return -1;
}

int is_orphan(int tid) {
  char text[1024] = "/proc/";
  u64 n = 6 + put_number(text + 6, (u64)tid);
  memcpy(text + n, "/status", 8);
  s64 file = call2(NR_open, text, 02000000); /* O_CLOEXEC */
  if (file < 0) return 0;
  s64 length = call3(NR_read, file, text, sizeof text);
  call1(NR_close, file);
  if (length <= 0) return 0;
  s64 process = field(text, (u64)length, "\nTgid:\t"), parent = field(text, (u64)length, "\nPPid:\t");
  /* A thread ends with its process. The tracer itself is the parent of the command, and of what that makes with CLONE_PARENT. */
  return process == tid && parent > 0 && parent != call0(NR_getpid) && !task_of((int)parent);
}
