/* Finds the first rule whose conditions a call meets. */
#include "tracer.h"

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/*
 * How much of the text a pattern matches, NO_MATCH for none. In a pattern the byte 1 stands for a number, 2 for anything; with
 * is_tree it may end in front of a slash, so that a directory stands for what is below it too.
 */
u64 matched_length(const u8 *pattern, u64 length, const char *text, u64 size, int is_tree) {
  u64 p = 0, at = 0, star = NO_MATCH, star_at = 0;
  for (;;) {
    if (p == length && (at == size || (is_tree && text[at] == '/'))) return at;
    if (p < length && pattern[p] == 1 && at < size && is_digit(text[at])) {
      while (at < size && is_digit(text[at])) at++;
      p++;
    } else if (p < length && pattern[p] == 2) {
      star = ++p;
      star_at = at;
    } else if (p < length && at < size && pattern[p] == (u8)text[at] && pattern[p] > 2) {
      p++;
      at++;
    } else {
      if (star == NO_MATCH || star_at >= size) return NO_MATCH;
      p = star;
      at = ++star_at;
    }
  }
}

static int matches(const struct item *item, const char *text, u64 length) {
  return matched_length(item->data, item->length, text, length, item->flags & TREE) != NO_MATCH;
}

static int meets_path(struct task *t, const struct item *item) {
  static char path[8192];
  for (int i = 0; i < 6; i++) {
    if (item->argument != ANY_ARGUMENT && item->argument != i) continue;
    if (calls[number_in(&t->entry)].argument[i].meaning != PATH) continue;
    u64 length = resolved(t, i, path, sizeof path);
    if (length && matches(item, path, length)) return 1;
  }
  return 0;
}

static int meets_bytes(struct task *t, const struct item *item) {
  static const enum part kinds[] = {PART_IN, PART_NAME, PART_TEXT, PART_PATH};
  for (u32 i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const struct part_header *part = part_of(t, item->argument, kinds[i]);
    if (part && item->offset <= part->length && item->length <= part->length - item->offset)
      if (is_same((const u8 *)(part + 1) + item->offset, item->data, item->length)) return 1;
  }
  return 0;
}

static int meets(struct task *t, const struct item *item) {
  u64 value = item->argument < 6 ? *argument_in(&t->entry, item->argument) : 0, length;
  switch (item->kind) {
    case IF_BITS: return (value & item->a) == item->b;
    case IF_RANGE: return value >= item->a && value <= item->b;
    case IF_PATH: return meets_path(t, item);
    case IF_ORIGIN: {
      const char *origin = origin_text(origin_of(t, value), &length);
      return length && matches(item, origin, length);
    }
    case IF_BYTES: return meets_bytes(t, item);
    case IF_SENT: {
      const u8 *sent = (const u8 *)last_sent(t, value);
      return sent && item->offset + item->length <= 16 && is_same(sent + item->offset, item->data, item->length);
    }
    case IF_PROCESS: return matches(item, t->process->path, length_of(t->process->path));
  }
  return 0;
}

/* Number of the rule that applies, plus one; 0 for none. Counts only where a call is not merely asked again after a signal. */
u32 matching_rule(struct task *t) {
  u64 number = number_in(&t->entry);
  for (u32 i = 0; i < rule_count(); i++) {
    struct rule *rule = rule_number(i);
    if (rule->call != number && rule->call != ANY_CALL) continue;
    const struct item *item = rule->items;
    int is_met = 1;
    for (u32 j = 0; j < rule->conditions && is_met; j++, item = next_item(item)) is_met = meets(t, item) != !!(item->flags & NOT);
    if (!is_met) continue;
    if (!t->is_restarting) rule->met++;
    if (rule->met >= rule->first && (!rule->last || rule->met <= rule->last)) return i + 1;
  }
  return 0;
}
