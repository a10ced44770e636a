/** What the tracer records, on the host and in every sandbox: a whole tree, its answers, how it ended, and nothing that it changes. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect } from "vitest";
import { execute } from "../../../src/environments/run/execute.js";
import type { ExitEvent, SignalEvent } from "../../../src/environments/trace/events.js";
import { underTracer } from "../../../src/environments/trace/tracer.js";
import { isRoot, lackingSandboxes, testNeeding } from "../../support/requirements.js";
import { callsOf, folder, hasCompiler, linesOf, missing, places, subject, traced } from "../../support/traced.js";

const withSubject = testNeeding(hasCompiler, "gcc");

describe.each(places)("%s", (id, sandbox) => {
  withSubject("the program sees nothing of it, and ends as it would", async () => {
    for (const scene of [["tree"], ["files", "/etc/passwd", "/absent"], ["values"], ["signals"], ["threads", "128"]]) {
      const plain = await execute([subject, ...scene], { sandbox, cwd: folder });
      const { run, errors } = await traced([subject, ...scene], { sandbox });
      expect([scene, run.exitCode, run.stdout, errors]).toEqual([scene, plain.exitCode, plain.stdout, plain.stderr]);
    }
  });

  withSubject("threads, forks, vfork and an execve from a thread are one tree", async () => {
    const { trace } = await traced([subject, "tree"], { sandbox });
    expect(trace.processes.map(({ path }) => path).sort()).toEqual(["0", "0.0", "0.0.0", "0.1", "0.2"]);
    const threads = trace.events.filter((event) => event.kind === "fork" && event.child === event.process);
    expect(threads).toHaveLength(3);
    const at = (path: string) => trace.processes.findIndex((process) => process.path === path);
    const ends = trace.events.filter((event): event is ExitEvent => event.kind === "exit" && event.isLast);
    const codes = new Map(ends.map(({ process, exitCode }) => [process, exitCode]));
    expect(["0", "0.0", "0.0.0", "0.1", "0.2"].map((path) => codes.get(at(path)))).toEqual([5, 3, 4, 8, 8]);
    const lines = linesOf(trace);
    expect(lines.filter((line) => /^0\.2 write\(1<std1>, "from-thread\\n", 12\) = 12$/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("0.1 execve(") && line.includes('"say", "vforked"'))).toHaveLength(1);
    expect(trace.end).toMatchObject({ why: "ended", exitCode: 5, lost: 0 });
  });

  withSubject("paths, origins, answers and errors", async () => {
    const { trace } = await traced([subject, "files", "/etc/passwd", "/proc/meminfo", "/absent"], { sandbox });
    const [, meminfo, absent] = callsOf(trace, "openat").slice(-3);
    expect(absent).toMatchObject({ errno: 2, result: -2 });
    expect(new TextDecoder().decode(absent.parts[0].bytes)).toBe("/absent");
    const reads = callsOf(trace, "read").filter((call) => call.origins.get(0) === "/proc/meminfo");
    expect(Number(reads[0].args[0])).toBe(meminfo.result);
    expect(reads[0].parts[0]).toMatchObject({ kind: "out", argument: 1, wanted: reads[0].result, isCut: false });
    expect(reads[0].parts[0].bytes).toHaveLength(reads[0].result);
    const [uname] = callsOf((await traced([subject, "values"], { sandbox })).trace, "uname");
    expect(uname.parts[0].bytes).toHaveLength(390);
  });

  withSubject("netlink: the error inside the reply", async () => {
    const { trace, run } = await traced([subject, "netlink", "0"], { sandbox });
    const [reply] = callsOf(trace, "recvmsg");
    expect(reply.origins.get(0)).toBe("socket:16:3:0");
    expect(linesOf(trace).join("\n")).toMatch(/recvmsg\(3<socket:16:3:0>, \{netlink -EOPNOTSUPP\}/);
    expect(run.stdout).toContain("seq 4711");
  });

  withSubject("a crash: which signal, where, of what", async () => {
    const { trace, run } = await traced([subject, "crash", "10"], { sandbox });
    expect(run.signal ?? run.exitCode).toSatisfy((how) => how === "SIGSEGV" || how === 139);
    const signal = trace.events.find((event): event is SignalEvent => event.kind === "signal");
    expect(signal).toMatchObject({ signal: 11, code: 1, address: 0x10n });
    expect(Number(signal!.instruction)).toBeGreaterThan(0x400000);
    expect(trace.end).toMatchObject({ signal: 11 });
  });

  withSubject("a command that is not there", async () => {
    const { trace, run } = await traced(["/absent"], { sandbox });
    expect(run.exitCode).toBe(127);
    expect(trace.end).toMatchObject({ startError: 2 });
    expect((await traced(["/etc/passwd"], { sandbox })).run.exitCode).toBe(126);
  });

  withSubject("a time-out of its own: the whole tree is killed, and what it waited for is known", async () => {
    const { trace, run } = await traced([subject, "hangs"], { sandbox, timeout: 1500 });
    expect(run.signal ?? run.exitCode).toSatisfy((how) => how === "SIGKILL" || how === 137);
    expect(trace.end).toMatchObject({ why: "timed-out", signal: 9 });
    expect(callsOf(trace, "read").at(-1)).toMatchObject({ isUnfinished: true });
    expect(trace.events.filter((event) => event.kind === "exit")).toHaveLength(2);
  });

  const withUser = testNeeding(hasCompiler && isRoot, "gcc and root");
  withUser("as nobody, without capabilities", async () => {
    const through = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "--bounding-set=-all",
      "--inh-caps=-all",
      "--",
    ];
    const { run, trace } = await traced([subject, "tree"], { sandbox, through });
    expect(run.exitCode).toBe(5);
    expect(trace.processes).toHaveLength(5);
  });

  withSubject("with an empty environment", async () => {
    const { run } = await traced([subject, "say", "bare"], { sandbox, through: ["/usr/bin/env", "-i"] });
    expect(run).toMatchObject({ exitCode: 8, stdout: "bare\n" });
  });

  withSubject("nothing goes on where the tracer itself is killed", async () => {
    const ready = join(folder, `killed-in-${id}`);
    const script = `"$@" & t=$!; while ! [ -e ${ready} ]; do sleep 0.05; done; kill -KILL $t; wait $t 2>/dev/null; sleep 0.5
ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c '${subject}$'`;
    const tracer = underTracer([subject, "waits", ready], { record: "none" });
    const run = await execute(["/bin/sh", "-c", `${script} || :`, "sh", ...tracer.command], { sandbox, cwd: folder });
    tracer.dispose();
    expect(run.stdout).toBe("0\n");
  });

  withSubject("beyond its limit calls are counted, not kept", async () => {
    const { trace } = await traced([subject, "many", "60000"], { sandbox, limit: 4 << 20 });
    expect(trace.end!.lost).toBeGreaterThan(10_000);
    expect(trace.end!.exitCode).toBe(0);
  });
});

describe("on the host", () => {
  const left = (name: string) => [join(folder, `${name}.pid`), join(folder, `${name}.later`)];
  const isAlive = (pid: number) => existsSync(`/proc/${pid}/exe`);

  withSubject("what the command leaves behind goes on by default", async () => {
    const [file, later] = left("detached");
    const { run } = await traced(["setsid", subject, "daemon", file, later], { left: "detach" });
    const pid = Number(readFileSync(file, "utf8"));
    expect([run.exitCode, isAlive(pid)]).toEqual([0, true]);
    await wait(2000);
    expect(existsSync(later)).toBe(true);
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/TracerPid:\s+0/);
    process.kill(pid, "SIGKILL");
  });

  withSubject("or is killed", async () => {
    const [file, later] = left("killed");
    const { run } = await traced([subject, "daemon", file, later], { left: "kill" });
    expect([run.exitCode, isAlive(Number(readFileSync(file, "utf8")))]).toEqual([0, false]);
  });

  withSubject("SIGTERM reaches the command, which may take its time", async () => {
    const ready = join(folder, "ready");
    const script = `"$@" & t=$!; while ! [ -e ${ready} ]; do sleep 0.05; done; kill -TERM $t; wait $t; exit $?`;
    const { run } = await traced([subject, "waits", ready], { through: ["/bin/sh", "-c", script, "sh"] });
    expect([run.exitCode, run.stdout]).toEqual([7, "got signal 15\n"]);
  });

  withSubject("a program that wants to be traced itself is told that it is already", async () => {
    const { run } = await traced([subject, "traced"]);
    expect(run.exitCode).toBe(1);
  });
});

lackingSandboxes(missing);
