/* One call of a tracee, from its entry to its exit: asked, matched, changed, recorded. */
#include "tracer.h"

static int is_by_other_entry(struct task *t) {
  u8 two[2];
  return read_memory(t->tid, place_in(&t->entry) - 2, two, 2) == 2 && is_other_entry(two);
}

static u8 flags_of(struct task *t) {
  return (u8)((t->rule ? CHANGED_BY_RULE : 0) | (t->is_clamped ? CLAMPED : 0) | (t->is_skipped ? NOT_PERFORMED : 0) |
              (t->is_changed ? REDIRECTED : 0));
}

static void skip(struct task *t, int by_filter) {
  struct registers changed = t->entry;
  t->is_skipped = 1;
  set_number(&changed, (u64)-1);
  if (by_filter) set_result(&changed, t->skip_result); /* then there is no exit to wait for */
  write_registers(t->tid, &changed);
  if (!by_filter) return;
  t->is_in_call = 0;
  answer(t, t->skip_result, flags_of(t));
}

/* At the stop before a call. Whether its exit will be stopped at is in is_in_call. */
void enter_call(struct task *t, int by_filter) {
  if (read_registers(t->tid, &t->entry) < 0) return;
  if (!by_filter && !looks_like_entry(&t->entry)) return; /* the exit of a call whose entry was not seen */
  t->is_in_call = 1;
  t->rule = t->origin = 0;
  t->is_clamped = t->is_skipped = t->is_replaced = t->is_changed = t->has_executed = 0;
  t->saves = 0;
  if (t->is_quiet && number_in(&t->entry) != NR_execve) return;
  t->is_quiet = 0;
  ask(t);
  if (t->is_foreign) return;
  expect_descriptor(t);
  if (rule_count()) {
    t->rule = matching_rule(t);
    if (t->rule && is_by_other_entry(t)) t->rule = 0;
    if (t->rule ? apply_at_entry(t, &t->skip_result) == SKIPPED : stand_in_answer(t, &t->skip_result)) skip(t, by_filter);
  }
}

/* At the stop behind it. */
void leave_call(struct task *t) {
  struct registers now;
  t->is_in_call = 0;
  if (t->is_quiet || read_registers(t->tid, &now) < 0) return;
  s64 result = result_in(&now), before = result;
  int will_restart = result <= -512 && result >= -516; /* ERESTARTSYS and its like: a signal came, and it will be asked again */
  if (t->has_executed) t->saves = 0; /* other memory */
  put_back(t);
  if (t->is_changed && !t->has_executed) {
    for (int i = 0; i < 6; i++) *argument_in(&now, i) = *argument_in(&t->entry, i);
    set_number(&now, number_in(&t->entry));
  }
  if (t->is_skipped) result = t->skip_result;
  else if (t->rule && !will_restart) apply_at_exit(t, &result);
  if (result != before) set_result(&now, result);
  if (result != before || (t->is_changed && !t->has_executed)) write_registers(t->tid, &now);
  t->is_restarting = (u8)(will_restart && !t->is_skipped);
  if (!t->is_foreign) note_descriptors(t, result, t->is_replaced);
  answer(t, result, flags_of(t));
}
