/** What an ending looks like, held against what a rule says that its programs end like. */

import { describe, expect, test } from "vitest";
import type { Explanation } from "../../../src/diagnose/explain/explanation.js";
import { fitOf, startErrorOf } from "../../../src/diagnose/explain/signature.js";
import { newest } from "../../../src/gvisor/gvisor.js";
import type { Signature, Site } from "../../../src/rules/define.js";
import { rules } from "../../../src/rules/index.js";

const site = (text: string): Site => ({
  address: 0x401000,
  fileOffset: 0x1000,
  bytes: "",
  text,
  inFunction: undefined,
  evidence: "entry",
  role: "crashed here",
});

function ended(what: Partial<Explanation>): Explanation {
  const setting = { kind: "gvisor", words: "", target: newest, probes: [] } as const;
  return {
    kind: "crash",
    what: "",
    command: ["p"],
    isKnown: true,
    isTraced: false,
    cures: new Map(),
    setting,
    programs: [],
    signal: undefined,
    startError: undefined,
    place: undefined,
    refused: undefined,
    obstacle: undefined,
    ...what,
  };
}

const crashed = (signal: string, text?: string, address?: string): Explanation => {
  const death = { program: "p", signal, exitCode: undefined, signalLine: "", instruction: 0x401000, address, refused: undefined };
  return ended({ signal, ...((text ?? address) && { place: { site: text === undefined ? undefined : site(text), death } }) });
};
const refused = (startError: string | undefined): Explanation => ended({ kind: "start", startError });

describe("startErrorOf", () => {
  test.each([
    ["ENOEXEC", "ENOEXEC"],
    ["starting container: starting root container: failed to load /x: exec format error", "ENOEXEC"],
    ["failed to load /x: no such file or directory", "ENOENT"],
    ["fork/exec: permission denied", "EACCES"],
    ["execve(...) = -1 EFAULT (Bad address)", "EFAULT"],
    ["failed to load /x: bad address", "EFAULT"],
    ["text file busy", undefined],
    ["", undefined],
  ])("%s", (words, error) => expect(startErrorOf(words)).toBe(error));
});

describe("fitOf", () => {
  const gs: Signature = { signals: ["SIGSEGV"], instruction: /%gs:/, address: /^0x30$/ };
  test.each<[string, Signature | undefined, Explanation, string]>([
    ["no signature", undefined, crashed("SIGSEGV"), "open"],
    ["an error that may have any reason", { execve: ["ENOEXEC"] }, ended({ kind: "maybe" }), "open"],
    ["the error of execve", { execve: ["ENOENT", "ENOEXEC"] }, refused("ENOEXEC"), "fits"],
    ["another error of execve", { execve: ["ENOEXEC"] }, refused("EACCES"), "contradicts"],
    ["an error that is not known", { execve: ["ENOEXEC"] }, refused(undefined), "open"],
    ["never started, by a rule of crashes", { signals: ["SIGSEGV"] }, refused("ENOEXEC"), "open"],
    ["crashed, by a rule of what never starts", { execve: ["ENOEXEC"] }, crashed("SIGSEGV"), "contradicts"],
    ["crashed, by a rule of both", { execve: ["ENOEXEC"], signals: ["SIGSEGV"] }, crashed("SIGSEGV"), "fits"],
    ["the signal, nothing else known", gs, crashed("SIGSEGV"), "fits"],
    ["another signal", gs, crashed("SIGABRT"), "open"],
    ["signal, instruction and address", gs, crashed("SIGSEGV", "mov %gs:0x30,%rax", "0x30"), "fits"],
    ["another instruction", gs, crashed("SIGSEGV", "mov (%rdi),%rax", "0x30"), "open"],
    ["another address", gs, crashed("SIGSEGV", "mov %gs:0x30,%rax", "0x8"), "open"],
    ["the address alone is known", gs, crashed("SIGSEGV", undefined, "0x30"), "fits"],
    ["the address alone is known, and another", gs, crashed("SIGSEGV", undefined, "0x1000"), "open"],
  ])("%s", (_what, signature, explanation, fit) => expect(fitOf(signature, explanation)).toBe(fit));
});

test("a rule's signature says something, and no pattern remembers where it stood", () => {
  for (const { id, signature } of rules) {
    if (signature === undefined) continue;
    expect((signature.execve?.length ?? 0) + (signature.signals?.length ?? 0), id).toBeGreaterThan(0);
    for (const pattern of [signature.instruction, signature.address]) expect(pattern?.global ?? false, id).toBe(false);
  }
});
