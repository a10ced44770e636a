/** Socket options that are thrown away: setting them is 0, and what was set cannot be read. */

import { about, type Draft, issue, type SourceLine, sentry } from "./define.js";
import * as s from "./steps.js";

const NETSTACK = "socket/netstack/netstack.go";
const UNREAD = "set is 0 in gVisor and nothing is kept, so reading the option back is ENOPROTOOPT";
const harmless = { how: "none", because: "the option's effect is missing; no answer brings it" } as const;

/** setsockopt is 0, getsockopt is ENOPROTOOPT: the option is thrown away. */
function thrownAway(
  [family, type, level, option, value]: readonly number[],
  draft: Pick<Draft, "id" | "title" | "consequence"> & Partial<Draft>,
  ...source: SourceLine[]
): Draft {
  return {
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: level, 2: option }, answers: ["ok"] }],
    linux: { answer: "ok" },
    source,
    reports: [issue(6972)],
    probe: { steps: s.setAndGet(family, type, level, option, value), anywhere: true },
    cure: harmless,
    ...draft,
  };
}

export const socketsUnread = about("sockets-unread", [
  thrownAway(
    [s.AF.inet, s.DATAGRAM, s.SOL_UDP, 104],
    {
      id: "udp-gro",
      title: "UDP_GRO is accepted and merges nothing",
      consequence: "QUIC libraries (quinn, msquic) receive datagrams one by one: slower, nothing else",
    },
    sentry(NETSTACK, 731),
  ),
  thrownAway(
    [s.AF.inet, s.DATAGRAM, s.SOL_UDP, 1],
    {
      id: "udp-cork",
      title: "UDP_CORK is accepted and holds nothing back",
      consequence:
        "A program that builds one datagram of several writes sends several datagrams, which its peer takes for broken ones",
    },
    sentry(NETSTACK, 731),
  ),
  thrownAway(
    [s.AF.inet, s.STREAM, s.SOL_IP, 21, 255],
    {
      id: "ip-minttl",
      title: "IP_MINTTL is thrown away",
      kind: "security",
      consequence: "The check by which BGP daemons (FRR, BIRD; RFC 5082) keep distant hosts away from a connection is void",
      cure: { how: "never", reason: "security", because: "it keeps packets of strangers away" },
    },
    sentry(NETSTACK, 2952),
  ),
  thrownAway(
    [s.AF.inet, s.STREAM, s.SOL_SOCKET, 12, 3],
    { id: "so-priority", title: "SO_PRIORITY is thrown away", consequence: `Traffic classes are lost; ${UNREAD}` },
    sentry(NETSTACK, 2187),
  ),
  thrownAway(
    [s.AF.unix, s.DATAGRAM, s.SOL_SOCKET, 42, 0],
    {
      id: "so-peek-off",
      title: "SO_PEEK_OFF is thrown away",
      consequence: "A program that peeks on from where it stopped (CRIU) reads the same bytes again and again",
    },
    sentry(NETSTACK, 2204),
  ),
  thrownAway(
    [s.AF.inet, s.DATAGRAM, s.SOL_SOCKET, 62],
    {
      id: "so-bindtoifindex",
      title: "SO_BINDTOIFINDEX is thrown away",
      kind: "security",
      consequence: "A socket that was to hear one network alone (systemd-networkd, DHCP servers, VPNs) hears and speaks to all",
      remedies: [{ option: "SO_BINDTODEVICE, by name, works" }],
      cure: { how: "never", reason: "security", because: "it keeps a socket to one network" },
    },
    sentry(NETSTACK, 2222),
  ),
  thrownAway(
    [s.AF.inet, s.STREAM, s.SOL_SOCKET, 47, 1_000_000],
    {
      id: "so-max-pacing-rate",
      title: "SO_MAX_PACING_RATE is thrown away",
      consequence: "A sender that limits its rate so does not",
    },
    sentry(NETSTACK, 2209),
  ),
  thrownAway(
    [s.AF.inet, s.STREAM, s.SOL_SOCKET, 49, 0],
    {
      id: "so-incoming-cpu",
      title: "SO_INCOMING_CPU is thrown away",
      consequence: "Servers that keep a connection to one processor do not; speed only",
    },
    sentry(NETSTACK, 2211),
  ),
  thrownAway(
    [s.AF.inet, s.DATAGRAM, s.SOL_SOCKET, 40],
    {
      id: "so-rxq-ovfl",
      title: "SO_RXQ_OVFL is thrown away",
      consequence: "Programs that count lost datagrams by it (QUIC, video) count none",
    },
    sentry(NETSTACK, 2202),
  ),
  thrownAway(
    [s.AF.unix, s.STREAM, s.SOL_SOCKET, 76],
    {
      id: "so-passpidfd",
      title: "SO_PASSPIDFD is thrown away",
      linux: { answer: "ok", since: "6.5" },
      consequence:
        "dbus-broker and systemd get no descriptor of their peer's process and fall back to its number, which may have passed to another",
    },
    sentry(NETSTACK, 2236),
  ),
  thrownAway(
    [s.AF.inet, s.STREAM, s.SOL_TCP, 25, 16384],
    {
      id: "tcp-notsent-lowat",
      title: "TCP_NOTSENT_LOWAT is thrown away",
      consequence: "HTTP/2 servers keep more in the kernel's queue than they want: priorities take effect later",
    },
    sentry(NETSTACK, 2395),
  ),
  thrownAway(
    [s.AF.inet, s.STREAM, s.SOL_TCP, 30],
    {
      id: "tcp-fastopen-connect",
      title: "TCP_FASTOPEN_CONNECT is thrown away",
      consequence: "Connections take one round trip more; a program that reads the option back reports a failure",
    },
    sentry(NETSTACK, 2400),
  ),
  thrownAway(
    [s.AF.inet6, s.DATAGRAM, s.SOL_IPV6, 23, 2],
    {
      id: "ipv6-mtu-discover",
      title: "IPV6_MTU_DISCOVER is thrown away",
      consequence: "QUIC and DTLS over IPv6 probe the path's packet size and learn nothing",
    },
    sentry(NETSTACK, 2633),
  ),
  thrownAway(
    [s.AF.inet6, s.DATAGRAM, s.SOL_IPV6, 18, 255],
    {
      id: "ipv6-multicast-hops",
      title: "IPV6_MULTICAST_HOPS is thrown away",
      consequence: "mDNS over IPv6 (Avahi) must send with 255 hops; what leaves with fewer is ignored by its peers",
    },
    sentry(NETSTACK, 2625),
  ),
  thrownAway(
    [s.AF.inet6, s.DATAGRAM, s.SOL_IPV6, 62],
    {
      id: "ipv6-dontfrag",
      title: "IPV6_DONTFRAG is thrown away",
      consequence: "Datagrams that are too large are split instead of being refused; traceroute and QUIC measure wrongly",
    },
    sentry(NETSTACK, 2631),
  ),
]);
