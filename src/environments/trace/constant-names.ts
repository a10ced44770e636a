/** Names of the numbers that arguments are made of, for the calls whose numbers people need to read (include/uapi of Linux). */

type Names = Readonly<Record<string, number>>;

const PROTECTIONS = { PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4, PROT_GROWSDOWN: 0x0100_0000, PROT_GROWSUP: 0x0200_0000 };
const MAPPINGS = {
  MAP_SHARED: 0x01,
  MAP_PRIVATE: 0x02,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_32BIT: 0x40,
  MAP_GROWSDOWN: 0x100,
  MAP_DENYWRITE: 0x800,
  MAP_LOCKED: 0x2000,
  MAP_NORESERVE: 0x4000,
  MAP_POPULATE: 0x8000,
  MAP_STACK: 0x2_0000,
  MAP_HUGETLB: 0x4_0000,
  MAP_FIXED_NOREPLACE: 0x10_0000,
};
const OPENING = {
  O_WRONLY: 0x1,
  O_RDWR: 0x2,
  O_CREAT: 0x40,
  O_EXCL: 0x80,
  O_TRUNC: 0x200,
  O_APPEND: 0x400,
  O_NONBLOCK: 0x800,
  O_DIRECT: 0x4000,
  O_DIRECTORY: 0x1_0000,
  O_NOFOLLOW: 0x2_0000,
  O_CLOEXEC: 0x8_0000,
  O_PATH: 0x20_0000,
};
const AREAS = { ARCH_SET_GS: 0x1001, ARCH_SET_FS: 0x1002, ARCH_GET_FS: 0x1003, ARCH_GET_GS: 0x1004 };
const FAMILIES = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17, AF_ALG: 38, AF_VSOCK: 40 };
const NETLINK = { NETLINK_ROUTE: 0, NETLINK_SOCK_DIAG: 4, NETLINK_AUDIT: 9, NETLINK_NETFILTER: 12, NETLINK_GENERIC: 16 };
const SOCKETS = { SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_RAW: 3, SOCK_SEQPACKET: 5 };

/** By call and argument: one of these, or a sum of flags. */
const tables: Readonly<Record<string, readonly (readonly [Names, "one" | "flags"] | undefined)[]>> = {
  mmap: [undefined, undefined, [PROTECTIONS, "flags"], [MAPPINGS, "flags"]],
  mprotect: [undefined, undefined, [PROTECTIONS, "flags"]],
  open: [undefined, [OPENING, "flags"]],
  openat: [undefined, undefined, [OPENING, "flags"]],
  arch_prctl: [[AREAS, "one"]],
  socket: [[FAMILIES, "one"]],
  socketpair: [[FAMILIES, "one"]],
};

/** The argument in names, or undefined where there are none for it. */
export function constantText(call: string, args: BigUint64Array, argument: number): string | undefined {
  const value = Number(BigInt.asUintN(32, args[argument]));
  if (call === "socket" && argument === 1) return socketType(value);
  if (call === "socket" && argument === 2 && args[0] === 16n) return nameOf(NETLINK, value);
  const [names, kind] = tables[call]?.[argument] ?? [];
  if (names === undefined) return undefined;
  return kind === "one" ? nameOf(names, value) : flagsText(names, value);
}

function nameOf(names: Names, value: number): string | undefined {
  return Object.keys(names).find((name) => names[name] === value);
}

function flagsText(names: Names, value: number): string {
  const found = Object.keys(names).filter((name) => (value & names[name]) === names[name]);
  const rest = found.reduce((left, name) => left & ~names[name], value) >>> 0;
  if (rest !== 0) found.push(`0x${rest.toString(16)}`);
  return found.length === 0 ? "0" : found.join("|");
}

function socketType(value: number): string {
  const flags = { SOCK_NONBLOCK: 0x800, SOCK_CLOEXEC: 0x8_0000 };
  const rest = value & ~0xf;
  const type = nameOf(SOCKETS, value & 0xf) ?? String(value & 0xf);
  return rest === 0 ? type : `${type}|${flagsText(flags, rest)}`;
}
