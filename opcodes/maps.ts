/**
 * The opcode maps of 64-bit mode without VEX, EVEX and XOP, as data: one letter per opcode, and which ModRM bytes exist.
 *
 * The letters: `.` no opcode, `P` prefix, `R` REX, `F` 0F, `E` 0F 38 and 0F 3A, `V` VEX and EVEX, `X` XOP or pop, `D` 3DNow!, `C` mov to
 * and from %cr and %dr. Without ModRM: `o` nothing behind the opcode, `i` and `j` a byte (`j`: jumps), `w` 2 bytes, `z` 4 bytes or 2 with
 * 66, `v` the same or 8 with REX.W, `n` 3 bytes (enter), `a` an address of 8 bytes, `J` 4 bytes whatever the prefixes: Intel processors
 * ignore 66 in front of near jumps (SDM vol. 2A, "CALL"), AMD's take 2 bytes. With ModRM: `m` nothing behind it, `b` a byte, `y` as `z`,
 * `t` and `T` a byte and as `z`, of /0 and /1 alone (test).
 */

import { Flow, Prefix } from "../src/x86/instruction.js";

/** One byte: Intel SDM vol. 2D, table A-2, without what 64-bit mode takes away. Row = high digit, column = low digit. */
export const PRIMARY =
  "mmmmiz..mmmmiz.F" +
  "mmmmiz..mmmmiz.." +
  "mmmmizP.mmmmizP." +
  "mmmmizP.mmmmizP." +
  "RRRRRRRRRRRRRRRR" +
  "oooooooooooooooo" +
  "..VmPPPPzyiboooo" +
  "jjjjjjjjjjjjjjjj" +
  "by.bmmmmmmmmmmmX" +
  "oooooooooo.ooooo" +
  "aaaaooooizoooooo" +
  "iiiiiiiivvvvvvvv" +
  "bbwoVVbynowooi.o" +
  "mmmm...ommmmmmmm" +
  "jjjjiiiiJJ.joooo" +
  "PoPPootToooooomm";

/** 0F: table A-3. */
export const SECONDARY =
  "mmmm.ooooo.o.moD" +
  "mmmmmmmmmmmmmmmm" +
  "CCCC....mmmmmmmm" +
  "oooooo.oE.E....." +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm" +
  "bbbbmmmomm..mmmm" +
  "JJJJJJJJJJJJJJJJ" +
  "mmmmmmmmmmmmmmmm" +
  "ooombmmmooombmmm" +
  "mmmmmmmmmmbmmmmm" +
  "mmbmbbbmoooooooo" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm";

/**
 * Which ModRM bytes exist (tables and the opcode pages): `memory|register`, each a set of /reg: `*` all, `-` none,
 * `03` /0 and /3, `4=015` /4 with rm 0, 1 or 5 only. One for all, or one each without mandatory prefix, with 66, F3, F2.
 */
export type Forms = readonly (readonly [opcodes: string, forms: string])[];

export const PRIMARY_FORMS: Forms = [
  ["8c", "012345|012345"],
  ["8d", "*|-"],
  ["8e", "02345|02345"],
  ["8f", "0|0"],
  ["c6-c7", "0|0 7=0"],
  ["d9", "0234567|01367 2=0 4=0145 5=0123456"],
  ["da", "*|0123 5=1"],
  ["db", "012357|012356 4=01234"],
  ["dd", "0123467|012345"],
  ["de", "*|0124567 3=1"],
  ["df", "*|012356 4=0"],
  ["fe", "01|01"],
  ["ff", "0123456|01246"],
];

export const SECONDARY_FORMS: Forms = [
  ["00", "012345|012345; 012345|012345; 012345|012345; 0123456|0123456"],
  [
    "01",
    "0123467|03467 1=01237 2=014567 5=067; 0123467|346 1=4567 7=014; *|346 0=6 1=2 5=024567 7=0124567; 0123467|346 0=6 1=2 5=01 7=01467",
  ],
  ["12", "*|*; *|-; *|*; *|*"],
  ["13 17 e7", "*|-; *|-; -|-; -|-"],
  ["14-15 28-29 2e-2f 54-57 60-6b 6e 74-76 c4 c6 d1-d5 d8-e5 e8-ef f1-f6 f8-fe", "*|*; *|*; -|-; -|-"],
  ["16", "*|*; *|-; *|*; -|-"],
  ["2b b2 b4-b5", "*|-"],
  ["50 c5 d7 f7", "-|*; -|*; -|-; -|-"],
  ["52-53", "*|*; -|-; *|*; -|-"],
  ["5b 6f 7e-7f", "*|*; *|*; *|*; -|-"],
  ["6c-6d", "-|-; *|*; -|-; -|-"],
  ["71-72", "-|246; -|246; -|-; -|-"],
  ["73", "-|26; -|2367; -|-; -|-"],
  ["78", "*|*; -|0; -|-; -|*"],
  ["79", "*|*; -|*; -|-; -|*"],
  ["7c-7d d0", "-|-; *|*; -|-; *|*"],
  ["a6", "-|-; -|-; -|*; -|-"],
  ["a7", "-|0; -|0; -|*; -|0"],
  ["ae", "*|567; 67|6; 46|0123456; -|6"],
  ["b8", "-|-; -|-; *|*; -|-"],
  ["ba", "4567|4567"],
  ["c3", "*|-; -|-; -|-; -|-"],
  ["c7", "134567|67; 16|67; 16|67; 1|-"],
  ["d6", "-|-; *|*; -|*; -|*"],
  ["e6", "-|-; *|*; *|*; *|*"],
  ["f0", "-|-; -|-; -|-; *|-"],
  ["37 77", "*|*; -|-; -|-; -|-"],
];

