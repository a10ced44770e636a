/**
 * Where Cosmopolitan decides whether cosmo_dlopen is supported (jart/cosmopolitan libc/dlopen/dlopen.c, the same words from v3.2.2 on):
 * the function that cosmo_once() calls the first time. When it returns at once, the flag behind it stays false, and cosmo_dlopen,
 * cosmo_dlsym, cosmo_dlclose and cosmo_dlerror answer as on a system without support.
 */

import { asciiOf, positionsOf } from "../../bytes/find.js";
import type { Code } from "../../code/code.js";
import { fallsFrom } from "../../code/flow.js";
import { instructionAt } from "../../code/paths.js";
import { rangeAt } from "../../image/address.js";
import { Flow, type Instruction, OpcodeMap } from "../../x86/instruction.js";
import { memoryOperand } from "../../x86/operands.js";

/** In the data of programs that link cosmo_dlopen: the file that it compiles to get at the host's C library. */
const HELPER = "dlopen-helper";
const UNSUPPORTED = "dlopen() isn't supported on this platform\0";

/** `mov $once,%esi; mov $object,%edi`, in either order. */
const MOVES = 10;
/** What the four functions have between asking and answering; measured at -O0 to -O3. */
const MESSAGE_WITHIN = 0x180;
/** foreign_setup() stores the flag at its end, within so many bytes at -O0 to -O3. */
const STORE_WITHIN = 0x140;
/** `struct { atomic_uint once; bool is_supported; ... } __foreign`. */
const FLAG_AT = 4;
const RET = 0xc3;

/** Positions in the code space. */
export interface DlopenSwitch {
  /** Of the function that cosmo_once() calls. */
  readonly start: number;
  /** The first instruction that does something: its first byte becomes `ret`. */
  readonly position: number;
  /** Whether it is `ret` already. */
  readonly isOff: boolean;
  /** Where cosmo_once() is called with the function: four places where GCC inlined foreign_init(), else one. */
  readonly places: readonly number[];
}

/** Whether cosmo_dlopen is linked. */
export function linksDlopen({ data, space }: Code): boolean {
  return data.includesText(HELPER) || positionsOf(asciiOf(HELPER), space.bytes).length > 0;
}

/** The one place that passes every test; undefined where none does, or more than one. */
export function findDlopenSwitch(code: Code): DlopenSwitch | undefined {
  const messages = addressesOf(code, UNSUPPORTED);
  if (messages.length !== 1) return undefined;
  const found = [...onceCalls(code)].map((calls) => switchOf(code, calls, messages[0]!)).filter((one) => one !== undefined);
  // The last test looks through the whole file, so it is made once.
  return found.length === 1 && !isUsedElsewhere(code, found[0]!) ? found[0] : undefined;
}

/** Calls of one function with one object. */
interface OnceCalls {
  readonly once: number;
  readonly object: number;
  readonly callee: number;
  readonly places: number[];
}

/**
 * Every place of the form that cosmo_once() and a look at the flag behind it have:
 *
 *     be imm32 bf imm32     mov $once,%esi; mov $object,%edi, in either order
 *     e8 rel32              call cosmo_once
 *     80 3d rel32 00        cmpb $0,object+4(%rip); or movzbl or mov of it (-Os, -O0, -O1)
 */
function onceCalls(code: Code): Iterable<OnceCalls> {
  const { space, walk } = code;
  const { bytes } = space;
  const byOperands = new Map<string, OnceCalls>();
  for (let at = bytes.indexOf(0xe8, MOVES); at >= 0; at = bytes.indexOf(0xe8, at + 1)) {
    const first = bytes[at - MOVES];
    if ((first !== 0xbe || bytes[at - 5] !== 0xbf) && (first !== 0xbf || bytes[at - 5] !== 0xbe)) continue;
    const place = at - MOVES;
    if (![place, at - 5, at, at + 5].every((position) => canBegin(code, position))) continue;
    const call = instructionAt(walk, at);
    const [one, other] = [word32(bytes, place + 1), word32(bytes, at - 4)];
    const [once, object] = first === 0xbe ? [one, other] : [other, one];
    if (call.flow !== Flow.Call || byteReadAt(code, at + 5) !== object + FLAG_AT) continue;
    const key = `${once} ${object} ${call.target}`;
    const calls = byOperands.get(key) ?? { once, object, callee: call.target, places: [] };
    calls.places.push(place);
    byOperands.set(key, calls);
  }
  return byOperands.values();
}

/** The address of the byte that the instruction at a position asks for: `cmpb $0`, `movzbl` or `movb` from a fixed place. */
function byteReadAt({ space, walk }: Code, position: number): number | undefined {
  const { bytes } = space;
  const isCompare = bytes[position] === 0x80 && bytes[position + 1] === 0x3d && bytes[position + 6] === 0;
  const isMove = bytes[position] === 0x8a || (bytes[position] === 0x0f && bytes[position + 1] === 0xb6);
  if (!isCompare && !isMove) return undefined;
  return memoryOperand(instructionAt(walk, position), space.addressOf(position))?.address;
}

function switchOf(code: Code, { once, object, places }: OnceCalls, message: number): DlopenSwitch | undefined {
  const { space, view } = code;
  const start = space.positionOf(once);
  const memory = rangeAt(view, object);
  if (start < 0 || memory === undefined || !memory.writable || memory.executable) return undefined;
  if (places.length !== 4 && places.length !== 1) return undefined;
  if (!places.every((place) => loadsSoon(code, place, message))) return undefined;
  const { position, callee, isOff } = bodyOf(code, start) ?? { position: -1, callee: -1, isOff: false };
  if (callee < 0 || !addressesStored(code, callee, STORE_WITHIN).includes(object + FLAG_AT)) return undefined;
  if (!canBegin(code, start) || !canBegin(code, position)) return undefined;
  return { start, position, isOff, places };
}

