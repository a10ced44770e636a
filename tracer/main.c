/* sandfit-trace: the command line, and an end that is the command's own. */
#include "tracer.h"

ENTRY_CODE;

static const char usage[] =
    "usage: sandfit-trace [-o FILE | -m MARK] [-r RULES] [-t MILLISECONDS] [-b BYTES] [-l wait|kill|detach] COMMAND...\n"
    "Runs COMMAND, records its system calls, changes answers by RULES. See tracer/FORMAT.md of Sandfit.\n";

static _Noreturn void leave(s32 status) {
  u64 no_core[2] = {0, 0}, default_action[4] = {0};
  int number = status & 0x7f;
  if (number) { /* die of what the command died of; the first process of a container cannot */
    call2(NR_setrlimit, 4, no_core);
    call4(NR_rt_sigaction, number, default_action, 0, 8);
    call2(NR_kill, call0(NR_getpid), number);
  }
  for (;;) call1(NR_exit_group, number ? 128 + number : status >> 8 & 0xff);
}

static u64 number_or_fail(const char *text) {
  s64 value = text ? number_of(text) : -1;
  if (value < 0) fail("an option lacks its number", 0);
  return (u64)value;
}

__attribute__((used)) _Noreturn void start(u64 *stack) {
  char **argument = (char **)(stack + 2), **environment = (char **)(stack + 2 + stack[0]);
  const char *file = 0, *mark = 0, *rules = 0;
  u64 milliseconds = 0, limit = 256u << 20;
  enum left left = LEFT_DETACH;
  for (; *argument && **argument == '-'; argument += 2) {
    const char *value = argument[1];
    if (is_text(*argument, "--") && argument++) break;
    if (!value) break;
    if (is_text(*argument, "-o")) file = value;
    else if (is_text(*argument, "-m")) mark = value;
    else if (is_text(*argument, "-r")) rules = value;
    else if (is_text(*argument, "-t")) milliseconds = number_or_fail(value);
    else if (is_text(*argument, "-b")) limit = number_or_fail(value);
    else if (is_text(*argument, "-l")) left = *value == 'w' ? LEFT_WAIT : *value == 'k' ? LEFT_KILL : LEFT_DETACH;
    else fail("no such option; run it without arguments for help", 0);
  }
  if (!*argument) {
    write_all(2, usage, sizeof usage - 1);
    call1(NR_exit_group, 125);
  }
  if (limit < 4u << 20) limit = 4u << 20;
  if (rules) load_rules(rules);
  open_record(file, mark, limit);
  enum why why = ENDED;
  s32 status = trace(start_command(argument, environment), milliseconds, left, &why);
  finish_record(why, status, start_error());
  leave(status);
}
