/** Mnemonics and operands in the order of AT&T syntax, for `format.ts`. What is not here is shown as bytes. */

/**
 * Operands are a letter and a size, nearly as in Intel SDM vol. 2D, A.2: E ModRM.rm, G ModRM.reg, Z register in the opcode,
 * A accumulator, I immediate, S the same sign-extended, J target, M memory, O absolute address, V and W vector registers of
 * ModRM.reg and rm, P and Q the MMX ones; a word in lower case stands for itself.
 * Sizes: b w l q as the suffixes; v 16, 32 or 64 by 66 and REX.W; y 32 or 64; t 64, or 16 with 66.
 *
 * In a name `%` is the letter of the operand size (v), `@` that of y. After `!` no suffix is added to memory operands.
 */
const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ");

/** Opcodes without mandatory prefix: `80/4` with /reg, `0f01=f8` with ModRM byte. */
const INTEGER = `
50-57 push Zt; 58-5f pop Zt; 68 push St; 6a push St; 69 imul Sv,Ev,Gv; 6b imul Sv,Ev,Gv
84 test Gb,Eb; 85 test Gv,Ev; 86 xchg Gb,Eb; 87 xchg Gv,Ev; 88 mov Gb,Eb; 89 mov Gv,Ev; 8a mov Eb,Gb; 8b mov Ev,Gv; 8d lea M,Gv
8f/0 pop Et; 91-97 xchg Av,Zv; 9b fwait; 9c pushf; 9d popf; 9e sahf; 9f lahf
a0 movabs Ob,Ab; a1 movabs Ov,Av; a2 movabs Ab,Ob; a3 movabs Av,Ov; a8 test Ib,Ab; a9 test Sv,Av; b0-b7 mov Ib,Zb
c2 ret Iw; c3 ret; c6/0 mov Ib,Eb; c7/0 mov Sv,Ev; c6=f8 xabort Ib; c7=f8 xbegin J; c9 leave; ca lret Iw; cb lret; cc int3; cd int Ib
e0 loopne J; e1 loope J; e2 loop J; e3 jrcxz J; e4 in Ib,Ab; e6 out Ab,Ib; e8 call J; e9 jmp J; eb jmp J
ec in (%dx),Ab; ed in (%dx),Az; ee out Ab,(%dx); ef out Az,(%dx); f1 int1; f4 hlt; f5 cmc; f8 clc; f9 stc; fa cli; fb sti; fc cld; fd std
f6/0 test Ib,Eb; f6/2 not Eb; f6/3 neg Eb; f6/4 mul Eb; f6/5 imul Eb; f6/6 div Eb; f6/7 idiv Eb
f7/0 test Sv,Ev; f7/2 not Ev; f7/3 neg Ev; f7/4 mul Ev; f7/5 imul Ev; f7/6 div Ev; f7/7 idiv Ev
fe/0 inc Eb; fe/1 dec Eb; ff/0 inc Ev; ff/1 dec Ev; ff/2 call! *Eq; ff/4 jmp! *Eq; ff/6 push! Et
0f01=d0 xgetbv; 0f01=d5 xend; 0f01=d6 xtest; 0f01=f8 swapgs; 0f01=f9 rdtscp; 0f01=ee rdpkru; 0f01=ef wrpkru; 0f05 syscall; 0f06 clts
0f0b ud2; 0f0d/0 prefetch M; 0f0d/1 prefetchw M; 0f18/0 prefetchnta M; 0f18/1 prefetcht0 M; 0f18/2 prefetcht1 M; 0f18/3 prefetcht2 M
0f1f/0 nop Ev; 0f30 wrmsr; 0f31 rdtsc; 0f32 rdmsr; 0f33 rdpmc; 0f34 sysenter; 0f77 emms; 0fa2 cpuid; 0fa3 bt Gv,Ev; 0fab bts Gv,Ev; 0fb3 btr Gv,Ev
0fbb btc Gv,Ev; 0fba/4 bt Ib,Ev; 0fba/5 bts Ib,Ev; 0fba/6 btr Ib,Ev; 0fba/7 btc Ib,Ev; 0fa4 shld Ib,Gv,Ev; 0fa5 shld %cl,Gv,Ev; 0fac shrd Ib,Gv,Ev
0fad shrd %cl,Gv,Ev; 0fae/0 fxsave M; 0fae/1 fxrstor M; 0fae/2 ldmxcsr M; 0fae/3 stmxcsr M; 0fae/4 xsave M; 0fae/5 xrstor M; 0fae/6 xsaveopt M
0fae/7 clflush M; 0fae=e8 lfence; 0fae=f0 mfence; 0fae=f8 sfence; 0faf imul Ev,Gv; 0fb0 cmpxchg Gb,Eb; 0fb1 cmpxchg Gv,Ev; 0fb6 movzb% Eb,Gv
0fb7 movzw% Ew,Gv; 0fbe movsb% Eb,Gv; 0fbf movsw% Ew,Gv; 0fbc bsf Ev,Gv; 0fbd bsr Ev,Gv; 0fc0 xadd Gb,Eb; 0fc1 xadd Gv,Ev; 0fc3 movnti Gy,M
0fc8-0fcf bswap Zy; 0f38f0 movbe M,Gv; 0f38f1 movbe Gv,M
`;

