/* A tracee's memory: by process_vm_readv(2); where that is missing, as in gVisor of 2022, by /proc/PID/mem; else word by word. */
#include "tracer.h"

#define PAGE 4096
static int has_fast_way = 1;

static u64 peek(int tid, u64 at, u8 *into, u64 length) {
  u64 done = 0;
  while (done < length) {
    u64 word, skip = (at + done) & 7, n = 8 - skip;
    if (n > length - done) n = length - done;
    if (ptrace(PTRACE_PEEKDATA, tid, at + done - skip, &word) < 0) break;
    memcpy(into + done, (u8 *)&word + skip, n);
    done += n;
  }
  return done;
}

void close_memory(struct process *p) {
  if (p->memory > 0) call1(NR_close, p->memory);
  p->memory = 0;
}

static u64 read_file(int tid, u64 at, u8 *into, u64 length) {
  struct task *t = task_of(tid);
  char path[40] = "/proc/";
  if (!t || !t->process || t->process->memory < 0) return peek(tid, at, into, length);
  if (!t->process->memory) {
    u64 n = 6 + put_number(path + 6, (u64)tid);
    memcpy(path + n, "/mem", 5);
    t->process->memory = (int)call2(NR_open, path, 02000000); /* O_CLOEXEC; descriptor 0 is taken, or it does without */
    if (t->process->memory <= 0) {
      t->process->memory = -1;
      return peek(tid, at, into, length);
    }
  }
  s64 n = call4(NR_pread64, t->process->memory, into, length, at);
  return n == (s64)length ? length : peek(tid, at, into, length);
}

static u64 poke(int tid, u64 at, const u8 *from, u64 length) {
  u64 done = 0;
  while (done < length) {
    u64 word, skip = (at + done) & 7, n = 8 - skip, place = at + done - skip;
    if (n > length - done) n = length - done;
    if (n < 8 && ptrace(PTRACE_PEEKDATA, tid, place, &word) < 0) break;
    memcpy((u8 *)&word + skip, from + done, n);
    if (ptrace(PTRACE_POKEDATA, tid, place, word) < 0) break;
    done += n;
  }
  return done;
}

static s64 transfer(u64 call, int tid, u64 at, const void *here, u64 length) {
  struct span own = {(u64)here, length}, theirs = {at, length};
  s64 n = enter(call, tid, (u64)&own, 1, (u64)&theirs, 1, 0);
  if (n == -ENOSYS || n == -1) has_fast_way = 0; /* -1 is EPERM: a filter or a policy forbids it */
  return n;
}

/* How many bytes could be read, up to `length`: what is not mapped ends it. */
u64 read_memory(int tid, u64 at, void *into, u64 length) {
  if (!length || at < PAGE || at + length < at) return 0;
  if (!has_fast_way) return read_file(tid, at, into, length);
  s64 n = transfer(NR_process_vm_readv, tid, at, into, length);
  if (n == (s64)length) return length;
  if (!has_fast_way) return read_file(tid, at, into, length);
  for (u64 done = 0;;) { /* the kernel takes a piece wholly or not, so page by page */
    u64 step = PAGE - ((at + done) & (PAGE - 1));
    if (step > length - done) step = length - done;
    if (!step || transfer(NR_process_vm_readv, tid, at + done, (u8 *)into + done, step) != (s64)step) return done;
    done += step;
  }
}

/* How many bytes were written. */
u64 write_memory(int tid, u64 at, const void *from, u64 length) {
  if (!length || at < PAGE) return 0;
  if (has_fast_way && transfer(NR_process_vm_writev, tid, at, from, length) == (s64)length) return length;
  return poke(tid, at, from, length);
}

/* A string, without the zero that ends it; its length, at most room. */
u64 read_text(int tid, u64 at, char *into, u64 room) {
  u64 done = 0;
  while (done < room) {
    u64 step = 256; /* most are shorter, and no page is asked for that need not be there */
    if (step > PAGE - ((at + done) & (PAGE - 1))) step = PAGE - ((at + done) & (PAGE - 1));
    if (step > room - done) step = room - done;
    u64 n = read_memory(tid, at + done, into + done, step);
    for (u64 i = 0; i < n; i++)
      if (!into[done + i]) return done + i;
    done += n;
    if (n < step) break;
  }
  return done;
}
