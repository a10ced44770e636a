/* Waits for tracees to stop and says how they go on; ends as the command ends, by a time-out or by a signal. */
#include "tracer.h"

static volatile u32 arrived; /* 1: the time is over; 2: a signal came when the command had ended and others had not */
static volatile int root_tid;
static int is_over, is_detaching, has_old_order, marker_stops, parked;
static s32 root_status;
static struct task orphanage; /* parent of those whose own was killed before it could tell of them */

static void note_signal(int number, struct signal_info *info) {
  static const u64 soon[4] = {0, 50000, 0, 50000};
  /* What a terminal sends (SI_KERNEL) goes to the whole group of processes, the command included; so comes the timer's SIGALRM. */
  if (info->code > 0) arrived |= number == SIGALRM && !(arrived & 2);
  else if (root_tid) call2(NR_kill, root_tid, number); /* at once: what comes just before a wait would not end it */
  else {
    arrived |= 2;
    call3(NR_setitimer, 0, soon, 0);
  }
}

void restorer(void);
static void handle(int number, void (*handler)(int, struct signal_info *)) {
  struct {
    void *handler;
    u64 flags;
    void (*restorer)(void);
    u64 mask;
  } action = {(void *)handler, 4 | SIGACTION_FLAGS, restorer, 0}; /* SA_SIGINFO */
  call4(NR_rt_sigaction, number, &action, 0, 8);
}

static void resume(struct task *t, u64 signal) {
  int stops_at_calls = !watches_only_some() || t->is_in_call || t->expects_entry;
  ptrace(stops_at_calls ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, 0, signal);
}

static void kill_all(void) {
  is_over = 1;
  for (struct task *t = next_task(0); t; t = next_task(t)) call2(NR_tkill, t->tid, SIGKILL);
}

static void detach_all(void) {
  is_detaching = 1;
  for (struct task *t = next_task(0); t; t = next_task(t)) {
    if (!t->is_parked) ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
    else ptrace(PTRACE_DETACH, t->tid, 0, 0);
  }
}

static void end_task(struct task *t, s32 status) {
  struct {
    s32 status;
    u32 is_last;
  } rest = {status, t->process->tasks == 1};
  if (t->is_in_call && !t->is_quiet) answer(t, 0, UNFINISHED | (t->rule ? CHANGED_BY_RULE : 0));
  put_event(EXIT, t, &rest, sizeof rest);
  note_end(t->tid);
  drop_task(t);
}

static void adopt(struct task *child, struct task *parent, u64 flags) {
  struct {
    u32 process, thread;
    u64 flags;
  } rest;
  join(child, parent, flags);
  rest.process = child->process->index;
  rest.thread = (u32)child->tid;
  rest.flags = flags;
  put_event(FORK, parent, &rest, sizeof rest);
  if (!child->is_parked) return;
  child->is_parked = 0;
  parked--;
  if (child->has_died) end_task(child, child->status);
  else resume(child, 0);
}

static void new_child(struct task *t) {
  u64 tid = 0, flags = 0;
  struct registers now;
  if (ptrace(PTRACE_GETEVENTMSG, t->tid, 0, &tid) < 0 || read_registers(t->tid, &now) < 0) return;
  if (number_in(&now) == NR_clone3) read_memory(t->tid, *argument_in(&now, 0), &flags, 8);
  struct task *child = task_of((int)tid);
  if (child && !child->is_parked) return; /* it was taken for an orphan, and goes on already */
  adopt(child ? child : new_task((int)tid), t, clone_flags(&now, flags));
}

/* A thread that executes takes the id of its process's first; the others are gone. */
static struct task *executed(struct task *t) {
  u64 before = (u64)t->tid;
  int tid = t->tid;
  ptrace(PTRACE_GETEVENTMSG, tid, 0, &before);
  struct task *from = (int)before == tid ? 0 : task_of((int)before);
  if (from) {
    drop_task(t); /* `from` is of the same process, so that stays */
    t = rename_task(from, tid);
  }
  u32 rest[2] = {(u32)before, 0};
  t->has_executed = 1;
  own_descriptors(t->process);
  close_memory(t->process); /* it has another one now */
  put_event(EXEC, t, rest, sizeof rest);
  return t;
}

static void got_signal(struct task *t, int number) {
  struct signal_info info = {0};
  struct registers now = {0};
  struct {
    s32 number, code;
    u64 address, place;
  } rest = {number, 0, 0, 0};
  if (ptrace(PTRACE_GETSIGINFO, t->tid, 0, &info) == 0) rest.code = info.code, rest.address = info.address;
  if (read_registers(t->tid, &now) == 0) rest.place = place_in(&now);
  if (!t->is_quiet) put_event(SIGNAL, t, &rest, sizeof rest);
  resume(t, (u64)number);
}

/* The first stops of a filtered command tell whether the entry of a call is stopped at again after the filter, as in gVisor. */
static int is_marker(struct task *t, int by_filter) {
  struct registers now;
  if (!t->is_quiet || !watches_only_some() || marker_stops < 0 || read_registers(t->tid, &now) < 0) return 0;
  if (by_filter) {
    if (number_in(&now) != NR_getppid) return 0;
    marker_stops = 1;
    t->is_in_call = 1;
  } else if (marker_stops++ == 1 && looks_like_entry(&now)) {
    has_old_order = 1;
  } else {
    marker_stops = -1;
    t->is_in_call = t->is_quiet = 0;
  }
  resume(t, 0);
  return 1;
}

