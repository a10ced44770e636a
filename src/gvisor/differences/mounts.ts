/** Mounts and file systems. */

import { missing, text } from "../../asm/small-test.js";
import { about, type Draft, sentry } from "./define.js";
import * as s from "./steps.js";

const MOUNT = "syscalls/linux/sys_mount.go";
const [NODEV, NODIRATIME, NOSYMFOLLOW] = [4, 2048, 256];

/** A tmpfs in mounts of our own, on a new directory. The next step is number 4. */
const tmpfs = (name: string, flags: number) => [
  ...s.ownMounts,
  s.must("mkdir", text(name), 0o700),
  s.must("mount", text("none"), text(name), text("tmpfs"), flags, 0),
];

/** A file system that gVisor does not have. */
function type(name: string, consequence: string, more: Partial<Draft> = {}): Draft {
  const id = `mount-${name.replaceAll("_", "-")}`;
  return {
    id,
    title: `there is no file system ${name}`,
    kind: "missing",
    asks: [{ call: "mount", args: { 2: name }, answers: ["ENODEV"] }],
    linux: { answer: "ok" },
    consequence,
    probe: {
      steps: [...s.ownMounts, s.must("mkdir", text(id), 0o700), s.call("mount", text("none"), text(id), text(name), 0, 0)],
    },
    cure: { how: "none", because: "nothing would be mounted" },
    ...more,
  };
}

