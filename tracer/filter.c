/* The seccomp filter that stops only at the calls that are watched, so that all others cost nothing. */
#include "tracer.h"

struct instruction {
  u16 code;
  u8 yes, no;
  u32 k;
};
enum { LOAD = 0x20, IS_EQUAL = 0x15, IS_AT_LEAST = 0x35, RETURN = 0x06 }; /* BPF_LD|W|ABS, JEQ, JGE, RET */
enum { ALLOW = 0x7fff0000, TRACE = 0x7ff00000, NO_NEW_PRIVILEGES = 38 };
enum { NUMBER = 0, ARCH = 4, FIRST_ARGUMENT = 16 }; /* offsets in struct seccomp_data */

static struct instruction program[3 * CALLS + 16];
static u16 length;

static void add(u16 code, u32 k, u8 yes, u8 no) { program[length++] = (struct instruction){code, yes, no, k}; }

/* In the tracee, before it executes the command. Without rights a filter needs the promise of no_new_privs. */
s64 install_filter(void) {
  add(LOAD, ARCH, 0, 0);
  add(IS_EQUAL, AUDIT_ARCH, 1, 0);
  add(RETURN, ALLOW, 0, 0);
  add(LOAD, NUMBER, 0, 0);
  for (u32 n = 0; n < CALLS; n++) { /* runs of watched numbers, in order: below the run is allowed, inside it stops */
    if (!watched(n)) continue;
    u32 end = n;
    while (end < CALLS && watched(end)) end++;
    add(IS_AT_LEAST, n, 0, 2);
    add(IS_AT_LEAST, end, 1, 0);
    add(RETURN, TRACE, 0, 0);
    n = end;
  }
  add(IS_EQUAL, NR_getppid, 0, 5); /* the tracee's own, by its argument */
  add(LOAD, FIRST_ARGUMENT, 0, 0);
  add(IS_EQUAL, (u32)MARKER, 0, 3);
  add(LOAD, FIRST_ARGUMENT + 4, 0, 0);
  add(IS_EQUAL, (u32)(MARKER >> 32), 0, 1);
  add(RETURN, TRACE, 0, 0);
  add(RETURN, ALLOW, 0, 0);
  struct {
    u16 length;
    struct instruction *program;
  } whole = {length, program};
  s64 error = call3(NR_seccomp, 1, 0, &whole); /* SECCOMP_SET_MODE_FILTER */
  if (error == -EACCES) {
    enter(NR_prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0, 0);
    error = call3(NR_seccomp, 1, 0, &whole);
  }
  return error;
}
