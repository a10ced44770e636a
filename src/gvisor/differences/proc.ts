/** Files under /proc that Linux has and gVisor has not, or has with another content. */

import { type Pointed, result, room, text } from "../../asm/small-test.js";
import { about, type Cure, type Draft, issue, sentry } from "./define.js";
import * as s from "./steps.js";

const PROC = sentry("fsimpl/proc/tasks.go");
const SELF = sentry("fsimpl/proc/task.go");
const open = (path: Pointed) => s.call("openat", s.CWD, path, 0);

/** A file that is not there. */
function absent(path: string, consequence: string, cure: Cure, more: Partial<Draft> = {}): Draft {
  const id = path.replace(/^\/proc\//, "proc-").replaceAll(/[/_]/g, "-");
  return {
    id,
    title: `there is no ${path}`,
    kind: "missing",
    asks: [{ path: path.replace("/self/", "/*/"), answers: ["ENOENT"] }],
    linux: { answer: "ok" },
    consequence,
    source: [path.includes("/self/") ? SELF : PROC],
    probe: { steps: [open(text(path))], anywhere: true },
    cure,
    ...more,
  };
}
/** As a file, taken from a recording. */
const recorded = (content: string): Cure => ({ how: "file", content, constant: false });
/** As a file whose content is the same everywhere, or harms nobody. */
const constant = (content: string): Cure => ({ how: "file", content, constant: true });
const unknown = (because: string): Cure => ({ how: "none", because });

export const proc = about("proc", [
  absent(
    "/proc/vmstat",
    "vmstat fails, psutil.swap_memory warns, monitors (node_exporter) leave the figures out",
    constant("pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault 0\npgmajfault 0\n"),
    {
      reports: ["https://github.com/open-telemetry/opentelemetry-python-contrib/issues/3740"],
    },
  ),
  absent("/proc/locks", "lslocks exits with an error; lsof and fuser show no locks", constant("")),
  absent(
    "/proc/interrupts",
    "Monitors and irqbalance leave interrupts out or stop",
    recorded("the processors of this sandbox, no interrupt"),
  ),
  absent(
    "/proc/softirqs",
    "Monitors (mpstat, node_exporter) leave software interrupts out",
    recorded("the processors of this sandbox, no interrupt"),
  ),
  absent("/proc/diskstats", "iostat, vmstat -d and psutil.disk_io_counters find no disks", constant("")),
  absent("/proc/partitions", "lsblk, blkid and parted find no disks", constant("major minor  #blocks  name\n\n")),
  absent(
    "/proc/swaps",
    "swapon -s and free's companions say that they cannot open it",
    constant("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
  ),
  absent("/proc/buddyinfo", "Monitors leave free memory by order out", constant("")),
  absent("/proc/zoneinfo", "Monitors leave memory zones out; some fail", recorded("one zone of this sandbox's memory")),
  absent("/proc/slabinfo", "slabtop and vmstat -m fail", constant("slabinfo - version: 2.1\n"), {
    probe: { steps: [open(text("/proc/slabinfo"))] },
  }),
  absent("/proc/kallsyms", "perf, bpftrace and crash tools find no kernel symbols", {
    how: "never",
    reason: "security",
    because: "addresses of a kernel that is not there",
  }),
  absent("/proc/crypto", "Programs that look whether the kernel has a cipher (cryptsetup, iwd) find none", {
    how: "never",
    reason: "security",
    because: "ciphers that are not there must not seem to be",
  }),
  absent(
    "/proc/pressure/cpu",
    "systemd-oomd, node_exporter and load-shedding servers have no pressure figures",
    constant("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
    {
      asks: [{ path: "/proc/pressure/**", answers: ["ENOENT"] }],
      linux: { answer: "ok", documented: true },
    },
  ),
  absent(
    "/proc/sysvipc/shm",
    "ipcs falls back to system calls; PostgreSQL's and Oracle's tools see no segments",
    unknown("the segments of this sandbox are not known outside the calls"),
    {
      asks: [{ path: "/proc/sysvipc/**", answers: ["ENOENT"] }],
    },
  ),
  absent("/proc/self/pagemap", "CRIU, profilers of memory and Go's and Rust's tests of it cannot see physical pages", {
    how: "never",
    reason: "security",
    because: "physical addresses are for nobody",
  }),
  absent(
    "/proc/self/smaps_rollup",
    "Java's native memory tracking, PostgreSQL and monitors add smaps up themselves, or fail",
    recorded("the sums over /proc/self/smaps"),
  ),
  absent(
    "/proc/self/clear_refs",
    "Programs that measure their working set (CRIU, wss) cannot",
    unknown("no page would be marked"),
    {
      probe: { steps: [s.call("openat", s.CWD, text("/proc/self/clear_refs"), 1)], anywhere: true },
    },
  ),
  absent(
    "/proc/self/map_files",
    "CRIU and tools that open mapped files by address cannot",
    unknown("each is a link to a mapped file"),
  ),
  absent("/proc/self/numa_maps", "numastat -p fails; Java with NUMA goes on", recorded("all pages on node 0")),
  absent(
    "/proc/self/sched",
    "Programs that read a thread's scheduling (tuned, rt tests) fail",
    unknown("gVisor keeps no such figures"),
    { linux: { answer: "ok", documented: true } },
  ),
  absent("/proc/self/schedstat", "Monitors of run-queue time (Netdata, ClickHouse) leave it out", constant("0 0 0\n"), {
    linux: { answer: "ok", documented: true },
  }),
  absent(
    "/proc/self/syscall",
    "Debuggers and hang detectors cannot see where a thread waits",
    unknown("the thread's registers are not known"),
    { linux: { answer: "ok", documented: true } },
  ),
  absent("/proc/self/timerslack_ns", "systemd and Android's runtime cannot set the timer slack", constant("50000\n")),
  absent(
    "/proc/self/loginuid",
    "pam_loginuid fails, and with it cron, sshd and login where it is required",
    { how: "never", reason: "accounting", because: "it says who is answerable" },
    { linux: { answer: "ok", documented: true } },
  ),
  absent("/proc/self/mountstats", "nfsstat and mountstats fail", recorded("/proc/self/mountinfo in that form")),
  absent(
    "/proc/self/attr/current",
    "Programs that look for SELinux or AppArmor (systemd, dbus, sudo) take it that there is none",
    { how: "never", reason: "security", because: "a label is a matter of rights" },
    {
      asks: [{ path: "/proc/*/attr/**", answers: ["ENOENT"] }],
      linux: { answer: "ok", documented: true },
    },
  ),
  absent("/proc/sys/vm/swappiness", "sysctl vm.swappiness and tuning scripts fail", constant("60\n")),
  absent("/proc/sys/vm/dirty_ratio", "Tuning scripts and databases that check it fail", constant("20\n")),
  absent(
    "/proc/sys/kernel/threads-max",
    "Go programs, Java tools and installers that check limits fail or warn",
    recorded("the limit of this sandbox"),
  ),
  absent(
    "/proc/sys/kernel/core_pattern",
    "Crash reporters, and installers that check where core files go, fail",
    constant("core\n"),
  ),
  absent(
    "/proc/sys/kernel/perf_event_paranoid",
    "Profilers (perf, async-profiler, Nsight) say that they may not, or crash",
    constant("4\n"),
    { linux: { answer: "ok", documented: true } },
  ),
  absent(
    "/proc/sys/fs/file-max",
    "Servers and installers that check the number of files (Elasticsearch, Oracle) fail or warn",
    constant("9223372036854775807\n"),
  ),
  absent("/proc/sys/fs/inotify/max_user_watches", "IDEs, webpack and Kubernetes tools warn or stop", constant("1048576\n")),
  absent("/proc/sys/fs/aio-max-nr", "Databases with asynchronous I/O (Oracle, ScyllaDB) refuse to start", constant("65536\n")),
  absent("/proc/net/snmp6", "Node's and Go's collectors of network figures, and netstat -s, fail", constant("")),
  absent("/proc/net/sockstat", "ss -s and monitors leave the number of sockets out", constant("sockets: used 0\n")),
  absent(
    "/proc/net/fib_trie",
    "Monitors and container tools that list own addresses by it find none",
    unknown("the addresses of this sandbox are asked for by netlink"),
  ),
  {
    id: "uname-release",
    title: "the kernel calls itself 4.4.0 or 4.19.0-gvisor",
    kind: "value",
    asks: [{ call: "uname" }],
    linux: { answer: "another" },
    consequence:
      "Programs and libraries that want a newer kernel (glibc's ABI note, Qt, Docker, tools that compare versions) refuse to run, whatever gVisor has",
    source: [sentry("syscalls/linux/sys_utsname.go")],
    reports: ["https://github.com/google/gvisor/pull/13016"],
    probe: {
      steps: [s.must("uname", room()), { peek: 130, size: 4 }],
      words: { 775171636: "4.4.0", 959524404: "4.19.0", other: "another" },
    },
    cure: { how: "answer", answer: "the release of the kernel that was recorded" },
  },
  {
    id: "proc-stat",
    title: "/proc/stat says 0 for what is counted there",
    kind: "value",
    asks: [{ path: "/proc/stat", answers: ["ok"] }],
    linux: { answer: "counted" },
    consequence:
      "htop, psutil and servers that shed load read 0 % or divide by 0; since 2026 the times of processors are there, context switches and interrupts are still 0",
    source: [PROC],
    reports: [issue(9967), "https://github.com/dotnet/orleans/issues/7602"],
    probe: {
      steps: [s.must("openat", s.CWD, text("/proc/stat"), 0), s.must("read", result(0), room(), 32), { peek: 5, size: 4 }],
      words: { 540024880: "zeros", other: "counted" },
    },
    cure: { how: "none", because: "made-up load misleads whoever acts on it" },
  },
  {
    id: "resource-usage",
    title: "getrusage counts no page faults",
    kind: "value",
    asks: [{ call: "getrusage" }],
    linux: { answer: "counted" },
    consequence: "time -v, benchmarks and tests that count page faults or context switches see 0",
    source: [sentry("syscalls/linux/sys_rusage.go", 45)],
    probe: {
      steps: [s.must("getrusage", 0, room()), { peek: 64, size: 8 }],
      words: { 0: "0", other: "counted" },
      anywhere: true,
    },
    cure: { how: "never", reason: "accounting", because: "figures are not made up" },
  },
]);
