/** The shell script that an APE is on systems without a loader for it. */

export type ApeMagic = "MZqFpD" | "jartsr" | "APEDBG";

export interface ScriptParts {
  /** One for each architecture, with the names that `uname -m` has for it. */
  readonly elfHeaders: readonly { readonly machines: readonly string[]; readonly header: Uint8Array }[];
  /** Where the Mach-O header stands, and its size; both multiples of 8. */
  readonly machoOffset: number;
  readonly machoSize: number;
  /** Without a loader, as apelink writes it when it is given none: the first start changes the file itself. */
  readonly changesItself?: boolean;
}

/**
 * The script from the closing quote of the first line's string on. With --assimilate it makes the file itself native, otherwise a copy,
 * which it runs and removes again (the real one unpacks a loader and leaves it behind), or, where that is asked for, itself in any case. Ends before the
 * binary part begins.
 */
export function apeScript(parts: ScriptParts): string {
  const { elfHeaders, machoOffset, machoSize } = parts;
  const cases = elfHeaders.map(({ machines, header }, i) => {
    const test = machines.map((name) => `[ "$m" = ${name} ]`).join(" || ");
    return `${i === 0 ? "if" : "elif"} ${test}; then\nexec 7<> "$o" || exit 121\nprintf '${octal(header)}' >&7\nexec 7<&-\n`;
  });
  const copies = parts.changesItself
    ? ""
    : `if [ x"$1" != x--assimilate ]; then
t="\${TMPDIR:-\${HOME:-.}}/.ape-$$"
cp "$o" "$t" || exit 121
chmod 755 "$t" || exit 121
o="$t"
fi
`;
  return `'
o=$(command -v "$0") || o="$0"
${copies}m=$(uname -m 2>/dev/null) || m=x86_64
if [ ! -d /Applications ]; then
${cases.join("")}else
echo "$0: this ape program lacks $m support" >&2
exit 127
fi
else
dd if="$o" of="$o" bs=8 skip=${String(machoOffset / 8).padEnd(10)} count=${String(machoSize / 8).padEnd(10)} conv=notrunc 2>/dev/null || exit
fi
[ x"$1" = x--assimilate ] && exit
${parts.changesItself ? 'exec "$o" "$@"\n' : '"$o" "$@"\ns=$?\nrm -f "$o"\nexit $s\n'}`;
}

/**
 * Bytes for printf(1): printable letters as they are, all else in octal (the specification allows nothing else), with as few digits as
 * what follows allows. `'`, `\` and `%` mean something to the shell or to printf.
 */
export function octal(bytes: Uint8Array): string {
  const letters = [...bytes].map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ""));
  return letters
    .map((letter, i) => {
      if (letter && !"'\\%".includes(letter)) return letter;
      const digits = bytes[i].toString(8);
      return `\\${/[0-7]/.test(letters[i + 1] ?? "") ? digits.padStart(3, "0") : digits}`;
    })
    .join("");
}
