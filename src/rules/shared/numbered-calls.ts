/** System calls behind their number, which systrap rewrites. */

/** `mov $number,%eax` and `syscall`, or what looks like them; the position is the syscall's. */
export const NUMBERED_CALL = "b8 .. .. 00 00 >0f 05";
