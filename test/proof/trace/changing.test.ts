/** What rules change, on the host and in every sandbox, with every call stopped at and with only those that the rules name. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { encodeRules, failsWith, type Rule, standIn } from "../../../src/environments/trace/rules.js";
import { lackingSandboxes, testNeeding } from "../../support/requirements.js";
import { callsOf, folder, hasCompiler, missing, places, subject, traced } from "../../support/traced.js";

const withSubject = testNeeding(hasCompiler, "gcc");
const bytes = (text: string) => new TextEncoder().encode(text);
const path = (text: string, tree = false) => ({ if: "path", is: { text, tree } }) as const;
const passwd = path("/etc/passwd");

/** nlmsghdr of type 77 with another sequence number, and a message of 4 bytes. */
const reply = new Uint8Array(20);
new DataView(reply.buffer).setUint32(0, 20, true);
new DataView(reply.buffer).setUint16(4, 78, true);
new DataView(reply.buffer).setUint32(8, 1, true);

const other = join(folder, "other");
mkdirSync(join(other, "inner"), { recursive: true });
writeFileSync(join(other, "passwd"), "redirected\n");
writeFileSync(join(other, "inner", "name"), "inside\n");

interface Case {
  readonly name: string;
  readonly scene: readonly string[];
  readonly rules: readonly Rule[];
  readonly expected: RegExp;
}

const cases: Case[] = [
  {
    name: "an error for one path",
    scene: ["files", "/etc/passwd", "/etc/group"],
    rules: [{ call: "openat", conditions: [passwd], actions: [failsWith(13)] }],
    expected: /^\/etc\/passwd: Permission denied\n\/etc\/group: root/,
  },
  {
    name: "only from the second to the third time",
    scene: ["files", "/etc/passwd", "/etc/passwd", "/etc/passwd", "/etc/passwd"],
    rules: [{ call: "openat", conditions: [passwd], actions: [failsWith(2)], first: 2, last: 3 }],
    expected: /^.*: root.*\n.*: No such file.*\n.*: No such file.*\n.*: root.*\n$/,
  },
  {
    name: "a numbered family, and a condition turned round",
    scene: ["files", "/proc/1/stat", "/etc/group"],
    rules: [
      {
        call: "openat",
        conditions: [path("/proc/{n}/{*}"), { ...passwd, not: true }, { if: "range", argument: 1, from: 1n, to: 1n << 63n }],
        actions: [failsWith(1)],
      },
    ],
    expected: /^\/proc\/1\/stat: Operation not permitted\n\/etc\/group: root/,
  },
  {
    name: "a value",
    scene: ["values"],
    rules: [
      {
        call: "sched_get_priority_max",
        conditions: [{ if: "bits", argument: 0, mask: 0xffffffffn, value: 1n }],
        actions: [{ do: "result", result: 42n }],
      },
    ],
    expected: /^max 42\nuname 0 .*\nno such call -1 Function not implemented\n$/,
  },
  {
    name: "bytes of a structure, the call performed",
    scene: ["values"],
    rules: [{ call: "uname", conditions: [], actions: [{ do: "bytes", argument: 0, offset: 130, bytes: bytes("7.7.7\0") }] }],
    expected: /\nuname 0 7\.7\.7\n/,
  },
  {
    name: "bytes of a structure, the call not performed",
    scene: ["values"],
    rules: [
      {
        call: "uname",
        conditions: [],
        actions: [
          { do: "result", result: 0n },
          { do: "bytes", argument: 0, offset: 130, bytes: bytes("8.8\0") },
        ],
      },
    ],
    expected: /\nuname 0 8\.8\n/,
  },
  {
    name: "a result after the call was performed",
    scene: ["files", "/etc/passwd"],
    rules: [
      {
        call: "read",
        conditions: [{ if: "origin", argument: 0, is: { text: "/etc/passwd" } }],
        actions: [{ do: "result", result: -5n, perform: true }],
      },
    ],
    expected: /^\/etc\/passwd: Input\/output error\n$/,
  },
  {
    name: "another file",
    scene: ["files", "/etc/passwd", "/etc/group"],
    rules: [
      {
        call: "openat",
        conditions: [passwd],
        actions: [{ do: "redirect", from: { text: "/etc/passwd" }, to: join(other, "passwd") }],
      },
    ],
    expected: /^\/etc\/passwd: redirected\n\/etc\/group: root/,
  },
  {
    name: "another tree, for every call with a path, and below a directory's descriptor",
    scene: ["below", "/absent", "inner/name"],
    rules: [
      { conditions: [path("/absent", true)], actions: [{ do: "redirect", from: { text: "/absent", tree: true }, to: other }] },
    ],
    expected: /^inner\/name below: inside\n$/,
  },
  {
    name: "a stand-in for a socket, with answers for what is asked of it",
    scene: ["netlink", "21"],
    rules: [
      {
        call: "socket",
        conditions: [{ if: "bits", argument: 2, mask: 0xffn, value: 21n }],
        actions: [standIn()],
      },
      {
        call: "recvmsg",
        conditions: [
          { if: "origin", argument: 0, is: { text: "socket:16:3:21" } },
          { if: "sent", argument: 0, offset: 4, bytes: Uint8Array.of(77, 0) },
        ],
        actions: [
          { do: "result", result: 20n },
          { do: "bytes", argument: 1, where: "message", bytes: reply, netlink: true },
        ],
      },
    ],
    expected: /^bind 0\nsend 32\ntype 78 seq 4711\nrecv: -1 Resource temporarily unavailable\n$/,
  },
  {
    name: "a netlink reply, over the real one",
    scene: ["netlink", "0"],
    rules: [
      {
        call: "recvmsg",
        conditions: [{ if: "origin", argument: 0, is: { text: "socket:16:{*}" } }],
        actions: [
          { do: "result", result: 20n, perform: true },
          { do: "bytes", argument: 1, where: "message", bytes: reply, netlink: true },
        ],
      },
    ],
    expected: /\ntype 78 seq 4711\n/,
  },
  {
    name: "one process of a tree",
    scene: ["tree"],
    rules: [
      { call: "write", conditions: [{ if: "process", is: { text: "0.1" } }], actions: [{ do: "result", result: -28n }] },
      {
        call: "exit_group",
        conditions: [
          { if: "process", is: { text: "0" } },
          { if: "bits", argument: 0, mask: ~0n, value: 99n },
        ],
        actions: [failsWith(1)],
      },
    ],
    expected: /^from-thread\nlast child: 8\n$/,
  },
];

