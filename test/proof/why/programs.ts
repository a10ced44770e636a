/** Small programs that end otherwise in gVisor, each of one cause, as C. */

export const programs: Readonly<Record<string, string>> = {
  pagemap: `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
int main() {
  if (open("/proc/self/pagemap", O_RDONLY) < 0) { perror("pagemap"); abort(); }
  puts("ok");
}`,

  /* The cause is 1,200 calls before the message, and the message names another thing. */
  late: `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main() {
  int file = open("/root/store.tmp", O_RDWR | O_CREAT, 0600);
  int slots = fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) ? 0 : 8;
  for (int i = 0; i < 300; i++) {
    struct stat s; char b[64]; int g;
    stat("/etc/hostname", &s); g = open("/etc/hostname", O_RDONLY); read(g, b, 64); close(g);
  }
  if (!slots) { fprintf(stderr, "store: no free slots\\n"); return 3; }
  printf("store: %d slots\\n", slots);
}`,

  /* No error at all: another value. */
  kernel: `
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
int main() {
  struct utsname u; uname(&u);
  if (atoi(u.release) < 5) { fprintf(stderr, "needs a kernel of 5.0 or newer\\n"); return 1; }
  puts("ok");
}`,

  /* A second way where the first fails, which fails too. */
  two: `
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
int main() {
  if (socket(AF_NETLINK, SOCK_RAW, 16) < 0 && open("/proc/vmstat", O_RDONLY) < 0) { fprintf(stderr, "no way left\\n"); return 2; }
  puts("ok");
}`,

  /* The answer alone does not help: the event does not come. */
  dnotify: `
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static volatile int got;
static void note(int s) { got = 1; }
int main() {
  signal(SIGIO, note);
  if (fcntl(open("/root", O_RDONLY), F_NOTIFY, DN_CREATE) < 0) { perror("F_NOTIFY"); return 4; }
  close(open("/root/new", O_CREAT | O_WRONLY, 0600));
  usleep(10000);
  puts(got ? "seen" : "not seen");
  return !got;
}`,

  grow: `
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
int main() {
  char *p = mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(p, 65536);
  char *s = mmap(p + 61440, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
  s[-64] = 1;
  puts("grown");
}`,

  /* Asks for much that gVisor answers otherwise, and needs none of it. */
  healthy: `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>
int main() {
  struct utsname u; uname(&u);
  socket(AF_NETLINK, SOCK_RAW, 16);
  open("/proc/vmstat", O_RDONLY);
  open("/sys/devices/system/node", O_RDONLY);
  puts("ok");
}`,

  clock: `
#include <stdio.h>
#include <sys/time.h>
int main() {
  struct timeval t; gettimeofday(&t, 0);
  puts(settimeofday(&t, 0) ? "refused" : "set");
}`,
};
