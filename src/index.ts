/** The library: what the command line does, without files, processes and terminals. Runs in Node and in browsers. */

export { type BlobLike, type BlobPart, type ByteSource, blobSource, memorySource } from "./bytes/source.js";
export { check, checkImage } from "./check/check.js";
export {
  type FileError,
  type FileReport,
  MODEL_VERSION,
  type Outcome,
  outcomeOf,
  outcomes,
  type Report,
  type Verdict,
  type ViewReport,
} from "./check/model.js";
export { type Doubt, doubts } from "./code/doubts.js";
export type { EvidenceName } from "./code/evidence.js";
export type { CosmopolitanEra, Runtime, RuntimeName } from "./code/runtime.js";
export { InputError, RefusedError } from "./errors.js";
export { applyToCopy, backward, forward, type Patch } from "./fix/apply.js";
export type { ResultForm } from "./fix/form.js";
export { unexplainedDifferences } from "./fix/layout.js";
export { type Allowance, type Plan, type PlanOptions, planFix } from "./fix/plan.js";
export { proveResult } from "./fix/prove.js";
export { type Behaviour, type Clause, type Consequence, consequences, type Effect } from "./gvisor/behaviour.js";
export { answersTo, type Setting, settings } from "./gvisor/differences/answers.js";
export type {
  ArgumentIs,
  Cure,
  Difference,
  DifferenceProbe,
  Forbidden,
  Kind,
  Question,
  Remedy,
  SourceLine,
  Subject,
} from "./gvisor/differences/define.js";
export { differences, findDifference } from "./gvisor/differences/index.js";
export { suspectsFor, type TracedEvent } from "./gvisor/differences/suspects.js";
export {
  newest,
  type Platform,
  parseTarget,
  platforms,
  type Release,
  type ReleaseId,
  releaseIds,
  releases,
  type Target,
} from "./gvisor/gvisor.js";
export { readImage } from "./image/detect.js";
export type { ElfNote } from "./image/elf-notes.js";
export type * from "./image/image.js";
export { renderJson } from "./report/json.js";
export { type Paint, plain } from "./report/paint.js";
export { renderText } from "./report/text.js";
export type { TextOptions } from "./report/text-options.js";
export type {
  Change,
  Edit,
  Facts,
  Finding,
  LeftAlone,
  ModeChange,
  Repair,
  Rule,
  RuleWords,
  Site,
} from "./rules/define.js";
export type { RuleId } from "./rules/ids.js";
export { findRule, rules } from "./rules/index.js";
export type { Closure, Libraries, Library, OpenedLibrary, Surroundings } from "./rules/surroundings.js";
export { VERSION } from "./version.js";
