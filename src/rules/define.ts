/** What a rule is: one declared record that says what to look for, what it means and what can be done. */

import type { ProbeTest } from "../asm/small-test.js";
import type { ByteSource } from "../bytes/source.js";
import type { Accesses } from "../code/accesses.js";
import type { Code } from "../code/code.js";
import type { CodeSpace } from "../code/code-space.js";
import type { Doubts } from "../code/doubts.js";
import type { EvidenceName } from "../code/evidence.js";
import type { Runtime } from "../code/runtime.js";
import type { Sightings } from "../code/sightings.js";
import type { ArchPrctl } from "../code/system-calls.js";
import type { Behaviour, Effect } from "../gvisor/behaviour.js";
import type { ErrnoName } from "../gvisor/errno.js";
import type { Platform, Target } from "../gvisor/gvisor.js";
import type { ElfView, Image, ImportedFunction, Machine } from "../image/image.js";
import type { RuleId } from "./ids.js";
import type { Surroundings } from "./surroundings.js";

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

/** A change of some bytes: of the same length, but in a script, which is text that nothing counts the bytes of. */
export interface Change {
  /** In bytes from the start of the file. */
  readonly fileOffset: number;
  /** Virtual address where the bytes are loaded. */
  readonly address: number | undefined;
  /** Hexadecimal. */
  readonly before: string;
  readonly after: string;
  readonly evidence: Site["evidence"];
  /** What it changes, in assembler or words: `mov %gs:0x30,%rax → mov %fs:0x30,%rax`. */
  readonly what: string;
}

/** A change and the rule that asks for it. */
export interface Edit extends Change {
  readonly rule: RuleId;
}

/** Permission bits (st_mode & 0o7777) before and after. */
export interface ModeChange {
  readonly before: number;
  readonly after: number;
}

/** What can be done about a finding in the file itself. Everything empty: nothing can. */
export interface Repair<E extends Change = Edit> {
  readonly edits: readonly E[];
  readonly mode?: ModeChange;
  /** Why it must not be done; with any, the edits are not used. One sentence each, with the address. */
  readonly refusals: readonly string[];
  /**
   * What is not proven of the program, one clause each: with any, the edits are used for those alone who allow `unknown-runtime`.
   * Left out where all is.
   */
  readonly unproven?: readonly string[];
}

/** Numbers and names for the words: counts, names of known programs. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** What a rule finds in one program. */
export interface Found {
  readonly sites: readonly Site[];
  readonly leftAlone?: readonly LeftAlone[];
  readonly facts?: Facts;
  readonly repair?: Repair<Change> | undefined;
  /** The same for a file that stays an APE: what Windows, macOS and the BSDs load of it behaves as before. */
  readonly portable?: Repair<Change> | undefined;
  /** What is left of the repair for those who keep what it takes away (`--keep-dlopen`), for a result of any form. */
  readonly keeping?: Repair<Change> | undefined;
  /** Where this program fares otherwise than the rule's `behaviour` says. */
  readonly behaviour?: Behaviour;
}

/** A find as the report has it: complete, and for one target. */
export interface Finding {
  readonly rule: RuleId;
  /** "any" for a script. */
  readonly machine: Machine | "any";
  /** What happens on each platform. */
  readonly effects: Readonly<Record<Platform, Effect>>;
  readonly sites: readonly Site[];
  readonly leftAlone: readonly LeftAlone[];
  readonly facts: Facts;
  readonly repair: Repair | undefined;
  /** The same for a file that stays an APE; only where there is one. */
  readonly portable?: Repair;
  /** For those who keep what the repair takes away; only where that leaves something to do. */
  readonly keeping?: Repair;
}

/** What a rule about files can look at: scripts as well as programs. */
export interface FileSubject {
  readonly source: ByteSource;
  readonly image: Image;
  readonly target: Target;
  readonly surroundings: Surroundings;
}

/** What a rule about programs can look at. `code` walks the program when first called; rules call it only after `look` said yes. */
export interface Subject extends FileSubject {
  readonly view: ElfView;
  /** The executable bytes as they are, without analysis. */
  readonly codeBytes: Uint8Array;
  /** The same with addresses and file offsets. */
  readonly space: CodeSpace;
  /** Where byte patterns that rules declare stand in the executable bytes, which are looked through once for all rules. */
  readonly sightings: Sightings;
  /** Imported functions and their slots, read once; none where none can have one of the names. */
  imports(names: readonly string[]): Promise<readonly ImportedFunction[]>;
  /** Whether the entry point is Cosmopolitan's. */
  readonly isCosmopolitan: boolean;
  code(): Promise<Analysis>;
  /** What a rule leaves open that follows code by itself; `code().doubts` has the rest. */
  readonly doubts: Doubts;
}

/** The results that several rules share, each computed once. */
export interface Analysis {
  readonly code: Code;
  readonly runtime: Runtime;
  readonly gs: Accesses;
  readonly fs: Accesses;
  readonly archPrctls: readonly ArchPrctl[];
}

/** What Sandfit says of a finding. What there is to say at length is in page.md beside the rule. */
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

/** What the end of a process looks like when this is the reason. What is not given can be anything. */
export interface Signature {
  /** The error of execve. Rules with it never crash a program that has started. */
  readonly execve?: readonly ErrnoName[];
  readonly signals?: readonly string[];
  /** The instruction that was running, in AT&T syntax. */
  readonly instruction?: RegExp;
  /** The address that could not be accessed, in hexadecimal as strace has it; NULL for 0. */
  readonly address?: RegExp;
}

interface Declaration<Id extends string> {
  /** Permanent: it appears in reports, plans and CI configurations. */
  readonly id: Id;
  readonly words: RuleWords;
  /** Whether `fix` can repair it at all. */
  readonly fixable: boolean;
  /** What gVisor does to programs with it, over releases and platforms. */
  readonly behaviour: Behaviour;
  /** A small test that shows inside a sandbox whether it bites there. */
  readonly probe?: ProbeTest;
  readonly signature?: Signature;
}

type Result = Promise<Found | undefined> | Found | undefined;

/** Finds at most one thing per program; one without it gives undefined. */
export interface ProgramRule<Id extends string = string> extends Declaration<Id> {
  /** The byte patterns (src/code/patterns.ts) that it asks `sightings` for. The build makes one search of those of all rules. */
  readonly patterns?: readonly string[];
  find(subject: Subject): Result;
}

/** The same for a file of any kind, scripts too. */
export interface FileRule<Id extends string = string> extends Declaration<Id> {
  findInFile(subject: FileSubject): Result;
}

/** One thing to look for: how it is found, what it means, and how it is repaired. */
export type Rule = ProgramRule | FileRule;

/** Declares a rule about programs. Only types: the record is returned as it is. */
export function defineRule<const Id extends string>(rule: ProgramRule<Id>): ProgramRule<Id> {
  return rule;
}

/** Declares a rule about files of any kind. */
export function defineFileRule<const Id extends string>(rule: FileRule<Id>): FileRule<Id> {
  return rule;
}
