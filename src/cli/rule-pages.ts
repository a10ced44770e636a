/** The page of each rule, as text. */

import abiTag from "../rules/abi-tag/page.md";
import apeNotElf from "../rules/ape-not-elf/page.md";
import bssPastEof from "../rules/bss-past-eof/page.md";
import cosmoDlopen from "../rules/cosmo-dlopen/page.md";
import elfIdent from "../rules/elf-ident/page.md";
import execOnlyMode from "../rules/exec-only-mode/page.md";
import execStack from "../rules/exec-stack/page.md";
import growsdown from "../rules/growsdown/page.md";
import gsBesideFs from "../rules/gs-beside-fs/page.md";
import gsSelectorLoad from "../rules/gs-selector-load/page.md";
import type { RuleId } from "../rules/ids.js";
import int80 from "../rules/int80/page.md";
import interpDuplicate from "../rules/interp-duplicate/page.md";
import jumpToSyscall from "../rules/jump-to-syscall/page.md";
import loadOrder from "../rules/load-order/page.md";
import loadTailData from "../rules/load-tail-data/page.md";
import mapFixedNoreplace from "../rules/map-fixed-noreplace/page.md";
import mapSharedValidate from "../rules/map-shared-validate/page.md";
import phdrCount from "../rules/phdr-count/page.md";
import phdrNotInFirstLoad from "../rules/phdr-not-in-first-load/page.md";
import pieAlign from "../rules/pie-align/page.md";
import rewritesItself from "../rules/rewrites-itself/page.md";
import shebangLong from "../rules/shebang-long/page.md";
import shebangTrailingBlank from "../rules/shebang-trailing-blank/page.md";
import stackGrowsdown from "../rules/stack-growsdown/page.md";
import syscallMispatch from "../rules/syscall-mispatch/page.md";
import tlsInGs from "../rules/tls-in-gs/page.md";
import wrfsbase from "../rules/wrfsbase/page.md";
import wrgsbase from "../rules/wrgsbase/page.md";
import wrongClass from "../rules/wrong-class/page.md";

const pages: Readonly<Record<RuleId, string>> = {
  "abi-tag": abiTag,
  "ape-not-elf": apeNotElf,
  "bss-past-eof": bssPastEof,
  "cosmo-dlopen": cosmoDlopen,
  "elf-ident": elfIdent,
  "exec-only-mode": execOnlyMode,
  "exec-stack": execStack,
  growsdown,
  "gs-beside-fs": gsBesideFs,
  "gs-selector-load": gsSelectorLoad,
  int80,
  "interp-duplicate": interpDuplicate,
  "jump-to-syscall": jumpToSyscall,
  "load-order": loadOrder,
  "load-tail-data": loadTailData,
  "map-fixed-noreplace": mapFixedNoreplace,
  "map-shared-validate": mapSharedValidate,
  "phdr-count": phdrCount,
  "phdr-not-in-first-load": phdrNotInFirstLoad,
  "pie-align": pieAlign,
  "rewrites-itself": rewritesItself,
  "shebang-long": shebangLong,
  "shebang-trailing-blank": shebangTrailingBlank,
  "stack-growsdown": stackGrowsdown,
  "syscall-mispatch": syscallMispatch,
  "tls-in-gs": tlsInGs,
  wrfsbase,
  wrgsbase,
  "wrong-class": wrongClass,
};

/** The page of a rule, without the comments for those who write it. */
export function pageOf(id: RuleId): string {
  return pages[id].replace(/<!--.*?-->\n+/gs, "");
}
