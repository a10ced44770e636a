/** Netlink: families that are refused, and requests whose answer is an error. */

import { room, words } from "../../asm/small-test.js";
import { about, type Draft, issue, type Remedy, sentry } from "./define.js";
import * as s from "./steps.js";

const PROVIDER = sentry("socket/netlink/provider.go", 103);

/** A netlink family that is refused. */
function family(
  protocol: number,
  id: string,
  name: string,
  consequence: string,
  remedies: readonly Remedy[],
  cure: Draft["cure"],
  anywhere?: true,
): Draft {
  return {
    id,
    title: `${name} is EPROTONOSUPPORT`,
    kind: "refused",
    asks: [{ call: "socket", args: { 0: s.AF.netlink, 2: protocol } }],
    linux: { answer: "ok" },
    consequence,
    remedies,
    source: [PROVIDER],
    reports: protocol === 4 ? [issue(2114)] : protocol === 12 ? [issue(9917), issue(10546)] : [],
    probe: { steps: [s.call("socket", s.AF.netlink, s.RAW, protocol)], ...(anywhere && { anywhere }) },
    cure,
  };
}

/** A request for a list whose answer is NLMSG_ERROR: the call itself succeeds. `size` is that of the header behind struct nlmsghdr. */
function dump(type: number, size: number, id: string, name: string, consequence: string): Draft {
  const length = 16 + size;
  const header = BigInt(length) | (BigInt(type) << 32n) | (0x301n << 48n); // NLM_F_REQUEST, NLM_F_DUMP
  return {
    id,
    title: `${name} is answered with EOPNOTSUPP`,
    kind: "refused",
    asks: [{ call: ["recvmsg", "recvfrom"], answers: ["NLMSG_ERROR"] }],
    linux: { answer: "a list" },
    consequence: `${consequence}. The error stands in the netlink message, so no system call fails`,
    source: [sentry("socket/netlink/route/protocol.go", 757)],
    probe: {
      steps: [
        s.must("socket", s.AF.netlink, s.RAW, 0),
        s.must("sendto", { result: 0 }, words(header, 1, 0, 0, 0, 0), length, 0, 0, 0),
        s.must("recvfrom", { result: 0 }, room(), 0x1000, 0, 0, 0),
        { peek: 4, size: 2 },
      ],
      words: { 2: "NLMSG_ERROR", other: "a list" },
      anywhere: ({ value }) => value === 2n,
    },
    cure: { how: "answer", answer: "an empty list (NLMSG_DONE)" },
  };
}

const cannot = (what: string) => ({ how: "none", because: `${what} is not there` }) as const;

export const netlink = about("netlink", [
  family(
    4,
    "netlink-sock-diag",
    "NETLINK_SOCK_DIAG",
    "ss prints nothing, or an empty list with exit status 0",
    [{ option: "netstat, or /proc/net/tcp" }],
    cannot("a list of sockets in that form"),
    true,
  ),
  family(
    16,
    "netlink-generic",
    "NETLINK_GENERIC",
    "ethtool, iw, wg, devlink and programs that watch tasks (taskstats) find no family",
    [],
    cannot("what they ask for"),
    true,
  ),
  family(
    12,
    "netlink-netfilter",
    "NETLINK_NETFILTER",
    'nft, iptables-nft, Docker and kube-proxy: "Failed to initialize nft: Protocol not supported"',
    [
      { flag: "--TESTONLY-nftables", note: "the socket opens and answers; it is a flag for gVisor's own tests" },
      { option: "iptables-legacy, with runsc --net-raw" },
    ],
    { how: "never", reason: "security", because: "a firewall that is not there must not seem to be" },
    true,
  ),
  family(
    9,
    "netlink-audit",
    "NETLINK_AUDIT",
    "auditd, login programs and systemd write no audit records; some refuse a login then",
    [],
    {
      how: "never",
      reason: "accounting",
      because: "records that nobody writes must not seem to be written",
    },
    true,
  ),
  family(
    6,
    "netlink-xfrm",
    "NETLINK_XFRM",
    "ip xfrm, strongSwan and Libreswan cannot set up IPsec",
    [],
    {
      how: "never",
      reason: "security",
      because: "nobody may be told that something is encrypted which is not",
    },
    true,
  ),
  family(
    11,
    "netlink-connector",
    "NETLINK_CONNECTOR",
    "Programs that watch processes start and end (forkstat, some security agents) see none",
    [],
    cannot("the stream of events"),
    true,
  ),
  {
    id: "netlink-groups",
    title: "multicast groups of NETLINK_ROUTE are refused",
    kind: "refused",
    asks: [{ call: "bind", of: { call: "socket", args: { 0: s.AF.netlink } } }],
    linux: { answer: "ok" },
    consequence:
      "Programs that watch interfaces and addresses (ip monitor, systemd-networkd, Go's netlink, Chromium's network notifier) hear of no change",
    remedies: [{ option: "ask again from time to time" }],
    source: [sentry("socket/netlink/socket.go", 353)],
    probe: {
      steps: [s.must("socket", s.AF.netlink, s.RAW, 0), s.call("bind", { result: 0 }, words(s.AF.netlink, 0x11), 12)],
      anywhere: true,
    },
    cure: { how: "without", drop: "the groups: addresses and links can still be asked for" },
  },
  dump(
    30,
    12,
    "rtm-getneigh",
    "RTM_GETNEIGH",
    "ip neigh and network plugins (Calico, Cilium) see an error instead of the neighbours",
  ),
  dump(34, 12, "rtm-getrule", "RTM_GETRULE", "ip rule and network plugins see an error instead of the routing rules"),
  dump(38, 20, "rtm-getqdisc", "RTM_GETQDISC", "tc sees an error instead of the queues"),
]);