describe.each(places)("%s", (_, sandbox) => {
  for (const only of [false, true]) {
    for (const { name, scene, rules, expected } of cases) {
      withSubject(`${name}${only ? ", nothing else stopped at" : ""}`, async () => {
        const { run, trace } = await traced([subject, ...scene], { sandbox, changing: rules, only });
        expect(run.stdout).toMatch(expected);
        expect(trace.end!.hits[0]).toBeGreaterThan(0);
        const names = new Set(trace.events.flatMap((event) => (event.kind === "call" ? [event.call.name] : [])));
        expect(names.has("brk")).toBe(!only);
      });
    }
  }

  withSubject("what does not fit is cut to the caller's buffer, and the record says so", async () => {
    const rules: Rule[] = [
      {
        call: "read",
        conditions: [{ if: "origin", argument: 0, is: { text: "/etc/passwd" } }],
        actions: [
          { do: "result", result: 10n },
          { do: "bytes", argument: 1, bytes: bytes("0123456789") },
        ],
      },
    ];
    const { run, trace } = await traced([subject, "small"], { sandbox, changing: rules });
    expect(run.stdout).toBe("4 0123############\n");
    const read = callsOf(trace, "read").at(-1)!;
    expect(read).toMatchObject({ isClamped: true, wasSkipped: true, rule: 0, result: 4 });
  });

  withSubject("calls that are not watched cost nothing", async () => {
    const plain = await traced([subject, "many", "300"], { sandbox });
    const rules: Rule[] = [{ call: "uname", conditions: [], actions: [failsWith(22)] }];
    const { run, trace } = await traced([subject, "many", "300"], { sandbox, changing: rules, only: true });
    expect(callsOf(trace, "getppid")).toHaveLength(0);
    expect(callsOf(plain.trace, "getppid")).toHaveLength(300);
    expect(run.exitCode).toBe(0);
  });
});

withSubject("rules that are damaged, of another version or of another architecture are refused", async () => {
  const good = encodeRules([{ call: "uname", conditions: [passwd], actions: [failsWith(22)] }]);
  const bad: Uint8Array[] = [good.subarray(0, 40), good.subarray(0, good.length - 8), new Uint8Array(200)];
  for (const at of [4, 8, 80, 112, 117]) bad.push(Uint8Array.from(good, (byte, i) => (i === at ? byte ^ 0x5a : byte)));
  for (const rules of bad) {
    await expect(traced([subject, "values"], { rules })).rejects.toThrow(/exit 125, sandfit-trace: .*rule/);
  }
});

lackingSandboxes(missing);
