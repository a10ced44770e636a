/* Writes records: to a file, or, where nothing but standard error leaves a sandbox, at the end behind a mark on that. */
#include "tracer.h"

#define BLOCK (1u << 20)
static u8 block[BLOCK];
static u8 *kept; /* where it is all kept until the end */
static const char *mark_line;
static u64 filled, limit, written, lost;
static int file = -1;
static const u8 beginning[16] = {'S', 'F', 'T', 'R', 1, 0, ARCHITECTURE};

int is_recording(void) { return limit != 0; }

void open_record(const char *path, const char *mark, u64 most) {
  limit = most;
  if (path) {
    s64 opened = call3(NR_open, path, 01 | 0100 | 01000 | 02000000, 0600); /* O_WRONLY, O_CREAT, O_TRUNC, O_CLOEXEC */
    if (opened < 0) fail("cannot write the record", opened);
    file = (int)opened;
  } else if (mark) {
    mark_line = mark;
    kept = pages(limit + BLOCK);
  } else {
    limit = 0;
    return;
  }
  memcpy(block, beginning, filled = sizeof beginning);
}

void flush(void) {
  if (file >= 0) write_all(file, block, filled);
  else if (kept) memcpy(kept + written, block, filled);
  written += filled;
  filled = 0;
}

/* Beyond the limit calls are counted and left out; events, which are few, still get in, up to a block. */
void put_record(const void *record, u32 length) {
  if (!limit) return;
  int is_call = ((const struct header *)record)->kind == CALL;
  if (written + filled + length > limit - (is_call ? BLOCK : 4096)) {
    lost++;
    if (((const struct header *)record)->kind != END) return;
  }
  if (filled + length > BLOCK) flush();
  memcpy(block + filled, record, length);
  filled += length;
}

void put_event(enum kind kind, struct task *t, const void *rest, u32 length) {
  static u8 room[8192];
  struct header *h = (struct header *)room;
  u32 size = (u32)(sizeof *h + length + 7) & ~7u;
  if (size > sizeof room) return;
  memset(room + size - 8, 0, 8);
  *h = (struct header){size, (u8)kind, 0, 0, t && t->process ? t->process->index : 0, t ? (u32)t->tid : 0};
  memcpy(h + 1, rest, length);
  put_record(room, size);
}

/* The last record: why it ended, how, what was left out, and how often each rule applied. */
void finish_record(u32 why, s32 status, u32 start_error) {
  struct {
    u32 why;
    s32 status;
    u32 start_error, rules;
    u64 lost;
    u32 hits[1024];
  } rest = {why, status, start_error, rule_count(), lost, {0}};
  if (!limit) return;
  if (rest.rules > 1024) rest.rules = 1024;
  for (u32 i = 0; i < rest.rules; i++) rest.hits[i] = rule_number(i)->hits;
  put_event(END, 0, &rest, 24 + 4 * rest.rules);
  flush();
  if (!kept) return;
  write_all(2, "\n", 1);
  write_all(2, mark_line, length_of(mark_line));
  write_all(2, "\n", 1);
  write_all(2, kept, written);
}
