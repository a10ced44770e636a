/** From signs to answers: is it gVisor, which platform, which release. Every sign was seen in runs (2022-12, 2024-07, 2026-09). */

import { readFileSync } from "node:fs";
import { release as kernelRelease, version as kernelVersion } from "node:os";
import type { Outcome } from "../../asm/small-test.js";

export type Outcomes = ReadonlyMap<string, Outcome>;

const ENOSYS = -38n;
const AT_PLATFORM = 15n;
const AT_HWCAP = 16n;
const AT_FLAGS = 8n;

/** Signs of gVisor. The strong ones decide alone; of the weak ones all three together. */
export function gvisorSigns(outcomes: Outcomes): { strong: string[]; weak: string[] } {
  const strong: string[] = [];
  const weak: string[] = [];
  // pkg/sentry/fsimpl/proc/tasks.go: since August 2022, never in Linux.
  if (read("/proc/sentry-meminfo") !== undefined) strong.push("/proc/sentry-meminfo exists");
  const commandLine = read("/proc/cmdline")?.trim();
  if (commandLine?.includes("-gvisor")) strong.push(`/proc/cmdline is "${commandLine}"`);
  if (outcomes.get("sign:kernel-log")?.value === 1n) strong.push('the kernel log begins with "Starting gVisor..."');
  if (read("/proc/gvisor/kernel_is_gvisor") !== undefined) strong.push("/proc/gvisor/kernel_is_gvisor exists");
  // pkg/sentry/syscalls/linux/sys_utsname.go: the date is a constant.
  if (kernelVersion().includes("Sun Jan 10 15:06:54 PST 2016")) weak.push(`the kernel is ${kernelRelease()} of 10 January 2016`);
  if (outcomes.get("arch-get-gs")?.value === -22n) weak.push("arch_prctl(ARCH_GET_GS) is EINVAL");
  const vector = auxiliaryVector(outcomes);
  if (vector !== undefined && !has(vector, AT_PLATFORM) && !has(vector, AT_FLAGS))
    weak.push("the auxiliary vector has neither AT_PLATFORM nor AT_FLAGS");
  return { strong, weak };
}

/** The platform, with what it rests on. systrap keeps its own block behind %gs and a table of patched calls; ptrace loses %fs bases. */
export function platformOf(outcomes: Outcomes): { platform?: "systrap" | "ptrace" | "kvm"; sign?: string } {
  if (/\[usertrap\]/.test(read("/proc/self/maps") ?? "")) return { platform: "systrap", sign: "[usertrap] in /proc/self/maps" };
  const base = outcomes.get("sign:gs-base");
  if (base && base.signal === undefined && base.value !== 0n)
    return { platform: "systrap", sign: `%gs is in use (base 0x${BigInt.asUintN(64, base.value).toString(16)})` };
  if (outcomes.get("sign:fs-base-kept")?.value === 0n)
    return { platform: "ptrace", sign: "a base set by wrfsbase is lost at the next system call" };
  // gVisor's test/syscalls/linux/32bit.cc: on KVM int $0x80 ends in SIGSEGV. From the source only.
  if (outcomes.get("int80")?.signal === 11) return { platform: "kvm", sign: "int $0x80 ends in SIGSEGV" };
  return {};
}

/** Dates between which the release was made. Refusals prove nothing where a filter may have made them. */
export function releaseOf(outcomes: Outcomes, filtered: boolean): { notBefore?: string; before?: string } {
  const after: string[] = ["2022-08-25"];
  const before: string[] = [];
  const call = (id: string, date: string, lackingUntil = date): void => {
    const value = outcomes.get(id)?.value;
    if (value === undefined) return;
    if (value !== ENOSYS) after.push(date);
    else if (!filtered) before.push(lackingUntil);
  };
  call("clone3", "2023-08-01", "2023-09-01");
  call("pidfd-open", "2026-04-30");
  call("openat2", "2026-08-17", "2026-08-31");
  if (outcomes.get("io-uring")?.value === -22n) before.push("2023-01-09");
  if (kernelRelease() === "4.4.0") before.push("2026-04-27");
  else if (kernelRelease().startsWith("4.19.0-gvisor")) after.push("2026-04-27");
  const vector = auxiliaryVector(outcomes);
  if (vector !== undefined && has(vector, AT_HWCAP)) after.push("2024-12-10");
  else if (vector !== undefined) before.push("2024-12-10");
  if (outcomes.get("personality")?.value === 0n) after.push("2026-06-01");
  const noreplace = outcomes.get("map-fixed-noreplace")?.value;
  if (noreplace === -17n) after.push("2026-08-06");
  else if (noreplace !== undefined && noreplace > 0n) before.push("2026-08-06");
  const [notBefore, limit] = [after.sort().at(-1)!, before.sort().at(0)];
  // Where the signs contradict each other, what is there counts more than what is missing.
  return limit !== undefined && limit > notBefore ? { notBefore, before: limit } : { notBefore };
}

/** Whether a seccomp filter is over this process (proc(5), "Seccomp" in /proc/pid/status). */
export function isFiltered(): boolean {
  return /^Seccomp:\s*[12]/m.test(read("/proc/self/status") ?? "");
}

function auxiliaryVector(outcomes: Outcomes): bigint | undefined {
  const outcome = outcomes.get("sign:auxiliary-vector");
  return outcome === undefined || outcome.signal !== undefined ? undefined : BigInt.asUintN(64, outcome.value);
}
function has(vector: bigint, type: bigint): boolean {
  return ((vector >> type) & 1n) === 1n;
}
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
