/* What the tracer is tried on: each argument is one small scene, and standard output says what the program saw. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;

static void *idle(void *of) { return of; }
static void *runs_another(void *of) {
  char *words[] = {(char *)self, "say", "from-thread", 0};
  (void)of;
  execv(self, words);
  return 0;
}
static void *sleeps(void *of) {
  pause();
  return of;
}

static int tree(void) {
  pthread_t thread;
  pthread_create(&thread, 0, idle, 0);
  pthread_join(thread, 0);
  if (fork() == 0) {
    if (fork() == 0) _exit(4);
    wait(0);
    _exit(3);
  }
  wait(0);
  if (vfork() == 0) {
    execl(self, self, "say", "vforked", (char *)0);
    _exit(9);
  }
  wait(0);
  fflush(stdout);
  if (fork() == 0) {
    pthread_create(&thread, 0, sleeps, 0);
    pthread_create(&thread, 0, runs_another, 0);
    pause();
  }
  int status;
  wait(&status);
  printf("last child: %d\n", WEXITSTATUS(status));
  return 5;
}

static void show_file(const char *path) {
  char text[100];
  int file = open(path, O_RDONLY);
  ssize_t n = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (n < 0) printf("%s: %s\n", path, strerror(errno));
  else printf("%s: %.*s\n", path, (int)strcspn((text[n] = 0, text), "\n"), text);
  if (file >= 0) close(file);
}

static int files(int count, char **paths) {
  for (int i = 0; i < count; i++) show_file(paths[i]);
  return 0;
}

/* The same below a directory's descriptor. */
static int below(const char *directory, const char *name) {
  char text[100];
  int at = open(directory, O_RDONLY | O_DIRECTORY), file = openat(at, name, O_RDONLY);
  ssize_t n = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (n < 0) printf("%s below: %s\n", name, strerror(errno));
  else printf("%s below: %.*s\n", name, (int)strcspn((text[n] = 0, text), "\n"), text);
  return 0;
}

static int values(void) {
  struct utsname u;
  int r = uname(&u);
  printf("max %d\nuname %d %s\n", sched_get_priority_max(SCHED_FIFO), r, u.release);
  errno = 0;
  long none = syscall(999);
  printf("no such call %ld %s\n", none, strerror(errno));
  return 0;
}

/* A buffer that is smaller than the answer that a rule has. */
static int small(void) {
  char guarded[16];
  memset(guarded, '#', sizeof guarded);
  int file = open("/etc/passwd", O_RDONLY);
  ssize_t n = read(file, guarded, 4);
  printf("%zd %.*s\n", n, (int)sizeof guarded, guarded);
  return 0;
}

static int netlink(int protocol) {
  struct sockaddr_nl to = {.nl_family = AF_NETLINK};
  struct {
    struct nlmsghdr head;
    char body[16];
  } ask = {.head = {.nlmsg_len = 32, .nlmsg_type = 77, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 4711}};
  char room[256];
  struct iovec vector = {room, sizeof room};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (s < 0) {
    printf("socket: %s\n", strerror(errno));
    return 1;
  }
  printf("bind %d\n", bind(s, (struct sockaddr *)&to, sizeof to));
  printf("send %zd\n", sendto(s, &ask, 32, 0, (struct sockaddr *)&to, sizeof to));
  ssize_t n = recvmsg(s, &message, MSG_DONTWAIT);
  struct nlmsghdr *head = (struct nlmsghdr *)room;
  if (n >= 16) printf("type %d seq %u\n", head->nlmsg_type, head->nlmsg_seq);
  else printf("recvmsg: %s\n", strerror(errno));
  n = recv(s, room, sizeof room, MSG_DONTWAIT);
  printf("recv: %zd %s\n", n, n < 0 ? strerror(errno) : "");
  return close(s);
}

static volatile int caught;
static void on_signal(int number) { caught = number; }