static void filter_stop(struct task *t) {
  if (is_marker(t, 1)) return;
  enter_call(t, 1);
  t->expects_entry = (u8)(has_old_order && t->is_in_call);
  resume(t, 0);
}

static void call_stop(struct task *t) {
  if (is_marker(t, 0)) return;
  if (t->expects_entry) t->expects_entry = 0;
  else if (t->is_in_call) leave_call(t);
  else enter_call(t, 0);
  resume(t, 0);
}

static void stopped(struct task *t, int tid, int number, int event) {
  if (is_over && t) call2(NR_tkill, tid, SIGKILL);
  if (is_detaching) {
    if (t && t->process && t->is_in_call && !t->is_quiet) answer(t, 0, UNFINISHED);
    int is_signal = event == 0 && number != CALL_STOP;
    ptrace(PTRACE_DETACH, tid, 0, is_signal ? number : 0);
    if (t) drop_task(t);
    return;
  }
  if (!t) {
    t = new_task(tid); /* before its parent's event; it waits */
    t->is_parked = 1;
    parked++;
    if (is_over) call2(NR_tkill, tid, SIGKILL);
    return;
  }
  if (t->is_parked) return;
  switch (event) {
    case 0: number == CALL_STOP ? call_stop(t) : got_signal(t, number); return;
    case EVENT_FORK:
    case EVENT_VFORK:
    case EVENT_CLONE: new_child(t); break;
    case EVENT_EXEC: t = executed(t); break;
    case EVENT_SECCOMP: filter_stop(t); return;
    case EVENT_STOP:
      if (number == SIGTRAP) break;
      ptrace(PTRACE_LISTEN, tid, 0, 0); /* stopped by a signal, until SIGCONT */
      return;
  }
  resume(t, 0);
}

static void ended(struct task *t, int tid, s32 status, enum left left) {
  if (!t) {
    if (has_ended_before(tid)) return;
    t = new_task(tid);
    t->is_parked = 1;
    parked++;
  }
  if (t->is_parked) {
    t->has_died = 1;
    t->status = status;
    return;
  }
  end_task(t, status);
  if (tid != root_tid) return;
  root_status = status;
  root_tid = 0;
  if (left == LEFT_KILL) kill_all();
  else if (left == LEFT_DETACH && !watches_only_some()) detach_all(); /* under a filter its calls need the tracer: ENOSYS without */
}

static void take_signals(enum why *why) {
  if (is_over) return;
  if (arrived & 1) *why = TIMED_OUT;
  kill_all();
}

/* A task whose parent was killed before it could tell of it has another parent now, and is let go on as a child of the command. */
static void take_in_orphans(int all) {
  for (struct task *t = next_task(0), *next; t && parked; t = next) {
    next = next_task(t);
    if (t->is_parked && (all || is_orphan(t->tid))) adopt(t, &orphanage, 0);
  }
}

/* How the command ended, as wait(2) tells. */
s32 trace(int tid, u64 milliseconds, enum left left, enum why *why) {
  /* and SIGABRT, SIGUSR1, SIGUSR2, SIGCONT, SIGURG, SIGWINCH, SIGIO, SIGPWR */
  static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, 6, 10, 12, 18, 23, 28, 29, 30};
  struct {
    u64 every_seconds, every_microseconds, seconds, microseconds;
  } timer = {0, 50000, milliseconds / 1000, milliseconds % 1000 * 1000};
  u64 none = 0; /* blocked signals are inherited too */
  root_tid = tid;
  for (u32 i = 0; i < sizeof passed_on / sizeof *passed_on; i++) handle(passed_on[i], note_signal);
  handle(SIGALRM, note_signal);
  handle(SIGPIPE, (void (*)(int, struct signal_info *))1);
  handle(17, 0); /* with SIGCHLD ignored, as it may be inherited, nobody could be waited for */
  call4(NR_rt_sigprocmask, 2, &none, 0, 8);
  if (milliseconds) call3(NR_setitimer, 0, &timer, 0); /* again and again: one that comes just before a wait is not lost */
  orphanage.process = root->process;
  resume(root, 0);
  while (live_tasks()) {
    s32 status;
    if (arrived) take_signals(why);
    s64 stopped_tid = call4(NR_wait4, -1, &status, WALL, 0);
    if (stopped_tid == -EINTR) continue;
    if (stopped_tid < 0) break;
    struct task *t = task_of((int)stopped_tid);
    if ((status & 0xff) == 0x7f) stopped(t, (int)stopped_tid, status >> 8 & 0xff, status >> 16 & 0xff);
    else ended(t, (int)stopped_tid, status, left);
    int has_ended = (status & 0xff) != 0x7f;
    if (parked && (has_ended || (u32)parked == live_tasks())) take_in_orphans((u32)parked == live_tasks());
  }
  return root_status;
}
