/** The names of all rules. */

/** Permanent: rule ids appear in reports, plans and CI configurations. In the order in which findings are shown. */
export const ruleIds = [
  "wrong-class",
  "phdr-not-in-first-load",
  "load-order",
  "phdr-count",
  "elf-ident",
  "interp-duplicate",
  "bss-past-eof",
  "load-tail-data",
  "pie-align",
  "exec-stack",
  "abi-tag",
  "tls-in-gs",
  "gs-beside-fs",
  "wrgsbase",
  "wrfsbase",
  "gs-selector-load",
  "int80",
  "stack-growsdown",
  "growsdown",
  "syscall-mispatch",
  "jump-to-syscall",
  "map-shared-validate",
  "map-fixed-noreplace",
  "cosmo-dlopen",
  "rewrites-itself",
  "ape-not-elf",
  "shebang-long",
  "shebang-trailing-blank",
  "exec-only-mode",
] as const;

/** One of them. */
export type RuleId = (typeof ruleIds)[number];
