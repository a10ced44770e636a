/** The two places that are compared: a throw-away copy of this machine on Linux, with namespaces of its own, and a gVisor sandbox. */

import { accessSync, constants, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { execute } from "../../environments/run/execute.js";
import type { RunscSandbox } from "../../environments/run/sandbox.js";
import { allInPath } from "../../environments/run/search-path.js";
import type { Rule } from "../../environments/trace/rules.js";
import { InputError } from "../../errors.js";
import { temporaryFolder } from "../../files/private-folder.js";
import { failing } from "./forbidden.js";

export interface Setting {
  readonly sandbox: RunscSandbox;
  /** Directory for the tracer's files and for copies of answers; both sides see it at this path. */
  readonly work: string;
  /** The words in front of a command that put it into the Linux side. */
  readonly linux: readonly string[];
  /** "overlay": nothing of what the command writes stays. "in place": it runs as it is. */
  readonly isolation: "overlay" | "in place";
  /** Answers given on Linux so that the command does not change this machine. */
  readonly denied: readonly Rule[];
  dispose(): void;
}

export interface SettingOptions {
  readonly sandbox: RunscSandbox;
  /** Run the command on Linux as it is, with all that it does to this machine. */
  readonly inPlace: boolean;
  /** Let it ask for what would change this machine even from inside the throw-away copy. */
  readonly allowHostChanges: boolean;
}

/**
 * Makes the box, as `runsc do` has it: `/` is an overlay whose upper layer is in memory, then pivot_root (in a chroot, unshare(2) of a user
 * namespace fails, which would be a difference of its own). File systems mounted below are overlaid too, or else bound read-only.
 */
const SCRIPT = `
set -e
d=$1; p=$2; option=$3; shift 3
mount -t tmpfs none "$d"
mkdir "$d/new"
over() {
  o=$(mktemp -d "$d/XXXXXX"); mkdir "$o/u" "$o/w"
  mount -t overlay overlay -o "$option""lowerdir=$1,upperdir=$o/u,workdir=$o/w" "$2"
}
# Whoever has no rights cannot put a layer over what has mounts below it: what is in it gets layers of its own then.
layers() {
  for e in "$1"/* "$1"/.[!.]*; do
    case $e in /proc|/sys|/dev|/mnt) mkdir "$d/new$e"; continue ;; esac
    if [ -L "$e" ]; then cp -P "$e" "$d/new$e"
    elif [ -d "$e" ]; then mkdir "$d/new$e"; over "$e" "$d/new$e" 2>/dev/null || layers "$e"
    elif [ -f "$e" ]; then touch "$d/new$e"; mount --bind -o ro "$e" "$d/new$e" 2>/dev/null || true
    fi
  done
}
if [ -z "$option" ]; then over / "$d/new"
else mount -t tmpfs none "$d/new"; layers ""
fi
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then over "$1" "$d/new$1" 2>/dev/null || mount --bind -o ro "$1" "$d/new$1" 2>/dev/null || true
  else mount --bind -o ro "$1" "$d/new$1" 2>/dev/null || true; fi
  shift
done
shift
mount -t proc proc "$d/new/proc"
mount --rbind /sys "$d/new/sys"
mount -o remount,bind,ro "$d/new/sys" 2>/dev/null || true
mount --rbind /dev "$d/new/dev"
for f in sys sysrq-trigger; do
  mount --bind "$d/new/proc/$f" "$d/new/proc/$f" 2>/dev/null && mount -o remount,bind,ro "$d/new/proc/$f" 2>/dev/null || true
done
ip link set lo up 2>/dev/null || true
cd "$d/new"
mkdir -p .sandfit-old
pivot_root . .sandfit-old
umount -l /.sandfit-old
rmdir /.sandfit-old
cd "$p"
exec "$@"
`;

/** Prepares both sides. Throws InputError where no throw-away copy can be made and the command was not to run in place. */
export async function prepare({ sandbox, inPlace, allowHostChanges }: SettingOptions): Promise<Setting> {
  const place = temporaryFolder("why");
  const base = { sandbox, work: place.folder, denied: allowHostChanges ? [] : failing(blockDevices()), dispose: place.remove };
  if (inPlace) return { ...base, linux: [], isolation: "in place" };
  try {
    return { ...base, linux: await box(), isolation: "overlay" };
  } catch (error) {
    place.remove();
    throw error;
  }
}

async function box(): Promise<string[]> {
  const [unshare] = allInPath("unshare");
  if (unshare === undefined)
    throw new InputError("a throw-away copy of this machine needs unshare of util-linux; --in-place runs the command as it is");
  const isRoot = userInfo().uid === 0;
  const namespaces = ["--net", "--pid", "--ipc", "--uts", "--mount", "--fork", "--kill-child"];
  let reason = "";
  for (const own of isRoot ? [[], ["--user", "--map-root-user"]] : [["--user", "--map-root-user"]]) {
    // In memory of its own, mounted over a directory that exists everywhere; only this namespace sees it.
    const option = own.length === 0 ? "" : "userxattr,";
    const words = [unshare, ...own, ...namespaces, "/bin/sh", "-c", SCRIPT, "box", "/mnt", process.cwd(), option];
    const command = [...words, ...mountPoints(), "--"];
    const run = await execute([...command, "/bin/true"], { timeout: 20_000 });
    if (run.exitCode === 0) return command;
    reason = run.stderr.trim().split("\n")[0]!;
  }
  throw new InputError(
    `no throw-away copy of this machine can be made here (${reason || "no reason given"}); --in-place runs the command as it is, with all that it does`,
  );
}

/** What is mounted below `/`, outermost first, without what the box makes anew. */
function mountPoints(): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter(Boolean);
  const points = lines.map((line) =>
    line.split(" ")[4]!.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8))),
  );
  const isNew = (point: string) => point === "/" || /^\/(proc|sys|dev|mnt)(\/|$)/.test(point);
  return [...new Set(points)].filter((point) => !isNew(point) && canBeSeen(point)).sort((a, b) => a.length - b.length);
}

function canBeSeen(path: string): boolean {
  try {
    accessSync(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

/** Names of the machine's disks and parts of disks. */
function blockDevices(): string[] {
  try {
    return readFileSync("/proc/partitions", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[3])
      .filter((name): name is string => name !== undefined && name !== "name");
  } catch {
    return [];
  }
}
