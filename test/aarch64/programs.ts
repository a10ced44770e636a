/** Programs in the two shapes that Cosmopolitan's thread stacks have, small enough to run. They exit with 3 or 5. */
import { A64, DATA } from "./assembler.js";

/** Exit codes: whether the growing or the whole stack was mapped. */
export const GROWING = 3;
export const WHOLE = 5;

const HOST = DATA + 0x10;
const OTHER = DATA + 0x18;
const MAP_ANONYMOUS = DATA + 0x20;
const POINTER = DATA + 0x28;
const TEXT = 0x40;

export interface Options {
  /** How the deciding branch is written. */
  readonly form?: "to-plain" | "to-growing" | "compare" | "mask";
  /** madvise's advice in the function that is called; 127 is IsQemuUser's. */
  readonly advice?: number;
  /** stack.c: whether other conditions lead to the plain side. */
  readonly sibling?: boolean;
  /** stack.c: whether slackmap is part of its caller, with a condition that looks the same. */
  readonly inlined?: boolean;
  /** stack.c: the flags of the second mapping. */
  readonly flags?: number;
  /** mmap.c: whether pthread_create asks IsQemuUser(), as it does from v3.3 on. */
  readonly asks?: boolean;
  /** mmap.c: whether pthread_create looks at __hostos before it asks. */
  readonly looks?: boolean;
  /** mmap.c: tests another variable than pthread_create does. */
  readonly otherVariable?: boolean;
  /** Text in the data. */
  readonly text?: string;
  /** How main gets called: directly, through a pointer in the data, or in a way that is not seen. */
  readonly call?: "direct" | "pointer" | "unseen";
  /** Not Cosmopolitan's entry point. */
  readonly foreign?: boolean;
}

/** v4.0.0 and later: cosmo_stack_alloc, slackmap, flixmap (libc/intrin/stack.c). */
export function stackAllocator(options: Options = {}): Uint8Array {
  const { form = "to-plain", sibling = true, inlined = false, flags = 0x100 } = options;
  const a = new A64();
  start(a, options);
  a.label("main").enter();
  a.load(1, HOST);
  if (sibling) a.tbz(1, 0, "plain");
  a.bl("limit").cmp(0, 64);
  if (sibling) a.bcond("cc", "plain");
  a.bl("IsQemuUser");
  if (form === "to-plain") a.cbnz(0, "plain");
  else if (form === "compare") a.cmp(0, 0).bcond("ne", "plain");
  else a.cbz(0, "growing").label("plain").bl("plainly").movz(0, WHOLE).leave();
  a.label("growing");
  if (inlined) {
    // The same shape for another reason: __maps_track() failing goes where no room goes.
    a.bl("limit").cbz(0, "failed").bl("limit").cbz(0, "failed");
    twoMappings(a, flags);
    a.movz(0, GROWING).leave();
    a.label("failed").movz(0, 9).leave();
  } else {
    a.bl("slackmap").movz(0, GROWING).leave();
  }
  if (form === "to-plain" || form === "compare") a.label("plain").bl("plainly").movz(0, WHOLE).leave();
  if (!inlined) {
    a.label("slackmap").enter();
    twoMappings(a, flags);
    a.leave();
  }
  a.label("flixmap").movz(4, 0x22).movk(4, 0x800).orr(3, 3, 4);
  a.mov(0, 31).movzx(1, 0x1000).movz(2, 3).minusOne(4).movzx(5, 0).movzx(8, 222).svc().ret();
  a.label("plainly").mov(0, 31).movzx(1, 0x4000).movz(2, 3).movz(3, 0x22).minusOne(4).movzx(5, 0).movzx(8, 222).svc().ret();
  a.label("limit").movz(0, 100).ret();
  isQemuUser(a, options);
  return finish(a, options);
}

function twoMappings(a: A64, flags: number): void {
  a.movz(3, 0x4000).bl("flixmap").movz(3, flags).bl("flixmap");
}

/** v3.3 to v3.4.0: pthread_create and __mmap_unlocked (libc/runtime/mmap.c). */
export function mmapForStacks(options: Options = {}): Uint8Array {
  const { form = "to-growing", asks = true, looks = true, otherVariable = false } = options;
  const a = new A64();
  start(a, options);
  a.label("main").enter();
  if (asks && looks) a.load(0, HOST).tbz(0, 0, "request");
  if (asks) a.bl("IsQemuUser").mov(1, 31).cbz(0, "request");
  a.load(3, MAP_ANONYMOUS).orr2(3, 3).bl("mmap").leave();
  a.label("request").load(3, MAP_ANONYMOUS).mov(0, 31).orr6(3, 3).bl("mmap").leave();
  a.label("mmap").enter().and15(0, 3).cmp(0, 6).bcond("ne", "whole");
  a.load(0, otherVariable ? OTHER : HOST).tbnz(0, 4, "whole");
  if (form === "to-growing") a.tbnz(0, 0, "growing");
  else if (form === "mask") a.and1(6, 0).cbnz(6, "growing");
  else a.tbz(0, 0, "others").b("growing");
  a.label("others").tbz(0, 5, "whole").label("whole");
  a.mov(0, 31).movzx(1, 0x4000).movz(2, 3).movz(3, 0x22).minusOne(4).movzx(5, 0).movzx(8, 222).svc().movz(0, WHOLE).leave();
  // The failed assertion stands in front of the growing side and never comes back.
  a.label("failed").bl("die");
  a.label("growing").mov(7, 3).movz(0, 0).cbnz(0, "failed").movz(4, 0x112).orr(3, 7, 4);
  a.bl("sys_mmap").movz(0, GROWING).leave();
  // Without MAP_FIXED (0x10) and MAP_STACK's 4, so that it maps nothing over the program.
  a.label("sys_mmap").movz(3, 0x122);
  a.mov(0, 31).movzx(1, 0x1000).movz(2, 3).minusOne(4).movzx(5, 0).movzx(8, 222).svc().ret();
  a.label("die").movz(0, 9).movzx(8, 94).svc().b("die");
  isQemuUser(a, options);
  return finish(a, options);
}

function start(a: A64, { foreign = false, call = "direct" }: Options): void {
  a.label("_start")
    .word(foreign ? 0xd503201f : 0x910003e0)
    .movzx(28, 0)
    .movzx(29, 0)
    .movzx(30, 0);
  if (call === "direct") a.bl("main");
  else a.load(9, POINTER, true).blr(9);
  a.movzx(8, 94).svc().brk();
}

/** The address is not aligned, so that qemu refuses it as Linux refuses the advice, and the program takes the growing way. */
function isQemuUser(a: A64, { advice = 127 }: Options): void {
  a.label("IsQemuUser").enter().movzx(0, 1).movz(2, advice).movzx(1, 16384).bl("madvise");
  a.cbz(0, "emulated").movz(0, 0).leave();
  a.label("emulated").movz(0, 1).leave();
  a.label("madvise").movzx(8, 233).svc().ret();
}

function finish(a: A64, { text = "", call = "direct" }: Options): Uint8Array {
  const data = new Uint8Array(0x100);
  const view = new DataView(data.buffer);
  view.setUint32(HOST - DATA, 1, true);
  view.setUint32(OTHER - DATA, 1, true);
  view.setUint32(MAP_ANONYMOUS - DATA, 0x20, true);
  if (call === "pointer") view.setUint32(POINTER - DATA, a.labels.get("main")!, true);
  data.set(new TextEncoder().encode(text), TEXT);
  return a.elf(data);
}
