/** Sockets: families and protocols that are refused, options that cannot be read, flags that are an error. */

import { room, text, words } from "../../asm/small-test.js";
import { about, type Draft, issue, receives, type SourceLine, sends, sentry } from "./define.js";
import * as s from "./steps.js";

const NETSTACK = "socket/netstack/netstack.go";
const CALLS = "syscalls/linux/sys_socket.go";

/** A socket that is refused. */
function family(
  [domain, type, protocol]: readonly [number, number, number],
  draft: Omit<Draft, "kind" | "asks" | "linux" | "probe"> & Partial<Draft>,
): Draft {
  return {
    kind: "refused",
    asks: [{ call: "socket", args: { 0: domain, ...(protocol !== 0 && { 2: protocol }) } }],
    linux: { answer: "ok" },
    probe: { steps: [s.call("socket", domain, type, protocol)] },
    ...draft,
  };
}

/** An option that cannot be read. */
function unreadable(
  [domain, type, level, option]: readonly [number, number, number, number],
  draft: Pick<Draft, "id" | "title" | "consequence"> & Partial<Draft>,
  ...source: SourceLine[]
): Draft {
  return {
    kind: "refused",
    asks: [{ call: "getsockopt", args: { 1: level, 2: option } }],
    linux: { answer: "ok" },
    source,
    probe: {
      steps: [
        s.must("socketpair", s.AF.unix, type, 0, room()),
        s.must("socket", domain, type, 0),
        s.call("getsockopt", { result: 1 }, level, option, room(0x100), words(0x400)),
      ],
    },
    cure: { how: "none", because: "the value is one that only the kernel knows" },
    ...draft,
  };
}

/** A socket pair of AF_UNIX at the start of the room; the first is moved to descriptor 100, the next step is number 3. */
const unixPair = [
  s.must("socketpair", s.AF.unix, s.STREAM, 0, room()),
  { peek: 0, size: 4 } as const,
  s.must("dup2", { result: 1 }, 100),
];

