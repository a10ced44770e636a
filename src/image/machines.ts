/** e_machine values by name (gABI, "ELF Header", and the registry that the gABI keeps), and the machines told apart here. */
import type { Machine } from "./image.js";

const names: Readonly<Record<number, string>> = {
  0: "no machine",
  1: "WE 32100",
  2: "SPARC",
  3: "i386",
  4: "m68k",
  5: "88000",
  7: "i860",
  8: "MIPS",
  9: "System/370",
  10: "MIPS RS3000",
  15: "PA-RISC",
  18: "SPARC32+",
  19: "i960",
  20: "PowerPC",
  21: "PowerPC64",
  22: "S/390",
  23: "Cell SPU",
  36: "V850 (NEC)",
  39: "RCE",
  40: "ARM",
  41: "Alpha (old)",
  42: "SuperH",
  43: "SPARC V9",
  44: "TriCore",
  45: "ARC",
  46: "H8/300",
  47: "H8/300H",
  48: "H8S",
  50: "IA-64",
  51: "MIPS-X",
  52: "ColdFire",
  53: "M68HC12",
  62: "x86-64",
  63: "PDP-10 (Sony DSP)",
  75: "VAX",
  76: "CRIS",
  80: "MMIX",
  83: "AVR",
  84: "FR30",
  85: "D10V",
  86: "D30V",
  87: "V850",
  88: "M32R",
  89: "MN10300",
  90: "MN10200",
  91: "picoJava",
  92: "OpenRISC",
  93: "ARCompact",
  94: "Xtensa",
  97: "NS32000",
  105: "MSP430",
  106: "Blackfin",
  113: "Nios II",
  164: "Hexagon",
  167: "NDS32",
  183: "aarch64",
  185: "AVR32",
  186: "STM8",
  188: "TILEPro",
  189: "MicroBlaze",
  190: "CUDA",
  191: "TILE-Gx",
  195: "ARCv2",
  220: "Z80",
  224: "AMD GPU",
  243: "RISC-V",
  244: "Lanai",
  247: "BPF",
  251: "NEC VE",
  252: "C-SKY",
  255: "ARC HS",
  258: "LoongArch",
  36902: "Alpha",
  47787: "MicroBlaze (old)",
  65200: "m32c",
};

const machines: Readonly<Record<number, Machine>> = {
  3: "i386",
  62: "x86-64",
  183: "aarch64",
  40: "arm",
  243: "riscv",
  20: "powerpc",
  21: "powerpc",
  22: "s390",
  8: "mips",
  10: "mips",
};

/** The machine that an e_machine value stands for, "other" for those that no rule tells apart. */
export function elfMachine(code: number): Machine {
  return machines[code] ?? "other";
}

/** An e_machine value in words, for messages: "RISC-V", "machine 1234". */
export function elfMachineName(code: number): string {
  return names[code] ?? `machine ${code}`;
}

/** IMAGE_FILE_MACHINE_* (PE/COFF specification, "Machine Types"). */
export function peMachine(code: number): Machine {
  const byCode: Readonly<Record<number, Machine>> = {
    34404: "x86-64",
    332: "i386",
    43620: "aarch64",
    452: "arm",
    20580: "riscv",
  };
  return byCode[code] ?? "other";
}

/** cputype of a Mach-O header (mach/machine.h). */
export function machoMachine(code: number): Machine {
  const byCode: Readonly<Record<number, Machine>> = {
    16777223: "x86-64",
    16777228: "aarch64",
    7: "i386",
    12: "arm",
    18: "powerpc",
    16777234: "powerpc",
  };
  return byCode[code] ?? "other";
}
