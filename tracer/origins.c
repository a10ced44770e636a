/* Names descriptors by the call that made them, since what /proc says of one differs between Linux and gVisor. */
#include "tracer.h"

#define ORIGINS 65536
#define TEXTS (8u << 20)
static u32 start_of[ORIGINS + 1], hashed[2 * ORIGINS], count = 1;
static char *texts;

static struct {
  struct {
    u32 id, length;
  } rest;
  char text[4096];
} announcement;

/* Every text once. Announced in the record where it is new. 0, unknown, once there are too many. */
u32 origin_named(const char *text, u64 length) {
  u32 hash = 5381;
  if (!texts) texts = pages(TEXTS);
  for (u64 i = 0; i < length; i++) hash = hash * 33 ^ (u8)text[i];
  for (u32 slot = hash % (2 * ORIGINS);; slot = (slot + 1) % (2 * ORIGINS)) {
    u32 id = hashed[slot];
    if (id && start_of[id + 1] - start_of[id] == length && is_same(texts + start_of[id], text, length)) return id;
    if (id) continue;
    if (count >= ORIGINS - 1 || start_of[count] + length > TEXTS || length > sizeof announcement.text) return 0;
    hashed[slot] = id = count++;
    memcpy(texts + start_of[id], text, length);
    start_of[id + 1] = start_of[id] + (u32)length;
    announcement.rest.id = id;
    announcement.rest.length = (u32)length;
    memcpy(announcement.text, text, length);
    put_event(ORIGIN, 0, &announcement.rest, 8 + (u32)length);
    return id;
  }
}

const char *origin_text(u32 number, u64 *length) {
  *length = number ? start_of[number + 1] - start_of[number] : 0;
  return number ? texts + start_of[number] : "";
}

static u32 entry_of(struct task *t, u64 descriptor) {
  return (u32)descriptor < DESCRIPTORS ? t->process->descriptors->origin[(u32)descriptor] : 0;
}
u32 origin_of(struct task *t, u64 descriptor) { return entry_of(t, descriptor) >> 1; }
int is_stand_in(struct task *t, u64 descriptor) { return entry_of(t, descriptor) & 1; }
u32 *last_sent(struct task *t, u64 descriptor) {
  return (u32)descriptor < DESCRIPTORS ? t->process->descriptors->sent[(u32)descriptor] : 0;
}

/* The path in an argument, put behind that of the directory's descriptor in front of it where it is relative. 0 for none. */
u64 resolved(struct task *t, int argument, char *into, u64 room) {
  const struct part_header *part = part_of(t, argument, PART_PATH);
  u64 n = 0, length = 0;
  if (!part) return 0;
  const char *path = (const char *)(part + 1);
  if (argument > 0 && calls[number_in(&t->entry)].argument[argument - 1].meaning == DESCRIPTOR && (!part->length || *path != '/')) {
    const char *directory = origin_text(origin_of(t, *argument_in(&t->entry, argument - 1)), &length);
    if (length > room) return 0;
    memcpy(into, directory, n = length);
    if (n && n < room && part->length) into[n++] = '/';
  }
  length = part->length < room - n ? part->length : room - n;
  memcpy(into + n, path, length);
  return n + length;
}

static u64 put(char *to, const char *text) {
  memcpy(to, text, length_of(text));
  return length_of(text);
}

/* At the entry of a call that makes a descriptor: what it will be called. The path of open, socket:16:3:15, accept:…, else call:291. */
void expect_descriptor(struct task *t) {
  char name[4096];
  u64 number = number_in(&t->entry), n = 0;
  struct registers *r = &t->entry;
  t->origin = 0;
  if (number == NR_fcntl) {
    u32 command = (u32)*argument_in(r, 1);
    if (command == 0 || command == 1030) t->origin = entry_of(t, *argument_in(r, 0)); /* F_DUPFD, F_DUPFD_CLOEXEC */
    return;
  }
  if (!calls[number].makes_descriptor) return;
  if (number == NR_dup || number == NR_dup2 || number == NR_dup3) {
    t->origin = entry_of(t, *argument_in(r, 0));
    return;
  }
  if (number == NR_socket) {
    n = put(name, "socket");
    for (int i = 0; i < 3; i++) {
      name[n++] = ':';
      n += put_number(name + n, (u32)*argument_in(r, i) & (i == 1 ? 0xf : ~0u)); /* without SOCK_NONBLOCK and SOCK_CLOEXEC */
    }
  } else if (number == NR_accept || number == NR_accept4) {
    u64 length;
    const char *listening = origin_text(origin_of(t, *argument_in(r, 0)), &length);
    n = put(name, "accept:");
    if (length < 4000) memcpy(name + n, listening, length), n += length;
  } else {
    for (int i = 0; i < 2 && !n; i++) n = resolved(t, i, name, sizeof name);
    if (!n) {
      n = put(name, "call:");
      n += put_number(name + n, number);
    }
  }
  t->origin = origin_named(name, n) << 1;
}

static void set(struct task *t, u32 descriptor, u32 entry) {
  if (descriptor >= DESCRIPTORS) return;
  t->process->descriptors->origin[descriptor] = entry;
  memset(t->process->descriptors->sent[descriptor], 0, 16);
}

/* At its exit. */
void note_descriptors(struct task *t, s64 result, int stands_in) {
  u64 number = number_in(&t->entry);
  if (result < 0) return;
  if (t->origin) set(t, (u32)result, t->origin | (u32)stands_in);
  else if (calls[number].makes_descriptor) set(t, (u32)result, 0);
  if (number == NR_close) set(t, (u32)*argument_in(&t->entry, 0), 0);
  for (int i = 0; i < 4; i++) {
    u32 pair[2];
    if (calls[number].argument[i].meaning != PAIR || read_memory(t->tid, *argument_in(&t->entry, i), pair, 8) != 8) continue;
    char name[16];
    u64 n = put(name, "call:");
    n += put_number(name + n, number);
    for (int j = 0; j < 2; j++) set(t, pair[j], origin_named(name, n) << 1);
  }
}
