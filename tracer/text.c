/* Bytes, text and numbers, and the one way to fail. */
#include "system.h"

void *memcpy(void *to, const void *from, u64 length) {
  u8 *t = to;
  const u8 *f = from;
  for (; length >= 8; length -= 8, t += 8, f += 8) __builtin_memcpy_inline(t, f, 8);
  while (length--) *t++ = *f++;
  return to;
}

void *memset(void *to, int value, u64 length) {
  u8 *t = to;
  while (length--) {
    *t++ = (u8)value;
    __asm__ volatile(""); /* else the compiler makes a call of memset of it */
  }
  return to;
}

u64 length_of(const char *text) {
  u64 n = 0;
  while (text[n]) n++;
  return n;
}

int is_same(const void *a, const void *b, u64 length) {
  const u8 *x = a, *y = b;
  while (length--)
    if (*x++ != *y++) return 0;
  return 1;
}

int is_text(const char *a, const char *b) {
  u64 n = length_of(a);
  return n == length_of(b) && is_same(a, b, n);
}

/* A decimal number, -1 where it is none. */
s64 number_of(const char *text) {
  s64 value = 0;
  if (!*text) return -1;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || value > (1L << 58)) return -1;
    value = value * 10 + *text - '0';
  }
  return value;
}

u64 put_number(char *to, u64 value) {
  char digits[20];
  u64 n = 0, length;
  do digits[n++] = (char)('0' + value % 10);
  while (value /= 10);
  for (length = n; n;) *to++ = digits[--n];
  return length;
}

/* Memory that is zero and costs nothing until it is touched. */
void *pages(u64 length) {
  s64 at = enter(NR_mmap, 0, length, 3, 0x4022, (u64)-1, 0); /* read and write; private, anonymous, not reserved */
  if (at < 0 && at > -4096) fail("out of memory", at);
  return (void *)at;
}

void write_all(int fd, const void *from, u64 length) {
  for (const u8 *at = from; length;) {
    s64 n = call3(NR_write, fd, at, length);
    if (n == -EINTR || n == -EAGAIN) continue;
    if (n <= 0) return;
    at += n;
    length -= (u64)n;
  }
}

/* 125 is what env(1) and timeout(1) exit with where they themselves failed. */
_Noreturn void fail(const char *what, s64 error) {
  char line[200] = "sandfit-trace: ";
  u64 n = length_of(line), more = length_of(what);
  if (more > 120) more = 120;
  memcpy(line + n, what, more);
  n += more;
  if (error) {
    memcpy(line + n, " (errno ", 8);
    n += 8 + put_number(line + n + 8, (u64)(error < 0 ? -error : error));
    line[n++] = ')';
  }
  line[n++] = '\n';
  write_all(2, line, n);
  for (;;) call1(NR_exit_group, 125);
}