export const mounts = about("mounts", [
  {
    id: "mount-nodev",
    title: "MS_NODEV is accepted, and devices can be opened",
    kind: "security",
    asks: [{ call: "mount", args: { 3: { bits: NODEV } }, answers: ["ok"] }],
    linux: { answer: "EACCES" },
    consequence:
      "Containers inside the sandbox that mount what is not theirs with nodev are not protected from device files in it; the devices are gVisor's own, not the machine's",
    source: [sentry(MOUNT, 73)],
    probe: {
      steps: [
        ...tmpfs("nodev", NODEV),
        s.must("mknod", text("nodev/null"), 0o20666, 0x103),
        s.call("openat", s.CWD, text("nodev/null"), 2),
      ],
    },
    cure: { how: "never", reason: "security", because: "the protection is not there" },
  },
  {
    id: "mount-nosymfollow",
    title: "MS_NOSYMFOLLOW is accepted, and symlinks are followed",
    kind: "security",
    asks: [{ call: "mount", args: { 3: { bits: NOSYMFOLLOW } }, answers: ["ok"] }],
    linux: { answer: "ELOOP" },
    consequence: "Containers that mount foreign directories with nosymfollow are not protected from symlinks in them",
    source: [sentry(MOUNT, 46)],
    probe: {
      steps: [
        ...tmpfs("nosymfollow", NOSYMFOLLOW),
        s.must("symlink", text("/dev/null"), text("nosymfollow/link")),
        s.call("openat", s.CWD, text("nosymfollow/link"), 0),
      ],
    },
    cure: { how: "never", reason: "security", because: "the protection is not there" },
  },
  {
    id: "mount-nodiratime",
    title: "mount with MS_NODIRATIME is EINVAL",
    kind: "refused",
    asks: [{ call: "mount", args: { 3: { bits: NODIRATIME } }, answers: ["EINVAL"] }],
    linux: { answer: "ok" },
    consequence: "mount -o nodiratime, and container engines with it in their settings, fail",
    source: [sentry(MOUNT, 46)],
    probe: {
      steps: [
        ...s.ownMounts,
        s.must("mkdir", text("nodiratime"), 0o700),
        s.call("mount", text("none"), text("nodiratime"), text("tmpfs"), NODIRATIME, 0),
      ],
    },
    cure: { how: "without", drop: "MS_NODIRATIME: times of directories change" },
  },
  {
    id: "mount-unbindable",
    title: "mount with MS_UNBINDABLE is EINVAL",
    kind: "refused",
    asks: [{ call: "mount", args: { 3: { bits: 0x20000 } }, answers: ["EINVAL"] }],
    linux: { answer: "ok" },
    consequence: "systemd-nspawn and container engines that use unbindable mounts fail",
    source: [sentry(MOUNT, 46)],
    probe: { steps: [...tmpfs("unbindable", 0), s.call("mount", text("none"), text("unbindable"), 0, 0x20000, 0)] },
    cure: { how: "never", reason: "security", because: "the mount could still be bound elsewhere" },
  },
  type("ramfs", "systemd credentials and initramfs tools fail; tmpfs works"),
  type("cgroup2", "systemd, Podman, k3s and Docker inside the sandbox find no cgroups to make their own of", {
    remedies: [{ flag: "--mount-cgroup-v2" }],
  }),
  type("hugetlbfs", "DPDK and QEMU with huge pages from files do not start", { linux: { answer: "ok", documented: true } }),
  type("debugfs", "Tools that read /sys/kernel/debug stop", { linux: { answer: "ok", documented: true } }),
  type("tracefs", "trace-cmd, bpftrace and perf trace stop", { linux: { answer: "ok", documented: true } }),
  type("bpf", "systemd, Cilium and bpftool cannot keep eBPF objects", { linux: { answer: "ok", documented: true } }),
  type("binfmt_misc", "Registering interpreters (qemu-user, Java, Wine) fails", { linux: { answer: "ok", documented: true } }),
  type("securityfs", "Tools for AppArmor, IMA and TPM logs stop", { linux: { answer: "ok", documented: true } }),
  type("fusectl", "systemd's unit for it fails; FUSE itself works", { linux: { answer: "ok", documented: true } }),
  {
    id: "overlay-on-root",
    title: "an overlay whose upper directory is on the root file system is EINVAL",
    kind: "refused",
    asks: [{ call: "mount", args: { 2: "overlay" }, answers: ["EINVAL"] }],
    linux: { answer: "ok", documented: true },
    consequence: "Docker and Podman inside the sandbox cannot use overlay2 below their usual directory; 2022 could",
    remedies: [{ option: "put the data directory on a tmpfs, or take storage driver vfs or fuse-overlayfs" }],
    source: [{ path: "pkg/sentry/fsimpl/overlay/overlay.go" }],
    probe: {
      steps: [
        ...s.ownMounts,
        ...["lower", "upper", "work", "union"].map((name) => s.must("mkdir", text(name), 0o700)),
        // gVisor wants absolute names.
        s.must("chroot", text(".")),
        s.call(
          "mount",
          text("overlay"),
          text("/union"),
          text("overlay"),
          0,
          text("lowerdir=/lower,upperdir=/upper,workdir=/work"),
        ),
      ],
    },
    cure: { how: "none", because: "nothing would be mounted" },
  },
  {
    id: "fsopen-any",
    title: "fsopen accepts any name",
    kind: "silent",
    asks: [{ call: "fsopen", answers: ["ok"] }],
    linux: { answer: "ENODEV" },
    consequence:
      "Mount programs that try whether a file system is there (mount.nfs, virtiofs, 9p) take it for there and fail later; before 2026 there was no fsopen",
    probe: { steps: [s.call("fsopen", text("no-such-file-system"), 0)] },
    cure: { how: "answer", answer: "ENODEV for a name that /proc/filesystems lacks" },
  },
  {
    id: "mount-setattr",
    title: "there is no mount_setattr",
    kind: "missing",
    asks: [{ call: "mount_setattr" }],
    linux: { answer: "EINVAL", since: "5.12" },
    consequence:
      "runc's read-only mounts with all below them (rro), systemd and util-linux from 2.39 on fail or take another way",
    probe: { steps: [s.call("mount_setattr", -1, 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "never", reason: "security", because: "a mount that stays writable must not seem read-only" },
  },
  {
    id: "statmount",
    title: "there are no statmount and listmount",
    kind: "missing",
    asks: [{ call: ["statmount", "listmount"] }],
    linux: { answer: "EFAULT", since: "6.8" },
    consequence: "util-linux from 2.41 on and systemd read /proc/self/mountinfo instead",
    probe: { steps: [s.call("statmount", 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "none", because: "/proc/self/mountinfo has it" },
  },
  {
    id: "fspick",
    title: "there is no fspick",
    kind: "missing",
    asks: [{ call: "fspick" }],
    linux: { answer: "EINVAL" },
    consequence: "mount -o remount of util-linux from 2.39 on takes mount(2) instead",
    probe: { steps: [s.call("fspick", -1, 0, -1)] },
    cure: { how: "none", because: "programs take mount(2) when it is ENOSYS" },
  },
]);