export const sockets = about("sockets", [
  family([s.AF.inet, s.RAW, 1], {
    id: "raw-socket",
    title: "raw sockets are EPERM for root too",
    asks: [{ call: "socket", args: { 0: [s.AF.inet, s.AF.inet6], 1: [3, 0x803, 0x80003, 0x80803] } }],
    consequence:
      "ping of old systems, traceroute, nmap -sS, iptables-legacy and arping say that they need root, although they have it; ping sockets (SOCK_DGRAM) work",
    remedies: [{ flag: "--net-raw" }],
    source: [{ path: "runsc/specutils/specutils.go", line: 384 }],
    reports: [issue(6664)],
    cure: { how: "never", reason: "security", because: "whoever starts the sandbox decides about it" },
  }),
  family([s.AF.packet, s.RAW, 0x0300], {
    id: "packet-socket",
    title: "packet sockets are EPERM for root too",
    asks: [{ call: "socket", args: { 0: s.AF.packet } }],
    consequence: "tcpdump, dhclient, arping and lldpd say that they lack permission, although they are root",
    remedies: [{ flag: "--net-raw" }],
    source: [{ path: "runsc/specutils/specutils.go", line: 384 }],
    reports: [issue(6664)],
    cure: { how: "never", reason: "security", because: "whoever starts the sandbox decides about it" },
  }),
  family([40, s.STREAM, 0], {
    id: "vsock",
    title: "there is no AF_VSOCK",
    linux: { answer: "ok", documented: true },
    consequence: "Tools that speak to a virtual machine's host (QEMU's guest agent, Kata, Firecracker's) find no way",
    cure: { how: "none", because: "there is nobody at the other end" },
  }),
  family([38, 5, 0], {
    id: "alg-socket",
    title: "there is no AF_ALG",
    linux: { answer: "ok", documented: true },
    consequence:
      "Programs that use the kernel's cryptography (cryptsetup benchmark, OpenSSL's afalg engine) fail or use their own",
    cure: { how: "never", reason: "security", because: "cryptography is not imitated" },
  }),
  family([44, s.RAW, 0], {
    id: "xdp-socket",
    title: "there is no AF_XDP",
    consequence: "Programs for AF_XDP (Suricata, DPDK's driver) do not start in that mode",
    remedies: [{ option: "AF_PACKET with runsc --net-raw" }],
    cure: { how: "none", because: "there is no packet ring behind it" },
  }),
  family([s.AF.inet, s.STREAM, 262], {
    id: "mptcp",
    title: "there is no MPTCP",
    linux: { answer: "ok", documented: true },
    consequence: "Go from 1.24 on asks for it first when it listens, and takes TCP then; programs under mptcpize fail",
    remedies: [{ option: "GODEBUG=multipathtcp=0" }],
    cure: { how: "without", drop: "the protocol: 0 is plain TCP" },
  }),
  {
    id: "mcast-join-group",
    title: "MCAST_JOIN_GROUP is EINVAL for IPv4",
    kind: "refused",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_IP, 2: 42 } }],
    linux: { answer: "ok" },
    consequence: "Java's multicast channels, VLC and Boost.Asio cannot join a group; IP_ADD_MEMBERSHIP can",
    remedies: [{ flag: "--network=host" }, { option: "IP_ADD_MEMBERSHIP, in a program of your own" }],
    source: [sentry(NETSTACK, 2814)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.DATAGRAM, 0),
        // struct group_req: interface 1 (loopback), 224.0.0.251
        s.call("setsockopt", { result: 0 }, s.SOL_IP, 42, words(1, 0xfb0000e000000002n, ...new Array<number>(15).fill(0)), 136),
      ],
    },
    cure: { how: "none", because: "it would have to be another call, with another structure" },
  },
  {
    id: "udp-msg-more",
    title: "MSG_MORE on UDP is EINVAL",
    kind: "refused",
    asks: sends(0x8000),
    linux: { answer: "ok" },
    consequence: "Programs that build a datagram of several sends fail at the first of them",
    source: [sentry(NETSTACK, 3413)],
    probe: { steps: [...s.udpPair, s.call("sendto", s.sender, text("a"), 1, 0x8000, 0, 0)], anywhere: true },
    cure: { how: "none", because: "without the flag other datagrams are sent" },
  },
  {
    id: "recv-flags",
    title: "flags that recv does not know are EINVAL",
    kind: "refused",
    asks: receives(0x4048080), // MSG_EOR, MSG_MORE, MSG_BATCH, MSG_ZEROCOPY
    linux: { answer: "EAGAIN" },
    consequence:
      "Linux ignores MSG_MORE, MSG_EOR and the like when receiving; a program that gives send and recv the same flags fails",
    source: [sentry(CALLS, 83)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.DATAGRAM, 0),
        s.must("bind", { result: 0 }, s.LOOPBACK, 16),
        s.call("recvfrom", { result: 0 }, room(), 16, 0x8040, 0, 0),
      ],
      anywhere: true,
    },
    cure: { how: "without", drop: "the flags that have no meaning for recv" },
  },
  {
    id: "error-queue-empty",
    title: "reading an empty error queue is EINVAL",
    kind: "refused",
    asks: receives(0x2000),
    linux: { answer: "EAGAIN" },
    consequence: "Loops that read errors until EAGAIN take EINVAL for fatal, where IP_RECVERR was not set before",
    remedies: [{ option: "set IP_RECVERR first, in a program of your own" }],
    source: [sentry(CALLS, 891)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.DATAGRAM, 0),
        s.must("bind", { result: 0 }, s.LOOPBACK, 16),
        s.call("recvfrom", { result: 0 }, room(), 16, 0x2040, 0, 0),
      ],
      anywhere: true,
    },
    cure: { how: "answer", answer: "EAGAIN" },
  },
  unreadable(
    [s.AF.inet, s.STREAM, s.SOL_SOCKET, 57],
    {
      id: "so-cookie",
      title: "SO_COOKIE cannot be read",
      consequence: "ss, systemd and tools that match sockets with eBPF get no number for them",
    },
    sentry(NETSTACK, 2218),
  ),
  unreadable(
    [s.AF.inet, s.STREAM, s.SOL_SOCKET, 55],
    {
      id: "so-meminfo",
      title: "SO_MEMINFO cannot be read",
      consequence: "ss and servers that look at how full a socket is learn nothing",
    },
    sentry(NETSTACK, 2216),
  ),
  {
    id: "ip-mtu",
    title: "IP_MTU cannot be read",
    kind: "refused",
    asks: [{ call: "getsockopt", args: { 1: s.SOL_IP, 2: 14 } }],
    linux: { answer: "ok" },
    consequence: "OpenSSL's DTLS and QUIC libraries ask for the path's packet size and fall back to a small one, or fail",
    remedies: [{ option: "give the program a packet size, where it takes one" }],
    probe: { steps: [...s.udpPair, s.call("getsockopt", s.sender, s.SOL_IP, 14, room(), words(4))] },
    cure: { how: "answer", answer: "1500, or the interface's MTU of this sandbox" },
  },
  {
    id: "so-peergroups",
    title: "SO_PEERGROUPS cannot be read",
    kind: "refused",
    asks: [{ call: "getsockopt", args: { 1: s.SOL_SOCKET, 2: 59 } }],
    linux: { answer: "ok" },
    consequence: "D-Bus and polkit learn the groups of whoever calls from the user database instead",
    source: [sentry(NETSTACK, 2219)],
    probe: { steps: [...unixPair, s.call("getsockopt", 100, s.SOL_SOCKET, 59, room(0x100), words(0x400))], anywhere: true },
    cure: { how: "never", reason: "security", because: "rights are given by these groups" },
  },
  {
    id: "so-peerpidfd",
    title: "SO_PEERPIDFD cannot be read",
    kind: "refused",
    asks: [{ call: "getsockopt", args: { 1: s.SOL_SOCKET, 2: 77 } }],
    linux: { answer: "ok", since: "6.5" },
    consequence:
      "D-Bus, polkit and systemd fall back to the process number of their peer, which may have passed to another process",
    source: [sentry(NETSTACK, 2237)],
    probe: { steps: [...unixPair, s.call("getsockopt", 100, s.SOL_SOCKET, 77, room(0x100), words(4))] },
    cure: { how: "never", reason: "security", because: "rights are given to this process" },
  },
  {
    id: "siocoutq",
    title: "SIOCOUTQ is ENOPROTOOPT",
    kind: "refused",
    asks: [{ call: "ioctl", args: { 1: 0x5411 }, answers: ["ENOPROTOOPT"] }],
    linux: { answer: "ok" },
    consequence:
      "Programs that ask how much is not sent yet (Erlang, HAProxy, nbd, rsync) get an error that Linux never gives there",
    source: [sentry(NETSTACK, 3565)],
    probe: { steps: [...s.tcpPair, s.call("ioctl", s.client, 0x5411, room())], anywhere: true },
    cure: { how: "answer", answer: "0 bytes are waiting" },
  },
  {
    id: "ethtool",
    title: "SIOCETHTOOL is EOPNOTSUPP",
    kind: "refused",
    asks: [{ call: "ioctl", args: { 1: 0x8946 } }],
    linux: { answer: "ok" },
    consequence:
      "ethtool, Docker, NetworkManager and Go's network libraries cannot ask a network card; ethtool has netlink besides, which is refused too",
    source: [sentry(NETSTACK, 3709)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.DATAGRAM, 0),
        // struct ifreq of "lo", pointing to struct ethtool_value: ETHTOOL_GLINK
        s.call("ioctl", { result: 0 }, 0x8946, words(0x6f6cn, 0, words(0x0a), 0, 0)),
      ],
    },
    cure: { how: "none", because: "what a card says is not known here" },
  },
  {
    id: "set-interface-flags",
    title: "SIOCSIFFLAGS is ENOTTY",
    kind: "refused",
    asks: [{ call: "ioctl", args: { 1: [0x8914, 0x8922] } }],
    linux: { answer: "ok" },
    consequence:
      "ifconfig (net-tools, BusyBox) can neither start nor stop an interface nor set its packet size; ip can, by netlink",
    remedies: [{ option: "ip link instead of ifconfig" }],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.DATAGRAM, 0),
        s.call("ioctl", { result: 0 }, 0x8914, words(0x6f6cn, 0, 0x49, 0, 0)), // IFF_UP, IFF_LOOPBACK, IFF_RUNNING: as it is
      ],
    },
    cure: { how: "none", because: "the interface would not change" },
  },
]);
