/** FUSE: what gVisor's client asks of a file system in user space otherwise than Linux does. */

import type { Assembler } from "../../asm/assembler.js";
import * as o from "../../asm/operands.js";
import { result, room, text } from "../../asm/small-test.js";
import { about, issue, sentry } from "./define.js";
import * as s from "./steps.js";

const DEVICE = 100;
const [OPENDIR, ACCESS] = [27, 34];
const ENOSYS = -38;

/** Reads a request of the kernel's into the room: struct fuse_in_header, the operation 4 bytes on, its number 8 bytes on. */
const request = s.must("read", DEVICE, room(0x400), 0x2000);

/**
 * Serves until a directory is opened: ACCESS, which gVisor asks for since 2024, is allowed, and all else is ENOSYS. The answer is
 * struct fuse_out_header at the start of the room. Leaves the last operation in %rax.
 */
const serve = (a: Assembler): void => {
  const [again, send] = [a.fresh("again"), a.fresh("send")];
  a.label(again).mov(o.edi, DEVICE).lea(o.rsi, o.rip("room", 0x400)).mov(o.edx, 0x2000).xor(o.eax, o.eax).syscall();
  a.mov(o.rax, o.rip("room", 0x408)).mov(o.rip("room", 8), o.rax).mov(o.rip("room"), 16, 4);
  a.mov(o.ebx, o.rip("room", 0x404)).mov(o.rip("room", 4), 0, 4).cmp(o.ebx, ACCESS).j("e", send);
  a.mov(o.rip("room", 4), ENOSYS, 4);
  a.label(send).mov(o.edi, DEVICE).lea(o.rsi, o.rip("room")).mov(o.edx, 16).mov(o.eax, 1).syscall();
  a.cmp(o.ebx, ACCESS).j("e", again).mov(o.eax, o.ebx);
};

export const fuse = about("fuse", [
  {
    id: "fuse-opendir",
    title: "a FUSE server without OPENDIR has no directories",
    kind: "refused",
    asks: [{ call: ["open", "openat"], answers: ["ENOSYS"] }],
    linux: { answer: "ok" },
    consequence:
      "squashfuse, and with it every AppImage, mounts and then shows no directory: where a server answers OPENDIR with ENOSYS, Linux goes on without, gVisor does so for files only",
    remedies: [{ option: "AppImage: --appimage-extract" }],
    source: [sentry("fsimpl/fuse/inode.go", 571)],
    reports: [issue(11086)],
    probe: {
      steps: [
        ...s.ownMounts,
        s.must("mkdir", text("fuse"), 0o700),
        s.must("openat", s.CWD, text("/dev/fuse"), 2),
        s.must("dup2", result(3), DEVICE),
        s.must("mount", text("fuse"), text("fuse"), text("fuse"), 0, text("fd=100,rootmode=40000,user_id=0,group_id=0")),
        // The child opens the directory and ends with what it was answered, as a positive number.
        { background: true, child: [s.must("openat", s.CWD, text("fuse"), 0o200000), s.call("exit_group", 0)] },
        request,
        // struct fuse_init_out: version 7.31, the rest zeros but for the largest write
        { poke: 16, size: 4, value: 7 },
        { poke: 20, size: 4, value: 31 },
        { poke: 36, size: 4, value: 4096 },
        { peek: 0x408, size: 8 },
        { poke: 8, size: 8, value: { result: 11 } },
        { poke: 0, size: 4, value: 80 },
        s.must("write", DEVICE, room(), 80),
        { code: serve }, // number 15
        s.must("wait4", result(6), room(0x2800), 0, 0),
        { peek: 0x2801, size: 1 },
        // Only if it was the directory that was not served.
        {
          code: (a) => {
            const right = a.fresh("right");
            a.cmp(o.rip("results", 8 * 15), OPENDIR, 8)
              .j("e", right)
              .mov(o.eax, 1000)
              .label(right);
          },
        },
      ],
      words: { 0: "ok", 218: "ENOSYS" }, // exit codes have one byte: 256 - 38
      number: true,
    },
    cure: { how: "none", because: "the list of names has to come from the server" },
  },
]);
