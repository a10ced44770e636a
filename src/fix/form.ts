/** What a fix makes of a file. */

/**
 * "elf": a native program for Linux. "ape": one file for all systems, as it was; what other systems than Linux load of it
 * behaves as before.
 */
export type ResultForm = "elf" | "ape";