/** The same with a prefix that belongs to the opcode, and SSE. */
const PREFIXED = `
f3.90 pause; f3.0f1e=fa endbr64; f3.0f1e=fb endbr32; f3.0fb8 popcnt Ev,Gv; f3.0fbc tzcnt Ev,Gv; f3.0fbd lzcnt Ev,Gv
f3.0fae/0 rdfsbase Ey; f3.0fae/1 rdgsbase Ey; f3.0fae/2 wrfsbase Ey; f3.0fae/3 wrgsbase Ey; 66.0fae/7 clflushopt M; 66.0fae/6 clwb M
np.0f10 movups W,V; np.0f11 movups V,W; 66.0f10 movupd W,V; 66.0f11 movupd V,W; f3.0f10 movss W,V; f3.0f11 movss V,W; f2.0f10 movsd W,V; f2.0f11 movsd V,W
np.0f13 movlps V,M; np.0f17 movhps V,M; 66.0f12 movlpd M,V; 66.0f13 movlpd V,M; np.0f12 movlps M,V; np.0f16 movhps M,V; np.0f12/r movhlps W,V; np.0f16/r movlhps W,V; 66.0f16 movhpd M,V; 66.0f17 movhpd V,M; f3.0f12 movsldup W,V
f3.0f16 movshdup W,V; f2.0f12 movddup W,V; np.0f28 movaps W,V; np.0f29 movaps V,W; 66.0f28 movapd W,V; 66.0f29 movapd V,W; np.0f2b movntps V,M
66.0f2b movntpd V,M; np.0f2e ucomiss W,V; 66.0f2e ucomisd W,V; np.0f2f comiss W,V; 66.0f2f comisd W,V; f3.0f2a cvtsi2ss Ey,V; f2.0f2a cvtsi2sd Ey,V
f3.0f2c cvttss2si W,Gy; f2.0f2c cvttsd2si W,Gy; f3.0f2d cvtss2si W,Gy; f2.0f2d cvtsd2si W,Gy; np.0f50 movmskps W,Gl; 66.0f50 movmskpd W,Gl
np.0f5a cvtps2pd W,V; 66.0f5a cvtpd2ps W,V; f3.0f5a cvtss2sd W,V; f2.0f5a cvtsd2ss W,V; np.0f5b cvtdq2ps W,V; 66.0f5b cvtps2dq W,V
f3.0f5b cvttps2dq W,V; 66.0f6f movdqa W,V; f3.0f6f movdqu W,V; np.0f6f movq Q,P; 66.0f70 pshufd Ib,W,V; f3.0f70 pshufhw Ib,W,V; f2.0f70 pshuflw Ib,W,V
66.0f6e mov@! Ey,V; 66.0f7e mov@! V,Ey; f3.0f7e movq W,V; 66.0f7f movdqa V,W; f3.0f7f movdqu V,W; np.0f7f movq P,Q; 66.0fd6 movq V,W
66.0fc4 pinsrw! Ib,El,V; 66.0fc5 pextrw Ib,W,Gl; np.0fc6 shufps Ib,W,V; 66.0fc6 shufpd Ib,W,V; 66.0fd7 pmovmskb W,Gl; 66.0fe7 movntdq V,M
np.0fe7 movntq P,M; f2.0ff0 lddqu M,V; 66.0fe6 cvttpd2dq W,V; f3.0fe6 cvtdq2pd W,V; f2.0fe6 cvtpd2dq W,V; np.0f14 unpcklps W,V; np.0f15 unpckhps W,V
66.0f14 unpcklpd W,V; 66.0f15 unpckhpd W,V; np.0f52 rsqrtps W,V; np.0f53 rcpps W,V; f3.0f52 rsqrtss W,V; f3.0f53 rcpss W,V; np.0f54 andps W,V
66.0f54 andpd W,V; np.0f55 andnps W,V; 66.0f55 andnpd W,V; np.0f56 orps W,V; 66.0f56 orpd W,V; np.0f57 xorps W,V; 66.0f57 xorpd W,V
66.0f3a0f palignr Ib,W,V; 66.0f3a0a roundss Ib,W,V; 66.0f3a0b roundsd Ib,W,V; 66.0f3a44 pclmulqdq Ib,W,V; 66.0f3a16 pextr@! Ib,V,Ey
66.0f3a22 pinsr@! Ib,Ey,V; 66.0f3800 pshufb W,V; 66.0f3817 ptest W,V; 66.0f38dc aesenc W,V; 66.0f38dd aesenclast W,V; 66.0f38de aesdec W,V
66.0f38df aesdeclast W,V; f2.0f38f0 crc32b Eb,Gy; 66.0f38f6 adcx Ey,Gy; f3.0f38f6 adox Ey,Gy; 66.0f3840 pmulld W,V; 66.0f3839 pminsd W,V
66.0f383b pminud W,V; 66.0f383d pmaxsd W,V; 66.0f383f pmaxud W,V
`;

