/* Everything that the tracer's parts share: the table of calls, what is known of processes and threads, records and rules. */
#pragma once
#include "system.h"

/* calls.c, made from calls.json: what each argument of a call means. */
enum meaning {
  NOTHING, DESCRIPTOR, PATH, TEXT, /* TEXT is a string that names no file */
  BUFFER,                          /* the kernel writes as many bytes as it returns; the next argument is its size */
  STRUCT, FIXED,                   /* of a known size: written by the kernel; read by it */
  CHANGED,                         /* whatever of 512 bytes differs afterwards */
  DATA, ADDRESS,                   /* read by the kernel, as long as the next argument says */
  MESSAGE_IN, MESSAGE_OUT, VECTOR_IN, VECTOR_OUT, POLLED, PAIR, ARGUMENTS,
};
struct call {
  u8 makes_descriptor;
  struct {
    u8 meaning, size; /* size in units of two bytes */
  } argument[6];
};
#define CALLS 512
extern const struct call calls[CALLS];

/* Origins: what made a descriptor, as text; number 0 is "unknown". */
#define DESCRIPTORS 1024
struct descriptors {
  u32 users;
  u32 origin[DESCRIPTORS]; /* number of the origin, times two, plus one for a stand-in */
  u32 sent[DESCRIPTORS][4]; /* the first 16 bytes that were last sent on it: a netlink header */
};

struct process {
  u32 index, tasks, children;
  int memory; /* descriptor of /proc/PID/mem; -1 where there is none, 0 where it was not needed yet */
  struct descriptors *descriptors;
  struct process *next_free;
  char path[120]; /* "0.1.0": the first child of the second child of the command */
};

#define PENDING (160 * 1024)
#define CHANGES 4
#define SAVES 2
struct task {
  int tid;
  u8 is_parked;    /* it stopped before its parent said that there is a new one */
  u8 has_died;     /* and it was gone by then */
  u8 is_in_call;   /* its entry was seen, its exit was not */
  u8 expects_entry; /* gVisor stops at the entry after the stop of the filter, Linux does not */
  u8 is_quiet;     /* the tracer's own code before the command is executed */
  u8 is_foreign;
  u8 is_restarting;
  u8 is_clamped;   /* bytes did not fit into the caller's memory */
  u8 is_skipped, is_replaced, is_changed, has_executed, is_unrecorded;
  u32 rule, origin; /* of the call under way: which rule applies (plus one), what the new descriptor will be */
  struct process *process;
  struct task *next;
  struct registers entry;
  s64 skip_result;
  s32 status; /* of one that has died before its parent told of it */
  u32 saves; /* pieces of its memory that are to be put back behind the call */
  u32 length, parts; /* of the record under construction */
  u32 before_length[CHANGES];
  u8 before_argument[CHANGES];
  u8 before[CHANGES][512];
  struct span saved_from[SAVES];
  u8 saved[SAVES][4096];
  u8 pending[PENDING];
};

extern struct task *root;
struct task *task_of(int tid);
struct task *new_task(int tid);
void drop_task(struct task *t);
struct task *next_task(struct task *after);
void join(struct task *child, struct task *parent, u64 flags);
void start_root(struct task *t);
u32 live_tasks(void);
void note_end(int tid);
int has_ended_before(int tid);
struct task *rename_task(struct task *t, int tid);
void own_descriptors(struct process *p);

/* memory.c */
void close_memory(struct process *p);
u64 read_memory(int tid, u64 at, void *into, u64 length);
u64 write_memory(int tid, u64 at, const void *from, u64 length);
u64 read_text(int tid, u64 at, char *into, u64 room);

/* origins.c */
u32 origin_named(const char *text, u64 length);
const char *origin_text(u32 number, u64 *length);
u32 origin_of(struct task *t, u64 descriptor);
int is_stand_in(struct task *t, u64 descriptor);
u32 *last_sent(struct task *t, u64 descriptor);
u64 resolved(struct task *t, int argument, char *into, u64 room);
void expect_descriptor(struct task *t);
void note_descriptors(struct task *t, s64 result, int stands_in);

