/** How programs confine themselves and others: seccomp, Landlock, eBPF, keys. */

import { failed, room, text, words } from "../../asm/small-test.js";
import { type ArgumentIs, about, type Draft, issue, sentry } from "./define.js";
import * as s from "./steps.js";

/** A part of seccomp that is EINVAL. */
function seccomp(
  id: string,
  title: string,
  args: Readonly<Record<number, ArgumentIs>>,
  probe: Draft["probe"],
  consequence: string,
  more: Partial<Draft> = {},
): Draft {
  return {
    id,
    title,
    kind: "refused",
    asks: [{ call: "seccomp", args }],
    linux: { answer: "ok" },
    consequence,
    source: [sentry("syscalls/linux/sys_seccomp.go", 45)],
    probe,
    cure: { how: "never", reason: "security", because: "a filter that is not there must not seem to be" },
    ...more,
  };
}

const privileges = s.must("prctl", 38, 1, 0, 0, 0); // PR_SET_NO_NEW_PRIVS
/** A filter that answers getuid with `action` and lets all else through; then getuid. */
const filtered = (action: number) => {
  const program = [s.bpf(0x20, 0), s.bpf(0x15, 102, 0, 1), s.bpf(6, action), s.bpf(6, 0x7fff0000)];
  return [
    privileges,
    s.must("seccomp", 1, 0, words(program.length, words(...program))),
    s.must("getuid"),
    s.call("getppid"),
    s.call("exit_group", 0),
  ];
};

export const seccomps = about("seccomp", [
  seccomp(
    "seccomp-ret-log",
    "a seccomp filter's RET_LOG kills",
    { 0: 1 },
    { steps: [{ child: filtered(0x7ffc0000) }], words: { 0: "ok" }, anywhere: true },
    "Profiles that are being tried out (systemd's SystemCallLog=, Docker's SCMP_ACT_LOG) kill the program instead of writing a line",
    {
      kind: "dies",
      asks: [
        { call: "seccomp", args: { 0: 1 }, answers: ["ok"] },
        { call: "prctl", args: { 0: 22 }, answers: ["ok"] },
      ],
      source: [sentry("engine/seccomp.go", 136)],
      reports: [issue(14627)],
    },
  ),
  seccomp(
    "seccomp-log",
    "seccomp(SECCOMP_FILTER_FLAG_LOG) is EINVAL",
    { 0: 1, 1: { bits: 2 } },
    { steps: [s.call("seccomp", 1, 2, 0)], anywhere: ({ value }) => value !== -14n },
    "libseccomp takes an older interface; programs of their own that want refusals logged stop",
    { linux: { answer: "EFAULT" }, source: [sentry("syscalls/linux/sys_seccomp.go", 53)] },
  ),
  seccomp(
    "seccomp-new-listener",
    "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER) is EINVAL",
    { 0: 1, 1: { bits: 8 } },
    { steps: [privileges, s.call("seccomp", 1, 8, words(1, words(s.bpf(6, 0x7fff0000))))], anywhere: true },
    "Sandboxes and container engines that decide call by call (crun and runc agents, Sysbox, agents that confine themselves) cannot",
    {
      source: [sentry("syscalls/linux/sys_seccomp.go", 53)],
      reports: [issue(13439), issue(14627)],
    },
  ),
  seccomp(
    "seccomp-get-action-avail",
    "seccomp(SECCOMP_GET_ACTION_AVAIL) is EINVAL",
    { 0: 2 },
    { steps: [s.call("seccomp", 2, 0, words(0x7fff0000))], anywhere: failed },
    "libseccomp takes it that only the oldest actions are there",
  ),
  seccomp(
    "seccomp-notify-sizes",
    "seccomp(SECCOMP_GET_NOTIF_SIZES) is EINVAL",
    { 0: 3 },
    { steps: [s.call("seccomp", 3, 0, room())], anywhere: failed },
    "As with NEW_LISTENER: no user notification",
  ),
  {
    id: "landlock",
    title: "there is no Landlock",
    kind: "missing",
    asks: [{ call: "landlock_create_ruleset" }],
    linux: { answer: "ok", since: "5.13" },
    consequence:
      "Programs that confine themselves (agents' command lines, xz, zathura, Go's and Rust's landlock) run unconfined where they do their best, and refuse where they insist",
    remedies: [{ option: "the program's best-effort mode; gVisor confines it already" }],
    reports: [issue(13439)],
    probe: { steps: [s.call("landlock_create_ruleset", 0, 0, 1)], anywhere: failed },
    cure: { how: "never", reason: "security", because: "a wall that is not there must not seem to be" },
  },
  {
    id: "bpf-map",
    title: "bpf(BPF_MAP_CREATE) is EINVAL",
    kind: "refused",
    asks: [{ call: "bpf", args: { 0: 0 } }],
    linux: { answer: "ok" },
    consequence:
      "Cilium, Falco, bpftrace and systemd's IP filter do not work; the error is EINVAL, where tests for eBPF look for ENOSYS",
    source: [sentry("syscalls/linux/linux64.go", 366)],
    probe: { steps: [s.call("bpf", 0, words(0x400000001n, 0x100000004n, 0, 0, 0, 0, 0, 0, 0), 72)] },
    cure: { how: "never", reason: "security", because: "filters and watchers are made of it" },
  },
  {
    id: "add-key",
    title: "add_key and request_key are EACCES",
    kind: "refused",
    asks: [{ call: ["add_key", "request_key"] }],
    linux: { answer: "ok" },
    consequence: "kinit with a keyring cache, mount.cifs, fscrypt and keyctl fail",
    remedies: [{ option: "KRB5CCNAME=FILE:/tmp/krb5cc" }],
    source: [sentry("syscalls/linux/linux64.go", 293)],
    probe: { steps: [s.call("add_key", text("user"), text("sandfit"), text("x"), 1, -2)], anywhere: true },
    cure: { how: "never", reason: "security", because: "keys are not kept by make-believe" },
  },
]);
