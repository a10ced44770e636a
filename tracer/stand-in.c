/* Answers for a descriptor that stands in for one that the system does not have, where no rule has an answer. */
#include "tracer.h"

/* Calls about the descriptor as such are performed on the one that stands in; 1 where there is an answer instead. */
int stand_in_answer(struct task *t, s64 *result) {
  u64 number = number_in(&t->entry);
  struct span spans[SPANS];
  if (calls[number].argument[0].meaning != DESCRIPTOR || !is_stand_in(t, *argument_in(&t->entry, 0))) return 0;
  switch (number) {
    case NR_close:
    case NR_dup:
    case NR_dup2:
    case NR_dup3:
    case NR_fcntl:
    case NR_fstat: return 0;
  }
  *result = 0;
  for (int i = 1; i < 6; i++) {
    switch (calls[number].argument[i].meaning) {
      case BUFFER:
      case VECTOR_OUT:
      case MESSAGE_OUT: *result = -EAGAIN; return 1; /* nothing has come */
      case DATA:
        if (number == NR_write || number == NR_sendto) *result = (s64)*argument_in(&t->entry, i + 1);
        return 1;
      case VECTOR_IN:
      case MESSAGE_IN: *result = (s64)sum_of(spans, spans_of(t, i, spans)); return 1;
    }
  }
  return 1;
}
