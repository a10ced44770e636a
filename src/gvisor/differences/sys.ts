/** Files under /sys and /dev that Linux has and gVisor has not. */

import { text } from "../../asm/small-test.js";
import { about, type Cure, type Draft, sentry } from "./define.js";
import * as s from "./steps.js";

const SYS = sentry("fsimpl/sys/sys.go");

function absent(path: string, consequence: string, cure: Cure, more: Partial<Draft> = {}): Draft {
  const id = path.slice(1).replaceAll(/[/_.]/g, "-");
  return {
    id,
    title: `there is no ${path}`,
    kind: "missing",
    asks: [{ path: `${path}/**`, answers: ["ENOENT"] }],
    linux: { answer: "ok" },
    consequence,
    ...(path.startsWith("/sys") && { source: [SYS] }),
    probe: { steps: [s.call("openat", s.CWD, text(path), 0)] },
    cure,
    ...more,
  };
}
const recorded = (content: string): Cure => ({ how: "file", content, constant: false });
const file = (content: string): Cure => ({ how: "file", content, constant: true });

export const sys = about("sys", [
  absent(
    "/sys/class/net",
    "Programs that list network cards by it (ethtool, systemd, Node and Python tools, NCCL) find none",
    recorded("the interfaces of this sandbox"),
  ),
  absent(
    "/sys/devices/system/node",
    "numactl --hardware, hwloc, libnuma and CUDA find no memory nodes; some crash",
    recorded("one node with the processors and the memory of this sandbox"),
    {
      reports: ["https://github.com/google/gvisor/issues/12876"],
    },
  ),
  absent("/sys/devices/system/memory", "lsmem and chmem exit with an error", recorded("the memory of this sandbox, in blocks"), {
    linux: { answer: "ok", documented: true },
  }),
  absent(
    "/sys/devices/system/cpu/cpu0/topology",
    "lscpu, hwloc and OpenMP see processors without cores and sockets",
    recorded("one socket with the processors of this sandbox"),
    {
      reports: ["https://github.com/google/gvisor/issues/10484"],
    },
  ),
  absent(
    "/sys/devices/system/cpu/cpu0/cache",
    "Libraries that size their blocks by the cache (OpenBLAS, oneDNN, .NET) take a guess",
    recorded("the caches of this processor, by CPUID"),
    {
      linux: { answer: "ok", documented: true },
    },
  ),
  absent("/sys/bus/pci", "lspci exits with an error", recorded("an empty /sys/bus/pci/devices"), {
    linux: { answer: "ok", documented: true },
  }),
  absent(
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "Redis, MongoDB and JVMs that check huge pages warn or guess",
    file("always [madvise] never\n"),
    {
      linux: { answer: "ok", documented: true },
    },
  ),
  absent("/sys/class/block", "lsblk prints nothing, exit status 0", recorded("an empty directory")),
  absent(
    "/sys/fs/bpf",
    "bpftool, Cilium and systemd cannot keep eBPF objects",
    { how: "none", because: "there is no eBPF behind it" },
    { linux: { answer: "ok", documented: true } },
  ),
  absent(
    "/dev/loop-control",
    "losetup and mount -o loop find no loop device",
    { how: "none", because: "there is no device behind it" },
    { linux: { answer: "ok", documented: true } },
  ),
  absent("/dev/kmsg", "systemd, journald and Kubernetes' kubelet cannot write to or read the kernel's log", {
    how: "never",
    reason: "accounting",
    because: "what is logged must be kept",
  }),
]);
