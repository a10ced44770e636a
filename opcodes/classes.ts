/**
 * How opcodes of VEX, XOP and EVEX are written down: a class says which encodings of an opcode exist, nearly in the manuals'
 * terms (SDM vol. 2A, 3.1.1.2 and 2.7):
 * `W0` or `W1`, none where W is ignored; `L012` the vector lengths (0 for 128 bits, 1 for 256, 2 for 512);
 * `m` memory form only, `r` register form only; `/246` these /reg only; `s` with SIB byte only;
 * `v` an operand in vvvv, `vr` in the register form only;
 * `k` the operands in reg and vvvv are mask registers, of which there are eight; EVEX: and the mask cannot zero;
 * EVEX: `kz` mask and zeroing, `sk` no zeroing in the memory form, `K` mask required; `b` broadcast, `b1` with W1 only;
 * `er` rounding, or no exceptions.
 */
export type Classes = readonly (readonly [spec: string, opcodes: string])[];