static int signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  struct timespec second = {5, 0};
  int status;
  sigaction(SIGUSR1, &action, 0);
  if (fork() == 0) {
    usleep(200000);
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  int r = nanosleep(&second, 0);
  printf("nanosleep %d %s caught %d\n", r, strerror(errno), caught == SIGUSR1);
  wait(0);
  int ends[2];
  char byte = '?';
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, 0);
  if (pipe(ends)) return 1;
  if (fork() == 0) {
    usleep(200000);
    kill(getppid(), SIGUSR1);
    usleep(200000);
    _exit(write(ends[1], "x", 1) != 1);
  }
  ssize_t n = read(ends[0], &byte, 1);
  printf("read after a signal %zd %c\n", n, byte);
  wait(0);
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(6);
  }
  waitpid(child, &status, WUNTRACED);
  printf("stopped %d\n", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  usleep(100000);
  printf("still stopped %d\n", waitpid(child, &status, WNOHANG) == 0);
  kill(child, SIGCONT);
  waitpid(child, &status, 0);
  printf("continued, exit %d\n", WEXITSTATUS(status));
  return 0;
}

static int waits(const char *file) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, 0);
  close(open(file, O_CREAT | O_WRONLY, 0600));
  while (!caught) pause();
  printf("got signal %d\n", caught);
  return 7;
}

/* Leaves a process in a session of its own, which writes its number into a file and touches another one a second later. */
static int daemonise(const char *file, const char *later) {
  int ready[2];
  char byte;
  if (pipe(ready)) return 1;
  if (fork() == 0) {
    setsid();
    if (fork()) _exit(0);
    FILE *out = fopen(file, "w");
    fprintf(out, "%d", getpid());
    fclose(out);
    close(0), close(1), close(2);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    sleep(1);
    close(open(later, O_CREAT | O_WRONLY, 0600));
    sleep(60);
    _exit(0);
  }
  wait(0);
  return read(ready[0], &byte, 1) != 1;
}

static int hangs(void) {
  int ends[2];
  char byte;
  if (pipe(ends)) return 1;
  if (fork() == 0) {
    signal(SIGTERM, SIG_IGN);
    for (;;) pause();
  }
  return (int)read(ends[0], &byte, 1);
}

static int many(int count) {
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 0; i < count; i++) syscall(SYS_getppid);
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("%.2f\n", ((b.tv_sec - a.tv_sec) * 1e6 + (b.tv_nsec - a.tv_nsec) / 1e3) / count);
  return 0;
}

static int many_threads(int count) {
  pthread_t threads[64];
  for (int round = 0; round < count / 64; round++) {
    for (int i = 0; i < 64; i++)
      if (pthread_create(&threads[i], 0, idle, 0)) return 1;
    for (int i = 0; i < 64; i++) pthread_join(threads[i], 0);
    if (fork() == 0) _exit(0);
    wait(0);
  }
  return 0;
}

int main(int count, char **words) {
  const char *scene = count > 1 ? words[1] : "";
  char buffer[4096];
  ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer - 1);
  buffer[n > 0 ? n : 0] = 0;
  self = buffer;
  setvbuf(stdout, 0, _IOLBF, 0);
  if (!strcmp(scene, "tree")) return tree();
  if (!strcmp(scene, "say")) return puts(words[2]) < 0 ? 1 : 8;
  if (!strcmp(scene, "files")) return files(count - 2, words + 2);
  if (!strcmp(scene, "below")) return below(words[2], words[3]);
  if (!strcmp(scene, "values")) return values();
  if (!strcmp(scene, "small")) return small();
  if (!strcmp(scene, "netlink")) return netlink(atoi(words[2]));
  if (!strcmp(scene, "signals")) return signals();
  if (!strcmp(scene, "waits")) return waits(words[2]);
  if (!strcmp(scene, "daemon")) return daemonise(words[2], words[3]);
  if (!strcmp(scene, "hangs")) return hangs();
  if (!strcmp(scene, "many")) return many(atoi(words[2]));
  if (!strcmp(scene, "threads")) return many_threads(atoi(words[2]));
  if (!strcmp(scene, "crash")) *(volatile int *)(long)strtol(words[2], 0, 16) = 1;
  if (!strcmp(scene, "traced")) return ptrace(PTRACE_TRACEME, 0, 0, 0) ? errno : 0;
  return 2;
}
