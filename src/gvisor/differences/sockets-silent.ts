/** Socket options and flags to which gVisor says yes, and which then do nothing or something else. */

import { room, words } from "../../asm/small-test.js";
import { about, issue, sends, sentry } from "./define.js";
import * as s from "./steps.js";

const NETSTACK = "socket/netstack/netstack.go";
const harmless = { how: "none", because: "the option's effect is missing; no answer brings it" } as const;

const transmitKeys = words(0x330303, 0, 0, 0, 0); // struct tls12_crypto_info_aes_gcm_128: TLS 1.2, AES-GCM-128, keys of zeros

export const socketsSilent = about("sockets-silent", [
  {
    id: "ktls-clear-text",
    title: "kernel TLS is accepted, and what is written then leaves as clear text",
    kind: "security",
    asks: [
      { call: "setsockopt", args: { 1: s.SOL_TCP, 2: 31 }, answers: ["ok"] },
      { call: "setsockopt", args: { 1: s.SOL_TLS }, answers: ["ok"] },
    ],
    linux: { answer: "encrypted", documented: true },
    consequence:
      'setsockopt(TCP_ULP, "tls") and setsockopt(SOL_TLS, TLS_TX) both answer 0 and do nothing. A program that takes that for a yes and writes sends what it means to encrypt as it is, to anybody who reads the network. Programs that use kernel TLS are OpenSSL with SSL_OP_ENABLE_KTLS, nginx and HAProxy with kTLS switched on, and whoever does its own. OpenSSL itself was seen to fail instead (its control message is refused with EINVAL); a program that only writes is not warned by anything',
    remedies: [
      {
        option:
          "switch kernel TLS off in the program (OpenSSL: no SSL_OP_ENABLE_KTLS; nginx: no `ssl_conf_command Options KTLS`)",
      },
      { option: "in a program of your own: read TCP_ULP back; where getsockopt is ENOPROTOOPT there is no kernel TLS" },
    ],
    source: [sentry(NETSTACK, 2401), sentry(NETSTACK, 731)],
    reports: [issue(6972)],
    probe: {
      steps: [
        ...s.tcpPair,
        s.must("setsockopt", s.client, s.SOL_TCP, 31, { text: "tls" }, 3),
        s.must("setsockopt", s.client, s.SOL_TLS, 1, transmitKeys, 40),
        s.must("sendto", s.client, { text: "top secret" }, 10, 0, 0, 0),
        s.must("recvfrom", s.server, room(), 10, 0, 0, 0),
        { peek: 0, size: 4 },
      ],
      words: { [0x20706f74]: "clear text", other: "encrypted" },
      anywhere: ({ value }) => value === 0x20706f74n,
    },
    cure: { how: "never", reason: "security", because: "nobody may be told that something is encrypted which is not" },
    notice: [
      "Linux can encrypt a TCP connection in the kernel: a program makes the TLS handshake itself, hands the keys over with setsockopt(SOL_TLS, TLS_TX) and from then on writes plain text, which the kernel encrypts. gVisor has no such thing. It does not say so: both calls answer 0, in every release and on every platform that was run, because options that it does not know are accepted (netstack.go, setSockOpt).",
      'The probe connects two sockets over loopback, makes both calls with keys of zeros, sends "top secret" and reads the same bytes at the other end, where Linux sends a TLS record.',
      "Whom it concerns: programs that hand keys over and write without a further call of kernel TLS. Whom not: programs that encrypt themselves, which is nearly all; kernel TLS is off unless a program or its settings ask for it. OpenSSL 3.0.19 with SSL_OP_ENABLE_KTLS was run in an investigation before this page: its handshake ends with EINVAL, since its control message for the record type is refused, and nothing leaves in clear. nginx and HAProxy with kTLS were not run.",
      "How to find out for a program: `sandfit probe` in the sandbox names `ktls-clear-text`; strace shows whether the program calls setsockopt with SOL_TCP, TCP_ULP at all. In a program of your own read the option back: getsockopt(SOL_TCP, TCP_ULP) is ENOPROTOOPT in gVisor.",
    ],
  },
  {
    id: "tcp-ulp-unread",
    title: "TCP_ULP is thrown away, which tells that there is no kernel TLS",
    kind: "silent",
    asks: [{ call: "getsockopt", args: { 1: s.SOL_TCP, 2: 31 } }],
    linux: { answer: "ok", documented: true },
    consequence: "None by itself: reading the option back after setting it is how a program can find out",
    source: [sentry(NETSTACK, 2401)],
    probe: {
      steps: [
        ...s.tcpPair,
        s.must("setsockopt", s.client, s.SOL_TCP, 31, { text: "tls" }, 3),
        s.call("getsockopt", s.client, s.SOL_TCP, 31, room(), words(16)),
      ],
    },
    cure: { how: "never", reason: "security", because: "nobody may be told that something is encrypted which is not" },
  },
  {
    id: "socket-filter",
    title: "a socket filter is accepted and lets everything through",
    kind: "security",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_SOCKET, 2: [26, 50, 51] }, answers: ["ok"] }],
    linux: { answer: "EAGAIN" },
    consequence:
      "SO_ATTACH_FILTER answers 0 and nothing is filtered: a program that drops everything gets everything. libpcap filters once more by itself; dhclient, dnsmasq, arping, lldpd and programs that rely on the kernel see packets that they asked not to see, and a filter that was meant to keep packets away is void",
    remedies: [{ flag: "--network=host" }, { option: "filter in the program" }],
    source: [sentry(NETSTACK, 2191)],
    reports: [issue(6972)],
    probe: {
      steps: [
        ...s.udpPair,
        // One instruction: return 0, drop.
        s.must("setsockopt", s.receiver, s.SOL_SOCKET, 26, words(1, words(s.bpf(6, 0))), 16),
        s.must("sendto", s.sender, { text: "abc" }, 3, 0, 0, 0),
        s.call("recvfrom", s.receiver, room(), 16, 0, 0, 0),
      ],
      words: { 3: "delivered" },
      anywhere: true,
    },
    cure: { how: "never", reason: "security", because: "what a filter keeps away is a matter of security" },
  },
  {
    id: "udp-segment",
    title: "UDP_SEGMENT is accepted and sends one large datagram",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_UDP, 2: 103 }, answers: ["ok"] }],
    linux: { answer: "1000" },
    consequence:
      "QUIC libraries (quic-go, quinn, msquic, nginx with HTTP/3) hand over several packets at once; in gVisor they leave as one datagram of 3000 bytes where three of 1000 were asked for, which peers cannot use. Connections time out or stay slow",
    remedies: [{ option: "QUIC_GO_DISABLE_GSO=true for quic-go; switch segmentation offload (GSO) off in others" }],
    source: [sentry(NETSTACK, 731)],
    reports: [issue(6972)],
    probe: {
      steps: [
        ...s.udpPair,
        s.set(s.sender, s.SOL_UDP, 103, 1000),
        s.must("sendto", s.sender, room(), 3000, 0, 0, 0),
        s.call("recvfrom", s.receiver, room(), 4000, 0, 0, 0),
      ],
      number: true,
      anywhere: ({ value }) => value === 3000n,
    },
    cure: {
      how: "answer",
      answer:
        "setsockopt(SOL_UDP, UDP_SEGMENT) = ENOPROTOOPT, as on Linux before 4.18: the libraries then send datagrams one by one",
    },
  },
  {
    id: "zerocopy",
    title: "SO_ZEROCOPY is accepted and no completion ever comes",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_SOCKET, 2: 60 }, answers: ["ok"] }],
    linux: { answer: "ok" },
    consequence:
      "The data of a send with MSG_ZEROCOPY arrives, but the message that its buffer is free again never does: programs that wait for it before they use the buffer again (gRPC, Ceph, own servers) leak memory or stall",
    remedies: [{ option: "switch zero-copy sends off in the program" }],
    source: [sentry(NETSTACK, 2220)],
    probe: {
      steps: [
        ...s.udpPair,
        s.set(s.sender, s.SOL_SOCKET, 60, 1),
        s.must("sendto", s.sender, room(), 100, 0x4000000, 0, 0),
        s.must("recvfrom", s.receiver, room(), 200, 0, 0, 0),
        s.pause(20),
        s.call("recvmsg", s.sender, s.controlOnly, 0x2040),
      ],
      anywhere: true,
    },
    cure: { how: "answer", answer: "setsockopt(SO_ZEROCOPY) = ENOPROTOOPT, as on Linux before 4.14: programs then copy" },
  },
  {
    id: "timestampns",
    title: "SO_TIMESTAMPNS is accepted and no stamp comes",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_SOCKET, 2: [35, 64] }, answers: ["ok"] }],
    linux: { answer: "a stamp" },
    consequence:
      "ping -D, tcpdump, NTP and PTP programs find no time beside the packet and take their own, which is later; SO_TIMESTAMP works",
    remedies: [{ option: "use SO_TIMESTAMP (microseconds)" }],
    source: [sentry(NETSTACK, 2198)],
    probe: {
      steps: [
        ...s.udpPair,
        s.set(s.receiver, s.SOL_SOCKET, 35, 1),
        s.must("sendto", s.sender, room(), 3, 0, 0, 0),
        s.must("recvmsg", s.receiver, s.controlOnly, 0),
        { peek: 0x800, size: 8 },
      ],
      words: { 0: "no stamp", other: "a stamp" },
      anywhere: ({ value }) => value === 0n,
    },
    cure: harmless,
  },
  {
    id: "timestamping",
    title: "SO_TIMESTAMPING is accepted and no stamp comes",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_SOCKET, 2: [37, 65] }, answers: ["ok"] }],
    linux: { answer: "a stamp" },
    consequence: "ptp4l and chrony wait on the error queue for stamps that never come",
    remedies: [{ option: "use SO_TIMESTAMP; chrony: without hwtimestamp" }],
    source: [sentry(NETSTACK, 2199)],
    probe: {
      steps: [
        ...s.udpPair,
        s.set(s.receiver, s.SOL_SOCKET, 37, 0x18), // SOF_TIMESTAMPING_RX_SOFTWARE and _SOFTWARE
        s.must("sendto", s.sender, room(), 3, 0, 0, 0),
        s.must("recvmsg", s.receiver, s.controlOnly, 0),
        { peek: 0x800, size: 8 },
      ],
      words: { 0: "no stamp", other: "a stamp" },
    },
    cure: harmless,
  },
  {
    id: "rcvlowat",
    title: "SO_RCVLOWAT is accepted, and poll is ready at the first byte",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_SOCKET, 2: 18 }, answers: ["ok"] }],
    linux: { answer: "0" },
    consequence: "A program that waits until a whole message is there is woken for its first byte: it reads too little, or spins",
    remedies: [{ option: "read in a loop until the message is whole" }],
    source: [sentry(NETSTACK, 2161)],
    probe: {
      steps: [
        ...s.tcpPair,
        s.set(s.server, s.SOL_SOCKET, 18, 100),
        s.must("sendto", s.client, { text: "abc" }, 3, 0, 0, 0),
        ...s.pollIn(0x200, 6),
        s.call("poll", room(0x200), 1, 100),
      ],
      number: true,
    },
    cure: harmless,
  },
  {
    id: "urgent-data",
    title: "urgent data (MSG_OOB) arrives in the normal stream",
    kind: "silent",
    asks: sends(1).map((question) => ({ ...question, answers: ["ok"] })),
    linux: { answer: "EAGAIN" },
    consequence:
      "telnet, rlogin and the ABOR of ftp put a byte beside the stream; in gVisor it stands within, with neither SIGURG nor POLLPRI",
    source: [sentry(NETSTACK, 2122)],
    probe: {
      steps: [
        ...s.tcpPair,
        s.must("sendto", s.client, { text: "x" }, 1, 1, 0, 0),
        s.pause(30),
        s.call("recvfrom", s.server, room(), 8, 0x40, 0, 0),
      ],
      words: { 1: "in the stream" },
    },
    cure: harmless,
  },
  {
    id: "tcp-repair",
    title: "TCP_REPAIR is accepted and there is nothing to repair with",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_TCP, 2: [19, 20] }, answers: ["ok"] }],
    linux: { answer: "ok" },
    consequence:
      "CRIU and libsoccr begin to save a connection and fail in the middle of it; on Linux an ordinary user is told EPERM at once",
    source: [sentry(NETSTACK, 2389)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.STREAM, 0),
        s.set({ result: 0 }, s.SOL_TCP, 19, 1),
        s.set({ result: 0 }, s.SOL_TCP, 20, 2),
        s.call("getsockopt", { result: 0 }, s.SOL_TCP, 21, room(), words(4)),
      ],
    },
    cure: harmless,
  },
  {
    id: "tcp-fastopen",
    title: "a first send with MSG_FASTOPEN is EPIPE",
    kind: "refused",
    asks: sends(0x20000000),
    linux: { answer: "ok" },
    consequence:
      "curl --tcp-fastopen, unbound and shadowsocks cannot connect, while a server's TCP_FASTOPEN is accepted and does nothing",
    remedies: [{ option: "switch TCP fast open off" }],
    source: [sentry(NETSTACK, 2393)],
    probe: {
      steps: [
        ...s.tcpPair.slice(0, 4),
        s.must("socket", s.AF.inet, s.STREAM, 0),
        s.call("sendto", { result: 4 }, { text: "abc" }, 3, 0x20004000, room(0x100), 16),
      ],
      anywhere: true,
    },
    cure: { how: "without", drop: "MSG_FASTOPEN: connect, then send" },
  },
  {
    id: "ip-transparent",
    title: "IP_TRANSPARENT is accepted and a foreign address cannot be bound",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_IP, 2: 19 }, answers: ["ok"] }],
    linux: { answer: "ok" },
    consequence:
      "Transparent proxies (Envoy and Istio with TPROXY, HAProxy, Squid) set the option and then fail at bind with EADDRNOTAVAIL",
    remedies: [{ flag: "--network=host" }],
    source: [sentry(NETSTACK, 2951)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.STREAM, 0),
        s.set({ result: 0 }, s.SOL_IP, 19, 1),
        s.call("bind", { result: 0 }, s.NOT_OURS, 16),
      ],
    },
    cure: harmless,
  },
  {
    id: "ip-freebind",
    title: "IP_FREEBIND is accepted and a foreign address cannot be bound",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_IP, 2: 15 }, answers: ["ok"] }],
    linux: { answer: "ok" },
    consequence:
      "keepalived, HAProxy and systemd's FreeBind= want to listen on an address before it is there: bind fails with EADDRNOTAVAIL",
    remedies: [{ flag: "--network=host" }, { option: "listen on 0.0.0.0" }],
    source: [sentry(NETSTACK, 2949)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.STREAM, 0),
        s.set({ result: 0 }, s.SOL_IP, 15, 1),
        s.call("bind", { result: 0 }, s.NOT_OURS, 16),
      ],
      anywhere: true,
    },
    cure: harmless,
  },
  {
    id: "ip-bind-address-no-port",
    title: "IP_BIND_ADDRESS_NO_PORT is accepted and bind takes a port",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: s.SOL_IP, 2: 24 }, answers: ["ok"] }],
    linux: { answer: "no port yet" },
    consequence: "nginx and HAProxy with many outgoing connections run out of ports sooner",
    source: [sentry(NETSTACK, 2954)],
    probe: {
      steps: [
        s.must("socket", s.AF.inet, s.STREAM, 0),
        s.set({ result: 0 }, s.SOL_IP, 24, 1),
        s.must("bind", { result: 0 }, s.LOOPBACK, 16),
        s.must("getsockname", { result: 0 }, room(), words(16)),
        { peek: 2, size: 2 },
      ],
      words: { 0: "no port yet", other: "a port is taken" },
      anywhere: ({ value }) => value !== 0n,
    },
    cure: harmless,
  },
  {
    id: "unknown-option",
    title: "setsockopt of an option that nobody knows is 0",
    kind: "silent",
    asks: [{ call: "setsockopt", args: { 1: [s.SOL_TLS, s.SOL_UDP, 132, 255, 263, 284] }, answers: ["ok"] }],
    linux: { answer: "ENOPROTOOPT" },
    consequence:
      "A program that tries whether an option is there by setting it is told yes, for every number of SOL_TLS, SOL_UDP, SOL_SCTP, SOL_RAW, SOL_PACKET and SOL_MPTCP. What it does next rests on something that is not there",
    remedies: [{ option: "in a program of your own: read the option back after setting it" }],
    source: [sentry(NETSTACK, 731)],
    reports: [issue(6972)],
    probe: {
      steps: [s.must("socket", s.AF.inet, s.STREAM, 0), s.call("setsockopt", { result: 0 }, 284, 99, words(1), 4)],
      anywhere: true,
    },
    cure: { how: "answer", answer: "ENOPROTOOPT" },
  },
]);
