/* The first half of a CALL record: what the call asks. Only memory that belongs to the question is read. */
#include "tracer.h"

#define SMALL 4096 /* of a file: its content is the same on both sides */
#define LARGE 65536 /* of /proc, /sys and sockets, whose content is an answer */
#define DATA_ROOM 1024

const struct part_header *part_of(struct task *t, int argument, enum part kind) {
  const u8 *at = t->pending + sizeof(struct call_record), *end = t->pending + t->length;
  for (; at < end; at += sizeof(struct part_header) + ((((const struct part_header *)at)->length + 7) & ~7u)) {
    const struct part_header *part = (const struct part_header *)at;
    if (part->argument == argument && part->kind == kind) return part;
  }
  return 0;
}

/* Room for a part; 0 where the record is full. The caller fills what stands behind it. */
struct part_header *add_part(struct task *t, int argument, enum part kind, u32 offset, u64 wanted, u64 room) {
  u64 length = wanted < room ? wanted : room;
  if (t->length + sizeof(struct part_header) + length + 8 > PENDING) length = 0;
  if (t->length + sizeof(struct part_header) + 8 > PENDING) return 0;
  struct part_header *part = (struct part_header *)(t->pending + t->length);
  *part = (struct part_header){(u8)argument, (u8)kind, length < wanted ? CUT : 0, offset, (u32)length, (u32)wanted};
  t->length += (u32)(sizeof *part + length + 7) & ~7u;
  if (length) memset(t->pending + t->length - 8, 0, 8);
  t->parts++;
  return part;
}

/* The last part turned out to be shorter. */
void shrink_part(struct task *t, struct part_header *part, u64 length) {
  if (length < part->length) part->flags |= CUT;
  part->length = (u32)length;
  t->length = (u32)((u8 *)(part + 1) - t->pending + length + 7) & ~7u;
  for (u8 *at = (u8 *)(part + 1) + length; at < t->pending + t->length; at++) *at = 0;
}

void copy_part(struct task *t, int argument, enum part kind, u32 offset, u64 at, u64 length, u64 room) {
  if (!at || !length) return;
  struct part_header *part = add_part(t, argument, kind, offset, length, room);
  if (part) shrink_part(t, part, read_memory(t->tid, at, part + 1, part->length));
}

static void copy_text(struct task *t, int argument, enum part kind, u64 at) {
  if (!at) return;
  struct part_header *part = add_part(t, argument, kind, 0, SMALL, SMALL);
  if (!part) return;
  u64 n = read_text(t->tid, at, (char *)(part + 1), SMALL);
  shrink_part(t, part, n);
  part->wanted = (u32)n;
  part->flags = n == SMALL ? CUT : 0;
}

/* How much of a call's data is kept: by what its descriptor is. */
u64 room_for(struct task *t) {
  u64 length, number = number_in(&t->entry);
  if (calls[number].argument[0].meaning != DESCRIPTOR) return LARGE;
  const char *origin = origin_text(origin_of(t, *argument_in(&t->entry, 0)), &length);
  int is_answer = (length > 6 && is_same(origin, "/proc/", 6)) || (length > 5 && is_same(origin, "/sys/", 5)) ||
                  (length > 6 && is_same(origin, "socket", 6)) || !length;
  return is_answer ? LARGE : SMALL;
}

u64 sum_of(struct span *spans, u64 count) {
  u64 sum = 0;
  for (u64 i = 0; i < count; i++) sum += spans[i].length;
  return sum;
}

/* The pieces of memory that an argument lists: a vector's, or those of a message. Their number. */
u64 spans_of(struct task *t, int argument, struct span *into) {
  u64 at = *argument_in(&t->entry, argument), count;
  u8 meaning = calls[number_in(&t->entry)].argument[argument].meaning;
  if (meaning == MESSAGE_IN || meaning == MESSAGE_OUT) {
    u64 message[7]; /* struct msghdr: name, its length, vector, its length, control, its length, flags */
    if (read_memory(t->tid, at, message, 56) != 56) return 0;
    at = message[2];
    count = message[3];
  } else {
    count = *argument_in(&t->entry, argument + 1);
  }
  if (count > SPANS) count = SPANS;
  return read_memory(t->tid, at, into, count * 16) / 16;
}

