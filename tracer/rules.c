/* Reads the table of rules (FORMAT.md) and checks it, so that nothing later has to. */
#include "tracer.h"

#define MOST_RULES 65536
static struct {
  u8 magic[8];
  u16 architecture, mode;
  u32 count;
  u64 watched[CALLS / 64];
} head;
static struct rule **rules;

int watches_only_some(void) { return head.mode == 1; }
int records_only_some(void) { return head.mode == 2; }
u64 watched(u32 number) { return number < CALLS ? head.watched[number / 64] >> (number % 64) & 1 : 0; }
u32 rule_count(void) { return head.count; }
struct rule *rule_number(u32 number) { return rules[number]; }

const struct item *next_item(const struct item *item) { return (const struct item *)((const u8 *)item + item->size); }

static void check_items(const struct rule *rule) {
  const struct item *item = rule->items;
  for (u64 left = rule->size - sizeof *rule, i = 0; i < (u64)rule->conditions + rule->actions; i++, item = next_item(item)) {
    if (left < sizeof *item || item->size < sizeof *item || item->size > left || item->size % 8) fail("the rules are damaged", 0);
    if (item->length > item->size - sizeof *item) fail("the rules are damaged", 0);
    if (item->argument > 5 && item->argument != ANY_ARGUMENT) fail("a rule names an argument that there is not", 0);
    if (item->kind == SET_BYTES && item->argument > 5) fail("a rule sets bytes of no argument", 0);
    if (item->kind == REPLACE && item->length != 48) fail("a rule's other call needs six arguments", 0);
    left -= item->size;
  }
}

static u8 *read_whole(const char *path, u64 *length) {
  s64 file = call2(NR_open, path, 02000000); /* O_CLOEXEC */
  if (file < 0) fail("cannot read the rules", file);
  u64 room = 1 << 16;
  u8 *all = pages(room);
  for (*length = 0;;) {
    if (*length == room) {
      u8 *larger = pages(room * 2);
      memcpy(larger, all, room);
      all = larger;
      room *= 2;
    }
    s64 n = call3(NR_read, file, all + *length, room - *length);
    if (n == -EINTR) continue;
    if (n < 0) fail("cannot read the rules", n);
    if (n == 0) break;
    *length += (u64)n;
  }
  call1(NR_close, file);
  return all;
}

void load_rules(const char *path) {
  u64 length, at = sizeof head;
  u8 *all = read_whole(path, &length);
  if (length < sizeof head || !is_same(all, "SFRU\1\0\0\0", 8)) fail("these are no rules of this version", 0);
  memcpy(&head, all, sizeof head);
  if (head.architecture != ARCHITECTURE) fail("these rules are for another architecture", 0);
  if (head.count > MOST_RULES) fail("too many rules", 0);
  rules = pages(head.count * sizeof *rules + 8);
  for (u32 i = 0; i < head.count; i++) {
    struct rule *rule = rules[i] = (struct rule *)(all + at);
    if (length - at < sizeof *rule || rule->size < sizeof *rule || rule->size > length - at || rule->size % 8)
      fail("the rules are damaged", 0);
    check_items(rule);
    rule->met = rule->hits = 0;
    at += rule->size;
  }
}