/**
 * The whole of foreign_once(), behind a nop of two bytes that --ftrace would overwrite: a call of foreign_setup(), rel32 at `callAt` + 1.
 *
 *     55 48 89 e5 e8 rel32 5d c3                 push %rbp; mov %rsp,%rbp; call; (90 at -O0) pop %rbp; ret
 *     48 83 ec 08 e8 rel32 48 83 c4 08 c3        sub $8,%rsp; call; add $8,%rsp; ret (without frame pointers)
 *     e9 rel32                                   jmp (with -foptimize-sibling-calls besides)
 */
const bodies: readonly { before: readonly number[]; callAt: number; after: readonly number[] }[] = [
  { before: [0x55, 0x48, 0x89, 0xe5, 0xe8], callAt: 4, after: [0x5d, RET] },
  { before: [0x55, 0x48, 0x89, 0xe5, 0xe8], callAt: 4, after: [0x90, 0x5d, RET] },
  { before: [0x48, 0x83, 0xec, 0x08, 0xe8], callAt: 4, after: [0x48, 0x83, 0xc4, 0x08, RET] },
  { before: [0xe9], callAt: 0, after: [] },
];

/** What the function is made of, as it was or with `ret` for its first byte; undefined where it is anything else. */
function bodyOf({ space }: Code, start: number): { position: number; callee: number; isOff: boolean } | undefined {
  const { bytes } = space;
  const isNop = (bytes[start] === 0x66 || bytes[start] === 0x90) && bytes[start + 1] === 0x90;
  const position = isNop ? start + 2 : start;
  const isOff = bytes[position] === RET;
  const body = bodies.find(({ before, callAt, after }) => {
    const isBefore = before.every((byte, i) => bytes[position + i] === byte || (i === 0 && isOff));
    return isBefore && after.every((byte, i) => bytes[position + callAt + 5 + i] === byte);
  });
  if (body === undefined) return undefined;
  const at = position + body.callAt;
  return { position, callee: space.positionOf(space.addressOf(at) + 5 + (word32(bytes, at + 1) | 0)), isOff };
}

/** `c6 05 rel32 01`: the addresses to which a function stores 1, within some bytes. */
export function addressesStored({ space }: Code, from: number, within: number): number[] {
  const { bytes } = space;
  const found: number[] = [];
  const end = Math.min(from + within, space.endOf(from) - 7);
  for (let at = bytes.indexOf(0xc6, from); at >= 0 && at <= end; at = bytes.indexOf(0xc6, at + 1)) {
    const isStore = bytes[at + 1] === 0x05 && bytes[at + 6] === 1;
    if (isStore) found.push(space.addressOf(at) + 7 + (word32(bytes, at + 2) | 0));
  }
  return found;
}

/** Whether an address is loaded as an argument shortly behind a place: `mov $imm32,%esi` or `%edi`. */
function loadsSoon(code: Code, place: number, address: number): boolean {
  const { space } = code;
  const { bytes } = space;
  const end = Math.min(place + MESSAGE_WITHIN, space.endOf(place) - 5);
  for (let at = place; at <= end; at++) {
    const isLoad = (bytes[at] === 0xbe || bytes[at] === 0xbf) && word32(bytes, at + 1) === address;
    if (isLoad && canBegin(code, at)) return true;
  }
  return false;
}

/** Whether anything but the calls of cosmo_once() has to do with the function: those would meet the `ret` too. */
function isUsedElsewhere(code: Code, { start, position, places }: DlopenSwitch): boolean {
  const { space, walk, data } = code;
  const once = space.addressOf(start);
  const address = [once & 0xff, (once >>> 8) & 0xff, (once >>> 16) & 0xff, once >>> 24];
  let pointers = positionsOf(address, space.bytes).length - places.length;
  data.forEachPointer(once, once + 1, () => pointers++);
  const isEntered = walk.sourcesOf(start).length > 0 || walk.sourcesOf(position).length > 0;
  return pointers !== 0 || isEntered || isRunInto(code, start);
}

/** Whether the code in front runs on into the function; a call there is one that does not return. */
function isRunInto({ walk }: Code, start: number): boolean {
  let before = fallsFrom(walk, start);
  while (before >= 0 && isPadding(instructionAt(walk, before))) before = fallsFrom(walk, before);
  return before >= 0 && instructionAt(walk, before).flow !== Flow.Call;
}

/** `nop` of any length, which compilers put between functions. */
function isPadding({ map, opcode }: Instruction): boolean {
  return (map === OpcodeMap.Primary && opcode === 0x90) || (map === OpcodeMap.Secondary && opcode === 0x1f);
}

/** Not inside a known instruction: of the four functions a program need not call all, and then nothing is seen to reach the others. */
function canBegin({ walk }: Code, position: number): boolean {
  return walk.isStart(position) || !walk.isKnown(position);
}

/** Where a text stands in memory; compilers put constants among code or apart. */
function addressesOf({ data, space }: Code, text: string): number[] {
  return [...data.addressesOf(text), ...positionsOf(asciiOf(text), space.bytes).map((at) => space.addressOf(at))];
}

/** The unsigned little-endian word at a position. */
export function word32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