/** 66 0F 60 and on, all `W,V`; a dot where nothing is. */
const PACKED_60 =
  "punpcklbw punpcklwd punpckldq packsswb pcmpgtb pcmpgtw pcmpgtd packuswb punpckhbw punpckhwd punpckhdq packssdw punpcklqdq punpckhqdq";
const PACKED_74 = "pcmpeqb pcmpeqw pcmpeqd";
const PACKED_D0 = `addsubpd psrlw psrld psrlq paddq pmullw . . psubusb psubusw pminub pand paddusb paddusw pmaxub pandn
pavgb psraw psrad pavgw pmulhuw pmulhw . . psubsb psubsw pminsw por paddsb paddsw pmaxsw pxor
. psllw pslld psllq pmuludq pmaddwd psadbw . psubb psubw psubd psubq paddb paddw paddd`;

/** What was searched for in the lists; empty where nothing was found. */
const searched = new Map<string, string>();
/** What the lists do not have, since it follows a pattern; made when first asked for. No opcode is in both. */
const patterned = new Map<string, string>();

/**
 * Name, a blank, and operands for an opcode such as `80` or `f3.0f10` with the first of the ends, such as `/4`, that there is one for;
 * undefined where there is none.
 */
export function mnemonic(opcode: string, ends: readonly string[]): string | undefined {
  for (const end of ends) {
    const found = inLists(opcode + end);
    if (found !== "") return found;
  }
  if (patterned.size === 0) build();
  for (const end of ends) {
    const found = patterned.get(opcode + end);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inLists(key: string): string {
  let found = searched.get(key);
  if (found === undefined) {
    found = listed(INTEGER, key) ?? listed(PREFIXED, key) ?? "";
    searched.set(key, found);
  }
  return found;
}

/** A program has a dozen forms that are worth a word: to search the lists for those takes less than to take the lists apart. */
function listed(list: string, key: string): string | undefined {
  const inLine = list.indexOf(`; ${key} `) + 2;
  const start = inLine > 1 ? inLine : list.indexOf(`\n${key} `) + 1;
  return start === 0 ? undefined : list.slice(start + key.length + 1, list.indexOf("\n", start)).split(";", 1)[0];
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function packed(first: number, names: string): void {
  for (const [i, name] of names.split(/\s+/).entries()) if (name !== ".") patterned.set(`66.0f${hex(first + i)}`, `${name} W,V`);
}

function build(): void {
  for (const [i, name] of "add or adc sbb and sub xor cmp".split(" ").entries()) {
    for (const [form, operands] of ["Gb,Eb", "Gv,Ev", "Eb,Gb", "Ev,Gv", "Ib,Ab", "Sv,Av"].entries()) {
      patterned.set(hex(i * 8 + form), `${name} ${operands}`);
    }
    patterned.set(`80/${i}`, `${name} Ib,Eb`);
    for (const opcode of ["81", "83"]) patterned.set(`${opcode}/${i}`, `${name} Sv,Ev`);
  }
  for (const [i, name] of "rol ror rcl rcr shl shr shl sar".split(" ").entries()) {
    for (const [j, operands] of ["Ib,Eb", "Ib,Ev", "$1,Eb", "$1,Ev", "%cl,Eb", "%cl,Ev"].entries()) {
      patterned.set(`${hex([0xc0, 0xc1, 0xd0, 0xd1, 0xd2, 0xd3][j]!)}/${i}`, `${name} ${operands}`);
    }
  }
  for (const [i, condition] of CONDITIONS.entries()) {
    patterned.set(hex(0x70 + i), `j${condition} J`);
    patterned.set(`0f${hex(0x80 + i)}`, `j${condition} J`);
    patterned.set(`0f${hex(0x90 + i)}`, `set${condition}! Eb`);
    patterned.set(`0f${hex(0x40 + i)}`, `cmov${condition} Ev,Gv`);
  }
  for (const [opcode, name] of [
    [0x51, "sqrt"],
    [0x58, "add"],
    [0x59, "mul"],
    [0x5c, "sub"],
    [0x5d, "min"],
    [0x5e, "div"],
    [0x5f, "max"],
  ] as const) {
    for (const [prefix, suffix] of [
      ["np", "ps"],
      ["66", "pd"],
      ["f3", "ss"],
      ["f2", "sd"],
    ]) {
      patterned.set(`${prefix}.0f${hex(opcode)}`, `${name}${suffix} W,V`);
    }
  }
  for (const [opcode, names] of [
    [0x71, ". . psrlw . psraw . psllw"],
    [0x72, ". . psrld . psrad . pslld"],
    [0x73, ". . psrlq psrldq . . psllq pslldq"],
  ] as const) {
    for (const [i, name] of names.split(" ").entries())
      if (name !== ".") patterned.set(`66.0f${hex(opcode)}/${i}`, `${name} Ib,W`);
  }
  packed(0x60, PACKED_60);
  packed(0x74, PACKED_74);
  packed(0xd0, PACKED_D0);
  for (const [range, first, last, words] of INTEGER.matchAll(/\b(?:0f)?(..)-(?:0f)?(..) ([^;\n]+)/g)) {
    const map = range.startsWith("0f") ? "0f" : "";
    for (let opcode = Number(`0x${first}`); opcode <= Number(`0x${last}`); opcode++) patterned.set(map + hex(opcode), words!);
  }
}
