/** The answer of `sandfit probe`: the verdict first, then what common software meets, in words. */

import { describe, expect, test } from "vitest";
import { probeTests } from "../../src/environments/probe/tests.js";
import { biteWords, commonProbes } from "../../src/report/common-software.js";
import type { Environment, ProbeResult } from "../../src/report/environment.js";
import { plain } from "../../src/report/paint.js";
import { renderEnvironment } from "../../src/report/probe.js";

const probes: readonly ProbeResult[] = probeTests.map(({ id }) => ({
  id,
  result: "EINVAL",
  bites: commonProbes.includes(id) || id === "pie-align",
  rules: [],
}));
const gvisor: Environment = {
  version: 1,
  kind: "gvisor",
  platform: "systrap",
  release: { notBefore: "2023-08-01", before: "2024-12-10" },
  signals: ["/proc/sentry-meminfo exists"],
  probes,
};
const text = (environment: Environment, all = false) => renderEnvironment(environment, { all, paint: plain });

test("every probe that the short answer knows is one that is tried, with words for people", () => {
  const known = probeTests.map(({ id }) => id);
  expect(commonProbes.filter((id) => !known.includes(id))).toEqual([]);
  for (const id of commonProbes) expect(biteWords(id).length, id).toBeGreaterThan(id.length + 10);
});

describe("the first line is the verdict", () => {
  test.each([
    [gvisor, "This is gVisor, platform systrap, released on or after 2023-08-01 and before 2024-12-10"],
    [{ ...gvisor, release: { before: "2024-12-10" } }, "This is gVisor, platform systrap, released before 2024-12-10"],
    [{ version: 1, kind: "linux", signals: [], probes: [] }, "This is plain Linux, not gVisor"],
    [{ version: 1, kind: "unknown", signals: ["x"], probes: [] }, "It is not known what this is: no probe could be run"],
  ] as const)("%#", (environment, line) => {
    expect(text(environment).split("\n")[0]).toBe(line);
  });
});

test("the short answer has common software in words, and counts the rest; --all lists it", () => {
  const short = text(gvisor);
  expect(short).toMatch(/\n {2}arch-set-gs: Programs built with Cosmopolitan Libc .* `sandfit fix FILE`\n/);
  expect(short).toMatch(/\n {2}netlink-sock-diag: ss prints nothing, .*netstat/);
  expect(short).not.toMatch(/pie-align/);
  expect(short).toMatch(/\n1 other probe was not answered as by plain Linux\.\n/);
  expect(text(gvisor, true)).toMatch(/\n {2}pie-align +EINVAL\n/);
});

test("plain Linux: nothing to worry about, in one line", () => {
  const linux: Environment = { version: 1, kind: "linux", signals: [], probes: probes.map((one) => ({ ...one, bites: false })) };
  expect(text(linux)).toBe(`This is plain Linux, not gVisor\n\nAll ${probes.length} probes were answered as by plain Linux.\n`);
});
