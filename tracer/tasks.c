/* The threads that are traced, found by their id, and the processes that they belong to. */
#include "tracer.h"

#define BUCKETS 1024
static struct task *buckets[BUCKETS];
static struct task *free_tasks;
static struct process *free_processes;
static struct descriptors *free_descriptors[64];
static u32 free_descriptors_count, live, next_index;
struct task *root;

struct task *task_of(int tid) {
  for (struct task *t = buckets[tid % BUCKETS]; t; t = t->next)
    if (t->tid == tid) return t;
  return 0;
}

struct task *new_task(int tid) {
  struct task *t = free_tasks;
  if (t) {
    free_tasks = t->next;
    memset(t, 0, __builtin_offsetof(struct task, before)); /* what follows is written before it is read */
  } else {
    t = pages(sizeof *t);
  }
  t->tid = tid;
  t->next = buckets[tid % BUCKETS];
  buckets[tid % BUCKETS] = t;
  live++;
  return t;
}

u32 live_tasks(void) { return live; }

static void leave_descriptors(struct descriptors *d) {
  if (--d->users == 0 && free_descriptors_count < 64) free_descriptors[free_descriptors_count++] = d;
}

static void leave_process(struct process *p) {
  if (--p->tasks || !p->index) return; /* the command's own process stays: orphans are told to be its children */
  leave_descriptors(p->descriptors);
  close_memory(p);
  p->next_free = free_processes;
  free_processes = p;
}

void drop_task(struct task *t) {
  struct task **link = &buckets[t->tid % BUCKETS];
  while (*link != t) link = &(*link)->next;
  *link = t->next;
  if (t->process) leave_process(t->process);
  t->next = free_tasks;
  free_tasks = t;
  live--;
}

struct task *rename_task(struct task *t, int tid) {
  struct task **link = &buckets[t->tid % BUCKETS];
  while (*link != t) link = &(*link)->next;
  *link = t->next;
  t->tid = tid;
  t->next = buckets[tid % BUCKETS];
  return buckets[tid % BUCKETS] = t;
}

/* To go through all of them; the one that was given last may be dropped only after the next was asked for. */
struct task *next_task(struct task *after) {
  if (after && after->next) return after->next;
  for (u32 i = after ? (u32)after->tid % BUCKETS + 1 : 0; i < BUCKETS; i++)
    if (buckets[i]) return buckets[i];
  return 0;
}

static struct process *new_process(void) {
  struct process *p = free_processes;
  if (p) {
    free_processes = p->next_free;
    memset(p, 0, sizeof *p);
  } else {
    p = pages(sizeof *p);
  }
  p->index = next_index++;
  p->tasks = 1;
  return p;
}

static struct descriptors *new_descriptors(void) {
  struct descriptors *d = free_descriptors_count ? free_descriptors[--free_descriptors_count] : pages(sizeof *d);
  d->users = 1;
  return d;
}

/* A thread or process that `parent` made with these flags of clone(2). */
void join(struct task *child, struct task *parent, u64 flags) {
  struct process *of = parent->process;
  if (flags & CLONE_THREAD) {
    of->tasks++;
    child->process = of;
    return;
  }
  struct process *p = child->process = new_process();
  if (flags & CLONE_FILES) {
    p->descriptors = of->descriptors;
    p->descriptors->users++;
  } else {
    p->descriptors = new_descriptors();
    memcpy(p->descriptors->origin, of->descriptors->origin, sizeof of->descriptors->origin);
    memcpy(p->descriptors->sent, of->descriptors->sent, sizeof of->descriptors->sent);
  }
  u64 length = length_of(of->path);
  memcpy(p->path, of->path, length);
  if (length + 12 < sizeof p->path) {
    p->path[length++] = '.';
    length += put_number(p->path + length, of->children);
  } else {
    p->path[length - 1] = '+'; /* so deep that no rule can name it */
  }
  p->path[length] = 0;
  of->children++;
}

/* As the first process of a container the tracer is also given what its tracees left unreaped: the same end a second time. */
static int ends[1024];
static u32 end_count;
void note_end(int tid) { ends[end_count++ % (sizeof ends / sizeof *ends)] = tid; }
int has_ended_before(int tid) {
  for (u32 i = 0; i < sizeof ends / sizeof *ends; i++)
    if (ends[i] == tid) return 1;
  return 0;
}

/* execve: descriptors that were shared with another process no longer are. */
void own_descriptors(struct process *p) {
  if (p->descriptors->users == 1) return;
  struct descriptors *own = new_descriptors();
  memcpy(own->origin, p->descriptors->origin, sizeof own->origin);
  memcpy(own->sent, p->descriptors->sent, sizeof own->sent);
  p->descriptors->users--;
  p->descriptors = own;
}

void start_root(struct task *t) {
  static const char *names[] = {"std0", "std1", "std2"};
  t->process = new_process();
  t->process->descriptors = new_descriptors();
  t->process->path[0] = '0';
  for (int i = 0; i < 3; i++) t->process->descriptors->origin[i] = origin_named(names[i], 4) << 1;
  root = t;
}