export const MAP_0F38_FORMS: Forms = [
  ["00-0b 1c-1e", "*|*; *|*; -|-; -|-"],
  ["10 14-15 17 20-25 28-29 2b 30-35 37-41 cf db", "-|-; *|*; -|-; -|-"],
  ["2a 80-82 f5", "-|-; *|-; -|-; -|-"],
  ["c8-cd", "*|*; -|-; -|-; -|-"],
  ["d8", "-|-; -|-; 0123|-; -|-"],
  ["dc", "-|-; *|*; *|*; -|-"],
  ["dd-df", "-|-; *|*; *|-; -|-"],
  ["f0-f1", "*|-; *|-; -|-; *|*"],
  ["f6", "*|-; *|*; *|*; -|-"],
  ["f8", "-|-; *|-; *|-; *|-"],
  ["f9", "*|-; -|-; -|-; -|-"],
  ["fa-fb", "-|-; -|-; -|*; -|-"],
  ["fc", "*|-"],
];

export const MAP_0F3A_FORMS: Forms = [
  ["08-0e 14-17 20-22 40-42 44 60-63 ce-cf df", "-|-; *|*; -|-; -|-"],
  ["0f", "*|*; *|*; -|-; -|-"],
  ["cc", "*|*; -|-; -|-; -|-"],
  ["f0", "-|-; -|-; -|0=0; -|-"],
];

/** What LOCK may stand before (SDM vol. 2A, "LOCK"): map, opcodes, and which /reg; the destination is always in memory. */
export const LOCKABLE: readonly (readonly [map: number, opcodes: string, extensions: number])[] = [
  [0, "00-01 08-09 10-11 18-19 20-21 28-29 30-31 86-87", 0xff],
  [0, "80-81 83", 0x7f],
  [0, "f6-f7", 0x0c],
  [0, "fe-ff", 0x03],
  [1, "ab b0-b1 b3 bb c0-c1", 0xff],
  [1, "ba", 0xe0],
  [1, "c7", 0x02],
];

export const FLOWS: readonly (readonly [flow: number, map: number, opcodes: string])[] = [
  [Flow.Branch, 0, "70-7f e0-e3"],
  [Flow.Branch, 1, "80-8f"],
  [Flow.Jump, 0, "e9 eb"],
  [Flow.Call, 0, "e8"],
  [Flow.Return, 0, "c2-c3 ca-cb cf"],
  [Flow.Return, 1, "07 35 aa"],
  [Flow.SystemCall, 0, "cd"],
  [Flow.SystemCall, 1, "05 34"],
  [Flow.Trap, 0, "cc f1 f4"],
  [Flow.Trap, 1, "0b b9 ff"],
];

/** Of opcodes of the one-byte map whose /reg decides. xbegin has the one form of C7 /7 that exists. */
export const GROUP_FLOWS: readonly (readonly [flow: number, opcode: number, extensions: string])[] = [
  [Flow.IndirectCall, 0xff, "23"],
  [Flow.IndirectJump, 0xff, "45"],
  [Flow.Branch, 0xc7, "7"],
];

/**
 * Legacy prefixes: the byte, the bit, and what it takes back. 26, 2E, 36 and 3E are ignored in 64-bit mode, so neither do they take back an
 * earlier 64 or 65 (AMD APM vol. 3, 1.2.4).
 */
export const PREFIXES: readonly (readonly [byte: number, prefix: number, takesBack: number])[] = [
  [0x26, Prefix.OtherSegment, 0],
  [0x2e, Prefix.OtherSegment, 0],
  [0x36, Prefix.OtherSegment, 0],
  [0x3e, Prefix.OtherSegment, 0],
  [0x64, Prefix.Fs, Prefix.Gs],
  [0x65, Prefix.Gs, Prefix.Fs],
  [0x66, Prefix.OperandSize, 0],
  [0x67, Prefix.AddressSize, 0],
  [0xf0, Prefix.Lock, 0],
  [0xf2, Prefix.Repne, 0],
  [0xf3, Prefix.Rep, 0],
];

/** Prefixes that can be part of an opcode, by their number: F3 and F2 win over 66, and the last of the two over the other (SDM vol. 2A, 2.1.2). */
export const MANDATORY: readonly (number | undefined)[] = [undefined, 0x66, 0xf3, 0xf2];

/** AMD APM vol. 5: the suffix byte that is the opcode of a 3DNow! instruction (0F 0F ModRM suffix). */
export const THREE_DNOW_SUFFIXES = "0c-0d 1c-1d 8a 8e 90 94 96-97 9a 9e a0 a4 a6-a7 aa ae b0 b4 b6-b7 bb bf";