static void gather(struct task *t, int argument, u64 room) {
  struct span spans[SPANS];
  u64 count = spans_of(t, argument, spans), wanted = sum_of(spans, count), done = 0;
  struct part_header *part = add_part(t, argument, PART_IN, 0, wanted, room);
  if (!part) return;
  for (u64 i = 0; i < count && done < part->length; i++) {
    u64 n = spans[i].length < part->length - done ? spans[i].length : part->length - done;
    u64 got = read_memory(t->tid, spans[i].at, (u8 *)(part + 1) + done, n);
    done += got;
    if (got < n) break;
  }
  shrink_part(t, part, done);
}

/* What a program is started with, each argument ended by a zero, as /proc/PID/cmdline has it. */
static void copy_arguments(struct task *t, int argument, u64 at) {
  u64 pointers[33], n = read_memory(t->tid, at, pointers, 32 * 8) / 8, done = 0;
  struct part_header *part = add_part(t, argument, PART_ARGUMENTS, 0, SMALL, SMALL);
  if (!part) return;
  for (u64 i = 0; i < n && pointers[i] && done < SMALL; i++) {
    done += read_text(t->tid, pointers[i], (char *)(part + 1) + done, SMALL - 1 - done);
    ((char *)(part + 1))[done++] = 0;
  }
  shrink_part(t, part, done);
  part->flags = 0;
}

static void remember_sent(struct task *t, int argument) {
  const struct part_header *part = part_of(t, argument, PART_IN);
  u32 *sent = last_sent(t, *argument_in(&t->entry, 0));
  if (sent && part && part->length >= 16) memcpy(sent, part + 1, 16);
}

void ask(struct task *t) {
  struct call_record *record = (struct call_record *)t->pending;
  struct registers *r = &t->entry;
  u64 number = number_in(r), changes = 0;
  t->length = sizeof *record;
  t->parts = 0;
  t->is_foreign = is_foreign(r) || number >= CALLS;
  for (int i = 0; i < CHANGES; i++) t->before_length[i] = 0;
  record->number = (u32)number;
  for (int i = 0; i < 6; i++) record->arguments[i] = *argument_in(r, i);
  t->is_unrecorded = (u8)(records_only_some() && !t->is_foreign && !watched((u32)number));
  if (t->is_foreign || t->is_unrecorded) return;
  for (int i = 0; i < 6; i++) {
    u64 value = *argument_in(r, i), next = i < 5 ? *argument_in(r, i + 1) : 0;
    switch (calls[number].argument[i].meaning) {
      case DESCRIPTOR:
        if (origin_of(t, value)) add_part(t, i, PART_ORIGIN, origin_of(t, value), 0, 0);
        break;
      case PATH: copy_text(t, i, PART_PATH, value); break;
      case TEXT: copy_text(t, i, PART_TEXT, value); break;
      case ARGUMENTS: copy_arguments(t, i, value); break;
      case FIXED: copy_part(t, i, PART_IN, 0, value, 2u * calls[number].argument[i].size, SMALL); break;
      case ADDRESS: copy_part(t, i, PART_NAME, 0, value, (u32)next, 128); break;
      case POLLED: copy_part(t, i, PART_IN, 0, value, 8 * (u64)(u32)next, SMALL); break;
      case DATA: copy_part(t, i, PART_IN, 0, value, next, number == NR_sendto ? LARGE : DATA_ROOM); break;
      case MESSAGE_IN: gather(t, i, LARGE); break;
      case VECTOR_IN: gather(t, i, DATA_ROOM); break;
      case CHANGED:
        if (changes == CHANGES) break;
        t->before_argument[changes] = (u8)i;
        t->before_length[changes] = (u32)read_memory(t->tid, value, t->before[changes], 512);
        changes++;
        break;
    }
  }
  if (number == NR_sendto || number == NR_sendmsg) remember_sent(t, 1);
}
