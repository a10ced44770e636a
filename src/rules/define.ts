/** What a rule is: one declared record that says what to look for, what it means and what can be done. */

import type { ByteSource } from "../bytes/source.js";
import type { Accesses } from "../code/accesses.js";
import type { Code } from "../code/code.js";
import type { CodeSpace } from "../code/code-space.js";
import type { EvidenceName } from "../code/evidence.js";
import type { Runtime } from "../code/runtime.js";
import type { ArchPrctl } from "../code/system-calls.js";
import type { ElfView, Image, ImportedFunction, Machine } from "../image/image.js";
import type { Platform, Target } from "../sandbox/gvisor.js";

export const ruleIds = ["tls-in-gs", "stack-growsdown", "gs-beside-fs", "cosmo-dlopen", "ape-not-elf", "wrong-class"] as const;
/** Permanent: rule ids appear in reports, plans and CI configurations. */
export type RuleId = (typeof ruleIds)[number];

/** What a finding means when the program is started, from harmless to worst. */
export const consequences = ["runs", "may-fail", "fails"] as const;
export type Consequence = (typeof consequences)[number];

/** How it is known that this is the consequence: from a run on that platform, or from gVisor's source only. */
export interface Effect {
  readonly consequence: Consequence;
  readonly basis: "run" | "source";
}

/** A place in the file that a finding rests on. */
export interface Site {
  /** Virtual address, undefined for what is not loaded. */
  readonly address: number | undefined;
  /** In bytes from the start of the file. */
  readonly fileOffset: number;
  /** The bytes there, in hexadecimal without blanks. */
  readonly bytes: string;
  /** The instruction in AT&T syntax, or what the bytes are. */
  readonly text: string;
  /** Function that the site lies in, where a symbol covers it. */
  readonly inFunction: string | undefined;
  readonly evidence: EvidenceName | "header" | "text";
  /** What the site does for the finding, as one of the rule's roles ("read of thread state", "ARCH_SET_GS"). */
  readonly role: string;
}

/** Something that looks like a site and was left alone, with the reason. */
export interface LeftAlone extends Site {
  readonly reason: string;
}

/** A change of some bytes. Same length always. */
export interface Edit {
  /** In bytes from the start of the file. */
  readonly fileOffset: number;
  /** Virtual address where the bytes are loaded. */
  readonly address: number | undefined;
  /** Hexadecimal, the same number of bytes before and after. */
  readonly before: string;
  readonly after: string;
  readonly rule: RuleId;
  readonly evidence: Site["evidence"];
  /** What it changes, in assembler or words: `mov %gs:0x30,%rax → mov %fs:0x30,%rax`. */
  readonly what: string;
}

/** What can be done about a finding in the file itself. Both lists empty: nothing can. */
export interface Repair {
  readonly edits: readonly Edit[];
  /** Why it must not be done; with any, the edits are not used. One sentence each, with the address. */
  readonly refusals: readonly string[];
}

export interface Finding {
  readonly rule: RuleId;
  readonly machine: Machine;
  /** What happens on each platform. */
  readonly effects: Readonly<Record<Platform, Effect>>;
  readonly sites: readonly Site[];
  readonly leftAlone: readonly LeftAlone[];
  /** Numbers and names for the words: counts, names of known programs. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly repair: Repair | undefined;
}

/** What a rule can look at. `code` walks the program when first called; rules call it only after `look` said yes. */
export interface Subject {
  /** The file itself, for rules that need more than code. */
  readonly source: ByteSource;
  readonly image: Image;
  readonly view: ElfView;
  readonly target: Target;
  /** The executable bytes as they are, without analysis. */
  readonly codeBytes: Uint8Array;
  /** The same with addresses and file offsets. */
  readonly space: CodeSpace;
  /** Imported functions and their slots; read once. */
  imports(): Promise<readonly ImportedFunction[]>;
  /** Whether the entry point is Cosmopolitan's. */
  readonly isCosmopolitan: boolean;
  code(): Promise<Analysis>;
}

/** The results that several rules share, each computed once. */
export interface Analysis {
  readonly code: Code;
  readonly runtime: Runtime;
  readonly gs: Accesses;
  readonly fs: Accesses;
  readonly archPrctls: readonly ArchPrctl[];
}

export interface RuleWords {
  /** A few words, without a full stop. */
  readonly title: string;
  /** The finding in one line, from its facts. */
  summary(finding: Finding): string;
  /** What gVisor does and what the program makes of it, one or two sentences. */
  readonly why: string;
  /** What to do, one or two sentences. */
  remedy(finding: Finding): string;
  /** Where the knowledge comes from: gVisor source lines, issues. */
  readonly links: readonly string[];
}

export interface Rule {
  readonly id: RuleId;
  readonly words: RuleWords;
  /** Whether `fix` can repair it at all. */
  readonly fixable: boolean;
  /** Finds at most one finding per view; a view without it gives undefined. */
  find(subject: Subject): Promise<Finding | undefined> | Finding | undefined;
}

/** Declares a rule. Only types: the record is returned as it is. */
export function defineRule(rule: Rule): Rule {
  return rule;
}

/** The same effect on every platform. `ran` names the platforms where a run has shown it. */
export function onEveryPlatform(consequence: Consequence, ran: readonly Platform[]): Record<Platform, Effect> {
  const effect = (platform: Platform): Effect => ({ consequence, basis: ran.includes(platform) ? "run" : "source" });
  return { systrap: effect("systrap"), ptrace: effect("ptrace"), kvm: effect("kvm") };
}
