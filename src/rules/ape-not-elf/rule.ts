/** An Actually Portable Executable is no ELF: execve refuses it, a shell starts it. */

import { always } from "../../gvisor/behaviour.js";
import { defineRule } from "../define.js";
import { hexOf } from "../shared/sites.js";

export const apeNotElf = defineRule({
  id: "ape-not-elf",
  fixable: true,
  words: {
    title: "APE, not ELF",
    summary: ({ facts }) =>
      `begins with ${facts["magic"]}: execve answers ENOEXEC, so only a shell can start it` +
      (facts["changesItself"] === true ? ", and its first start changes the file itself" : ""),
    why:
      "Linux without a binfmt_misc entry and gVisor alike refuse to execute the file itself. Shells then run it as a script, which unpacks a small " +
      "loader to $TMPDIR or $HOME or, in builds without one, writes an ELF header over the file's own first 64 bytes; a program that starts it " +
      'directly, or a container\'s entry point, gets "exec format error".',
    remedy: ({ facts }) =>
      facts["changesItself"] === true
        ? "let `sandfit fix` write the ELF that is inside; or start it once through a shell (`sh ./file`), which needs a writable file and makes " +
          "an ELF for Linux of it: keep a copy that was never started, since `sh ./file` is a syntax error then"
        : "start it through a shell (`sh ./file`), or let `sandfit fix` write the ELF that is inside",
    links: ["https://github.com/jart/cosmopolitan/blob/master/ape/specification.md"],
  },
  // It starts wherever a shell starts it, as users do; that is the same on plain Linux.
  behaviour: always("runs"),
  signature: { execve: ["ENOEXEC"] },
  find({ image }) {
    if (image.ape === undefined) return undefined;
    const magicBytes = new TextEncoder().encode(image.ape.magic);
    return {
      sites: [
        {
          address: undefined,
          fileOffset: 0,
          bytes: hexOf(magicBytes),
          text: `${image.ape.magic} instead of \\x7fELF`,
          inFunction: undefined,
          evidence: "header",
          role: "magic",
        },
      ],
      facts: { magic: image.ape.magic, ...(image.ape.changesItself && { changesItself: true }) },
    };
  },
});
