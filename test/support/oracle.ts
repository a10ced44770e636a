/** iced-x86 as a second opinion: length, segment and control flow of the instruction at an offset. */

import { Code, Decoder, DecoderOptions, FlowControl, Instruction, Register } from "iced-x86";
import { Flow, Instruction as Ours, Prefix } from "../../src/x86/instruction.js";

/**
 * Decodes with `DecoderOptions.None`. Of what that leaves out, nothing is missed here: it takes 3DNow!, XOP, AMX, MPX and the
 * Intel reading of 66 before near branches; it refuses `lock mov %cr0` (AMD's %cr8), Cyrix, Via Alt-Inst and old opcodes.
 */
export class Oracle {
  readonly insn = new Instruction();
  private readonly decoder: Decoder;

  constructor(code: Uint8Array) {
    this.decoder = new Decoder(64, code, DecoderOptions.None);
    this.decoder.ip = 0n;
  }

  /** Length in bytes of the instruction at `at`, 0 where iced calls it invalid. */
  lengthAt(at: number): number {
    this.decoder.position = at;
    this.decoder.decodeOut(this.insn);
    return this.insn.code === Code.INVALID ? 0 : this.insn.length;
  }

  /** `Prefix.Fs`, `Prefix.Gs` or 0. */
  get segment(): number {
    const { segmentPrefix } = this.insn;
    return segmentPrefix === Register.GS ? Prefix.Gs : segmentPrefix === Register.FS ? Prefix.Fs : 0;
  }

  get name(): string {
    return Code[this.insn.code] ?? "?";
  }

  /** Sizes in bytes and offsets inside the instruction; of enter both immediates. */
  parts() {
    const offsets = this.decoder.getConstantOffsets(this.insn);
    const parts = {
      displacement: BigInt.asIntN(64, this.insn.memoryDisplacement),
      displacementSize: offsets.displacementSize,
      displacementAt: offsets.displacementOffset,
      immediateSize: offsets.immediateSize + (offsets.hasImmediate2 ? offsets.immediateSize2 : 0),
      immediateAt: offsets.immediateOffset,
    };
    offsets.free();
    return parts;
  }

  free(): void {
    this.insn.free();
    this.decoder.free();
  }
}

/** Iced's word for a value of `Flow`; hlt is none to iced, and it calls the virtual machine's instructions calls. */
export function flowOf(oracle: Oracle): number | undefined {
  const { insn } = oracle;
  switch (insn.flowControl) {
    case FlowControl.UnconditionalBranch:
      return Flow.Jump;
    case FlowControl.ConditionalBranch:
      return Flow.Branch;
    case FlowControl.XbeginXabortXend:
      return insn.code === Code.Xbegin_rel16 || insn.code === Code.Xbegin_rel32 ? Flow.Branch : Flow.Next;
    case FlowControl.IndirectBranch:
      return Flow.IndirectJump;
    case FlowControl.IndirectCall:
      return Flow.IndirectCall;
    case FlowControl.Return:
      return insn.code === Code.Skinit ? undefined : Flow.Return;
    case FlowControl.Interrupt:
      return insn.code === Code.Int3 || insn.code === Code.Int1 ? Flow.Trap : Flow.SystemCall;
    case FlowControl.Exception:
      return Flow.Trap;
    case FlowControl.Call:
      if (insn.code === Code.Syscall || insn.code === Code.Sysenter) return Flow.SystemCall;
      return insn.isCallNear ? Flow.Call : undefined;
    default:
      return insn.code === Code.Hlt ? Flow.Trap : Flow.Next;
  }
}

/** What two decoders say of the same bytes, counted. */
export class Comparison {
  readonly ours = new Ours();
  instructions = 0;
  bytes = 0;
  /** We call valid what iced does not: only counted, as it says nothing of real instructions. */
  extra = 0;
  /** Invalid to both. */
  invalid = 0;
  /** The first few that differ, in words. */
  readonly differences: string[] = [];

  differ(code: Uint8Array, at: number, what: string): void {
    if (this.differences.length < 20)
      this.differences.push(`${Buffer.from(code.subarray(at, at + 15)).toString("hex")}: ${what}`);
  }
}
