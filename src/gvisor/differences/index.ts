/** Every known difference, by id. */

import { calls } from "./calls.js";
import type { Difference } from "./define.js";
import { files } from "./files.js";
import { fuse } from "./fuse.js";
import { locks } from "./locks.js";
import { memory } from "./memory.js";
import { mounts } from "./mounts.js";
import { netlink } from "./netlink.js";
import { proc } from "./proc.js";
import { processes } from "./processes.js";
import { scheduling } from "./scheduling.js";
import { seccomps } from "./seccomp.js";
import { signals } from "./signals.js";
import { sockets } from "./sockets.js";
import { socketsSilent } from "./sockets-silent.js";
import { socketsUnread } from "./sockets-unread.js";
import { sys } from "./sys.js";
import { terminals } from "./terminals.js";
import { time } from "./time.js";

/** All of them, in the order of their subjects. */
export const differences: readonly Difference[] = [
  ...socketsSilent,
  ...socketsUnread,
  ...sockets,
  ...netlink,
  ...files,
  ...locks,
  ...fuse,
  ...proc,
  ...sys,
  ...processes,
  ...seccomps,
  ...scheduling,
  ...memory,
  ...signals,
  ...time,
  ...terminals,
  ...mounts,
  ...calls,
];

/** The one with this id. */
export const findDifference = (id: string): Difference | undefined => differences.find((one) => one.id === id);