/* record.c; the layout is in FORMAT.md. */
enum kind { CALL = 1, FORK, EXEC, EXIT, SIGNAL, ORIGIN, END };
enum { UNFINISHED = 1, FOREIGN = 2, CHANGED_BY_RULE = 4, CLAMPED = 8, NOT_PERFORMED = 16, REDIRECTED = 32 };
enum part { PART_PATH = 1, PART_TEXT, PART_IN, PART_OUT, PART_NAME, PART_CONTROL, PART_ORIGIN, PART_ARGUMENTS };
#define CUT 1
struct header {
  u32 size;
  u8 kind, flags;
  u16 parts;
  u32 process, thread;
};
struct part_header {
  u8 argument, kind;
  u16 flags;
  u32 offset, length, wanted;
};
struct call_record {
  struct header header;
  u32 number, rule;
  u64 arguments[6];
  s64 result;
};
void open_record(const char *path, const char *mark, u64 limit);
void put_event(enum kind kind, struct task *t, const void *rest, u32 length);
void put_record(const void *record, u32 length);
void finish_record(u32 why, s32 status, u32 start_error);
void flush(void);
int is_recording(void);

/* question.c and answer.c: the two halves of a CALL record. */
void ask(struct task *t);
void answer(struct task *t, s64 result, u8 flags);
const struct part_header *part_of(struct task *t, int argument, enum part kind);
struct part_header *add_part(struct task *t, int argument, enum part kind, u32 offset, u64 wanted, u64 room);
void copy_part(struct task *t, int argument, enum part kind, u32 offset, u64 at, u64 length, u64 room);
void shrink_part(struct task *t, struct part_header *part, u64 length);
u64 room_for(struct task *t);
u64 sum_of(struct span *spans, u64 count);
u64 spans_of(struct task *t, int argument, struct span *into);
#define SPANS 64

/* rules.c and match.c */
struct item {
  u32 size;
  u8 kind, argument;
  u16 flags;
  u32 offset, length;
  u64 a, b;
  u8 data[];
};
struct rule {
  u32 size;
  u16 call, conditions, actions, pad;
  u32 first, last; /* of the calls that meet the conditions, those from the first to the last; 0 for no end */
  u32 met, hits, unused;
  struct item items[];
};
#define ANY_CALL 0xffff
#define ANY_ARGUMENT 0xff
enum condition { IF_BITS = 1, IF_PATH, IF_ORIGIN, IF_BYTES, IF_SENT, IF_PROCESS, IF_RANGE };
enum action { SET_RESULT = 16, SET_BYTES, REDIRECT, REPLACE };
enum { TREE = 1, NOT = 0x8000 };          /* of a pattern; of any condition */
enum { PERFORM = 1 };                    /* of SET_RESULT */
enum { TO_BUFFER, TO_MESSAGE, TO_CONTROL, TO_VECTOR, TO_NAME, WHERE = 15, NETLINK = 16 }; /* of SET_BYTES */
void load_rules(const char *path);
int watches_only_some(void);
int records_only_some(void);
u64 watched(u32 number);
u32 rule_count(void);
struct rule *rule_number(u32 number);
const struct item *next_item(const struct item *item);
u32 matching_rule(struct task *t);
#define NO_MATCH ((u64)-1)
u64 matched_length(const u8 *pattern, u64 length, const char *text, u64 size, int is_tree);

/* apply.c, stand-in.c: what becomes of the call. */
enum fate { GO_ON, SKIPPED };
enum fate apply_at_entry(struct task *t, s64 *result);
void put_back(struct task *t);
void apply_at_exit(struct task *t, s64 *result);
int stand_in_answer(struct task *t, s64 *result);

/* filter.c, start.c, orphans.c, loop.c */
#define MARKER 0x53616e64666974 /* first argument of the getppid() by which a new tracee says that its filter works */
s64 install_filter(void);
int start_command(char **command, char **environment);
u32 start_error(void);
int is_orphan(int tid);
void enter_call(struct task *t, int by_filter);
void leave_call(struct task *t);
enum left { LEFT_WAIT, LEFT_KILL, LEFT_DETACH };
enum why { ENDED, TIMED_OUT };
s32 trace(int root_tid, u64 milliseconds, enum left left, enum why *why);
