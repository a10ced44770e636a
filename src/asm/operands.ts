/** Operands of the small assembler: registers with their sizes, and memory in every form that x86-64 has. */

/** A general-purpose register. Numbers are the encoding's: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi, 8 to 15. */
export interface Register {
  readonly kind: "register";
  readonly number: number;
  /** In bytes. Of one byte only the low registers exist here (al to r15b; ah to bh are left out). */
  readonly size: 1 | 2 | 4 | 8;
}

/** A memory operand. Exactly one of `base`, `label` or neither (then `disp` is the address, or is added to the index alone). */
export interface Memory {
  readonly kind: "memory";
  readonly base?: Register;
  readonly index?: Register;
  readonly scale: 1 | 2 | 4 | 8;
  readonly disp: number;
  /** %rip-relative: the address of this label plus `disp`. */
  readonly label?: string;
  readonly segment?: "fs" | "gs";
  /** Encode the displacement in four bytes although one or none would do. */
  readonly wide?: boolean;
}

/** The address of a label as a number: absolute, so only for programs with a fixed address. */
export interface Address {
  readonly kind: "address";
  readonly label: string;
  readonly addend: number;
}

export type Immediate = number | bigint;

function bank(size: Register["size"]): readonly Register[] {
  return Array.from({ length: 16 }, (_, number) => ({ kind: "register", number, size }));
}

/** The sixteen registers of each size, by number. */
export const r64 = bank(8);
export const r32 = bank(4);
export const r16 = bank(2);
export const r8b = bank(1);

export const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15] = r64 as Sixteen;
export const [eax, ecx, edx, ebx, esp, ebp, esi, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d] = r32 as Sixteen;
export const [al, cl, dl, bl, spl, bpl, sil, dil] = r8b as Sixteen;
export const [ax, cx, dx, bx] = r16 as Sixteen;

type R = Register;
type Sixteen = [R, R, R, R, R, R, R, R, R, R, R, R, R, R, R, R];

/** `disp(base)` or `disp(base,index,scale)`. */
export function mem(base: Register, disp = 0, index?: Register, scale: Memory["scale"] = 1): Memory {
  return { kind: "memory", base, disp, scale, ...(index && { index }) };
}

/** `disp(,index,scale)`: no base. */
export function indexed(index: Register, scale: Memory["scale"], disp: number): Memory {
  return { kind: "memory", index, scale, disp };
}

/** A 32-bit absolute address without base and index (ModRM and SIB `04 25`, not %rip-relative). */
export function absolute(disp: number): Memory {
  return { kind: "memory", disp, scale: 1 };
}

/** `label+addend(%rip)`. */
export function rip(label: string, addend = 0): Memory {
  return { kind: "memory", label, disp: addend, scale: 1 };
}

/** `%gs:` in front of a memory operand; a number means that absolute offset, as in `%gs:0x30`. */
export function gs(operand: Memory | number): Memory {
  return { ...(typeof operand === "number" ? absolute(operand) : operand), segment: "gs" };
}

/** `%fs:` in front of a memory operand, like `gs`. */
export function fs(operand: Memory | number): Memory {
  return { ...(typeof operand === "number" ? absolute(operand) : operand), segment: "fs" };
}

/** The same operand with its displacement in four bytes. */
export function wide(operand: Memory): Memory {
  return { ...operand, wide: true };
}

/** The absolute address of a label, as an immediate. */
export function address(label: string, addend = 0): Address {
  return { kind: "address", label, addend };
}

export function isRegister(operand: unknown): operand is Register {
  return (operand as Register)?.kind === "register";
}

export function isMemory(operand: unknown): operand is Memory {
  return (operand as Memory)?.kind === "memory";
}

export function isAddress(operand: unknown): operand is Address {
  return (operand as Address)?.kind === "address";
}
