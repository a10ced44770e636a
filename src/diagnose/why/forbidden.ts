/** What neither an overlay nor a namespace keeps inside: on Linux such calls are answered "not permitted" and never made. */

import { failsWith, type Rule } from "../../environments/trace/rules.js";

const EPERM = 1;
/** Whole calls, whatever their arguments. */
const CALLS = [
  "reboot",
  "kexec_load",
  "kexec_file_load",
  "init_module",
  "finit_module",
  "delete_module",
  "swapon",
  "swapoff",
  "settimeofday",
  "clock_settime",
  "acct",
  "bpf",
  "iopl",
  "ioperm",
  // Keys of a user outlive every process, and there is no namespace for them.
  "add_key",
  "request_key",
  "quotactl",
];
/** clock_adjtime and adjtimex with modes 0 only ask. */
const ADJUST: readonly (readonly [string, number])[] = [
  ["adjtimex", 0],
  ["clock_adjtime", 1],
];
/** keyctl: update, revoke, chown, setperm, clear, link, unlink, instantiate, negate, timeout, invalidate (keyctl(2)). */
const KEYCTL_WRITES = [2, 3, 4, 5, 7, 8, 9, 12, 13, 15, 21];
/** syslog: clear, and the console's level. */
const SYSLOG_WRITES = [4, 5, 6, 7, 8];

/** File systems of disks: fsopen(2) begins a mount whose device no single call names. */
const ON_DISKS = ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "exfat", "ntfs3", "iso9660", "erofs"];

const isNumber = (argument: number, value: number) =>
  ({ if: "bits", argument, mask: 0xffff_ffffn, value: BigInt(value) }) as const;
const text = (value: string) => new TextEncoder().encode(value);

/** Rules for the tracer. `devices` are the names of block devices: opened for reading only, and not mounted. */
export function failing(devices: readonly string[]): Rule[] {
  const actions = [failsWith(EPERM)];
  const forWriting = (call: string, argument: number, path: string): Rule => ({
    call,
    conditions: [
      { if: "path", is: { text: path } },
      { if: "bits", argument, mask: 3n, value: 0n, not: true },
    ],
    actions,
  });
  return [
    ...CALLS.map((call): Rule => ({ call, conditions: [], actions })),
    ...ADJUST.map(
      ([call, argument]): Rule => ({
        call,
        conditions: [{ if: "bytes", argument, offset: 0, bytes: new Uint8Array(4), not: true }],
        actions,
      }),
    ),
    ...KEYCTL_WRITES.map((operation): Rule => ({ call: "keyctl", conditions: [isNumber(0, operation)], actions })),
    ...SYSLOG_WRITES.map((operation): Rule => ({ call: "syslog", conditions: [isNumber(0, operation)], actions })),
    ...ON_DISKS.map(
      (kind): Rule => ({ call: "fsopen", conditions: [{ if: "bytes", argument: 0, offset: 0, bytes: text(kind) }], actions }),
    ),
    ...devices
      .filter((name) => !/^(loop|ram)\d/.test(name))
      .flatMap((name): Rule[] => [
        forWriting("open", 1, `/dev/${name}`),
        forWriting("openat", 2, `/dev/${name}`),
        { call: "mount", conditions: [{ if: "bytes", argument: 0, offset: 0, bytes: text(`/dev/${name}`) }], actions },
      ]),
  ];
}
