/* What a rule makes of a call: another answer, other bytes, another path, another call. */
#include "tracer.h"

/* A recorded netlink reply gets the sequence number of the question that was asked now, and the port that answered now. */
static void renew_netlink(u8 *data, u64 length, u32 sequence, const u32 *live) {
  for (u64 at = 0; at + 16 <= length;) {
    u32 head[4]; /* struct nlmsghdr: length, type and flags, sequence, port */
    memcpy(head, data + at, 16);
    if (head[0] < 16 || head[0] > length - at) return;
    u32 before = head[2];
    head[2] = sequence;
    if (live) head[3] = live[3];
    memcpy(data + at, head, 16);
    if ((head[1] & 0xffff) == 2 && head[0] >= 36) { /* NLMSG_ERROR repeats the question's header */
      memcpy(head, data + at + 20, 16);
      if (head[2] == before) memcpy(data + at + 28, &sequence, 4);
    }
    memcpy(head, data + at, 4);
    at += (head[0] + 3) & ~3u;
  }
}

/* The pieces of the caller's memory that bytes go to; what does not fit is cut off and said to be. */
static u64 target(struct task *t, const struct item *item, struct span *spans) {
  u64 number = number_in(&t->entry), value = *argument_in(&t->entry, item->argument), message[7];
  u64 next = item->argument < 5 ? *argument_in(&t->entry, item->argument + 1) : 0;
  switch (item->flags & WHERE) {
    case TO_MESSAGE:
    case TO_VECTOR: return spans_of(t, item->argument, spans);
    case TO_CONTROL:
    case TO_NAME: {
      int at = (item->flags & WHERE) == TO_NAME ? 0 : 4;
      if (read_memory(t->tid, value, message, 56) != 56) return 0;
      spans[0] = (struct span){message[at], at ? message[5] : (u32)message[1]};
      return message[at] != 0;
    }
  }
  u64 room = 4096;
  switch (calls[number].argument[item->argument].meaning) {
    case BUFFER: room = next; break;
    case STRUCT: room = 2u * calls[number].argument[item->argument].size; break;
    case PAIR: room = 8; break;
    case MESSAGE_OUT: room = 56; break;
    case CHANGED: room = 512; break;
  }
  spans[0] = (struct span){value, room};
  return value != 0;
}

static void set_bytes(struct task *t, const struct item *item, s64 *result, int was_performed) {
  static u8 data[1 << 16];
  struct span spans[SPANS];
  u64 count = target(t, item, spans), room = sum_of(spans, count), length = item->length, done = 0, skip = item->offset;
  if (room < skip) room = skip;
  if (length > room - skip || length > sizeof data) {
    length = room - skip < sizeof data ? room - skip : sizeof data;
    t->is_clamped = 1;
    if (*result > (s64)(skip + length) && item->offset == 0) *result = (s64)length;
  }
  memcpy(data, item->data, length);
  u32 *sent = last_sent(t, *argument_in(&t->entry, 0)), live[4];
  if (item->flags & NETLINK && sent && count) {
    int is_live = was_performed && *result >= 16 && read_memory(t->tid, spans[0].at, live, 16) == 16;
    renew_netlink(data, length, is_live ? live[2] : sent[2], is_live ? live : 0);
  }
  for (u64 i = 0; i < count && done < length; i++) {
    if (skip >= spans[i].length) {
      skip -= spans[i].length;
      continue;
    }
    u64 n = spans[i].length - skip < length - done ? spans[i].length - skip : length - done;
    if (write_memory(t->tid, spans[i].at + skip, data + done, n) != n) t->is_clamped = 1;
    done += n;
    skip = 0;
  }
}

/*
 * Writes the other path below the stack and its red zone, and points the argument there. What was there is put back behind the call:
 * a goroutine's stack is small, and what is below it may be another's memory. 0 where there is no room.
 */
static int redirect(struct task *t, const struct item *item, struct registers *r) {
  static char path[8192], other[8192];
  const u8 *to = item->data;
  u64 from_length = 0, at = (stack_in(r) - RED_ZONE) & ~15UL;
  int is_done = 0;
  while (from_length < item->length && item->data[from_length]) from_length++;
  to += from_length + 1;
  if (from_length >= item->length) return 0;
  for (int i = 0; i < 6; i++) {
    if (calls[number_in(&t->entry)].argument[i].meaning != PATH) continue;
    if (item->argument != ANY_ARGUMENT && item->argument != i) continue;
    u64 length = resolved(t, i, path, sizeof path), n = item->length - from_length - 1;
    u64 matched = length ? matched_length(item->data, from_length, path, length, item->flags & TREE) : NO_MATCH;
    if (matched == NO_MATCH || n + length - matched + 1 > 4096) continue;
    memcpy(other, to, n);
    memcpy(other + n, path + matched, length - matched);
    n += length - matched;
    other[n++] = 0;
    at = (at - n) & ~15UL;
    if (t->saves == SAVES || read_memory(t->tid, at, t->saved[t->saves], n) != n) continue;
    if (write_memory(t->tid, at, other, n) != n) continue;
    t->saved_from[t->saves++] = (struct span){at, n};
    *argument_in(r, i) = at;
    is_done = 1;
  }
  return is_done;
}

void put_back(struct task *t) {
  for (; t->saves; t->saves--) {
    struct span from = t->saved_from[t->saves - 1];
    write_memory(t->tid, from.at, t->saved[t->saves - 1], from.length);
  }
}

static const struct item *actions_of(const struct rule *rule) {
  const struct item *item = rule->items;
  for (u32 i = 0; i < rule->conditions; i++) item = next_item(item);
  return item;
}

/* With SKIPPED the call is not to be performed, and `result` is its answer. The tracee's registers are changed as they have to be. */
enum fate apply_at_entry(struct task *t, s64 *result) {
  struct rule *rule = rule_number(t->rule - 1);
  const struct item *first = actions_of(rule), *item = first;
  struct registers changed = t->entry;
  int is_skipped = 0, is_changed = 0;
  rule->hits++;
  for (u32 i = 0; i < rule->actions; i++, item = next_item(item)) {
    if (item->kind == SET_RESULT && !(item->flags & PERFORM)) is_skipped = 1, *result = (s64)item->a;
    if (item->kind == REDIRECT) is_changed |= redirect(t, item, &changed);
    if (item->kind == REPLACE) {
      set_number(&changed, item->a);
      for (int j = 0; j < 6; j++) memcpy(argument_in(&changed, j), item->data + 8 * j, 8);
      is_changed = t->is_replaced = 1;
    }
  }
  if (is_skipped) {
    item = first;
    for (u32 i = 0; i < rule->actions; i++, item = next_item(item))
      if (item->kind == SET_BYTES) set_bytes(t, item, result, 0);
    return SKIPPED;
  }
  if (is_changed) write_registers(t->tid, &changed);
  t->is_changed = (u8)is_changed;
  return GO_ON;
}

void apply_at_exit(struct task *t, s64 *result) {
  const struct rule *rule = rule_number(t->rule - 1);
  const struct item *item = actions_of(rule);
  for (u32 i = 0; i < rule->actions; i++, item = next_item(item))
    if (item->kind == SET_BYTES) set_bytes(t, item, result, 1);
  item = actions_of(rule);
  for (u32 i = 0; i < rule->actions; i++, item = next_item(item))
    if (item->kind == SET_RESULT) *result = t->is_clamped && *result < (s64)item->a ? *result : (s64)item->a;
}
