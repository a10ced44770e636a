/** What the rules about %gs share. */

import { failed, type ProbeTest, room } from "../../asm/small-test.js";
import { KERNEL, leadsToCall } from "../../code/imports.js";
import type { Analysis, Subject } from "../define.js";

/** ARCH_SET_GS put into a register: `mov $0x1001,%r32` and `mov $0x1001,%r64`. */
export const setGsPatterns = ["b8+r 01 10 00 00", ".. c7 c0+r 01 10 00 00"];

/** wrgsbase; the position is that of the last opcode byte. */
export const wrgsbasePatterns = ["f3 0f >ae d8+r", "f3 .. 0f >ae d8+r"];

/** Whether ARCH_SET_GS is answered. */
export const setGsProbe: ProbeTest = { id: "arch-set-gs", bites: failed, test: [[158, 0x1001, room()]] };

/**
 * Whether the program can ask for a base of %gs: it holds ARCH_SET_GS in front of what could be arch_prctl. Works on raw bytes at memory speed, so it also says yes to text that looks like that; the walk decides then.
 */
export async function canSetGs(subject: Subject): Promise<boolean> {
  const constants = subject.sightings(...setGsPatterns);
  if (constants.length === 0 || subject.isCosmopolitan) return constants.length > 0;
  // Elsewhere the call is near: arch_prctl(), syscall(), the instruction, or a function that goes straight to it.
  return leadsToCall(subject.space, constants, subject.imports, ["arch_prctl", "syscall", KERNEL]);
}

/**
 * Whether %fs is in use beside %gs: by the program on Linux's path, or by the libraries that share its process. What uses
 * %fs at all has accesses of the plain form %fs:offset (the thread pointer at 0, the stack guard at 0x28).
 */
export function usesFs(subject: Subject, analysis: Analysis): boolean {
  if (subject.view.interpreter !== undefined || subject.view.needed.length > 0) return true;
  return analysis.fs.found.some((access) => access.onLinux && access.evidence !== "swept" && access.offset !== undefined);
}

/** The string in the data of programs that link cosmo_dlopen (libc/dlopen/dlopen.c). */
export function hostLibcMarker(analysis: Analysis): boolean {
  return analysis.code.data.includesText("dlopen-helper");
}
