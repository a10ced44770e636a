/* The second half of a CALL record: what came back. */
#include "tracer.h"

/* The message's name, control data and flags, which say as much as its content. */
static void message_fields(struct task *t, int argument, u64 at) {
  u64 message[7];
  if (read_memory(t->tid, at, message, 56) != 56) return;
  copy_part(t, argument, PART_NAME, 0, message[0], (u32)message[1], 128);
  copy_part(t, argument, PART_CONTROL, 0, message[4], message[5], 4096);
  struct part_header *flags = add_part(t, argument, PART_OUT, 48, 4, 4);
  if (flags) memcpy(flags + 1, &message[6], 4);
}

/* Content is offset 0 of the first buffer; message_fields has an offset of its own, within the struct. */
static void scatter(struct task *t, int argument, s64 result) {
  struct span spans[SPANS];
  u64 count = spans_of(t, argument, spans), most = sum_of(spans, count), done = 0;
  if ((u64)result > most) result = (s64)most; /* MSG_TRUNC gives the length that it would have had */
  struct part_header *part = add_part(t, argument, PART_OUT, 0, (u64)result, room_for(t));
  if (!part) return;
  for (u64 i = 0; i < count && done < part->length; i++) {
    u64 n = spans[i].length < part->length - done ? spans[i].length : part->length - done;
    u64 got = read_memory(t->tid, spans[i].at, (u8 *)(part + 1) + done, n);
    done += got;
    if (got < n) break;
  }
  shrink_part(t, part, done);
}

/* What differs of the bytes that were there before, pieces that are less than eight bytes apart in one. */
static void changes(struct task *t, int which) {
  static u8 now[512];
  int argument = t->before_argument[which];
  const u8 *before = t->before[which];
  u64 n = read_memory(t->tid, *argument_in(&t->entry, argument), now, t->before_length[which]);
  for (u64 i = 0; i < n; i++) {
    if (now[i] == before[i]) continue;
    u64 last = i;
    for (u64 j = i; j < n && j - last < 8; j++)
      if (now[j] != before[j]) last = j;
    struct part_header *part = add_part(t, argument, PART_OUT, (u32)i, last - i + 1, 512);
    if (!part) return;
    memcpy(part + 1, now + i, part->length);
    i = last;
  }
}

void answer(struct task *t, s64 result, u8 flags) {
  struct call_record *record = (struct call_record *)t->pending;
  u64 number = record->number;
  if (!is_recording() || t->is_unrecorded) return;
  if (!t->is_foreign && !(flags & UNFINISHED) && result >= 0) {
    int which = 0;
    for (int i = 0; i < 6; i++) {
      u64 value = record->arguments[i], next = i < 5 ? record->arguments[i + 1] : 0;
      switch (calls[number].argument[i].meaning) {
        case BUFFER: copy_part(t, i, PART_OUT, 0, value, (u64)result < next ? (u64)result : next, room_for(t)); break;
        case STRUCT: copy_part(t, i, PART_OUT, 0, value, 2u * calls[number].argument[i].size, 4096); break;
        case PAIR: copy_part(t, i, PART_OUT, 0, value, 8, 8); break;
        case POLLED: copy_part(t, i, PART_OUT, 0, value, 8 * (u64)(u32)next, 4096); break;
        case VECTOR_OUT: scatter(t, i, result); break;
        case MESSAGE_OUT:
          scatter(t, i, result);
          message_fields(t, i, value);
          break;
        case CHANGED:
          if (which < CHANGES) changes(t, which++);
          break;
      }
    }
  }
  record->header = (struct header){t->length, CALL, (u8)(flags | (t->is_foreign ? FOREIGN : 0)), (u16)t->parts, t->process->index,
                                   (u32)t->tid};
  record->rule = t->rule;
  record->result = result;
  put_record(record, t->length);
}
