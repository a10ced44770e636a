/** Which differences are tried first. It decides only how many trials are needed, never what is said. */

import { errorName } from "../../environments/trace/error-names.js";
import type { AnswerDifference, Differing } from "./compare.js";
import type { Outcome } from "./runs.js";

/** Errors that mean "this is not served here". */
const NOT_SERVED = new Set(
  "ENOSYS EOPNOTSUPP EPROTONOSUPPORT ENODEV EINVAL EAFNOSUPPORT ENOPROTOOPT ENOTTY EPERM EACCES".split(" "),
);
/** What strerror(3) says, for the errors that programs complain about. */
const MESSAGES: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EIO: "Input/output error",
  ENXIO: "No such device or address",
  EACCES: "Permission denied",
  ENODEV: "No such device",
  EINVAL: "Invalid argument",
  ENOTTY: "Inappropriate ioctl for device",
  EROFS: "Read-only file system",
  ENOSYS: "Function not implemented",
  ENODATA: "No data available",
  ENOPROTOOPT: "Protocol not available",
  EPROTONOSUPPORT: "Protocol not supported",
  EOPNOTSUPP: "Operation not supported",
  EAFNOSUPPORT: "Address family not supported",
};

export function ranked(differing: readonly Differing[], linux: Outcome, gvisor: Outcome): Differing[] {
  const score = new Map(differing.map((one) => [one, Math.max(...one.differences.map((each) => scoreOf(each, linux, gvisor)))]));
  return differing.toSorted((a, b) => score.get(b)! - score.get(a)!);
}

function scoreOf(
  { kind, linux: ours, gvisor: theirs, partsAfter, endsAfter }: AnswerDifference,
  linux: Outcome,
  gvisor: Outcome,
) {
  const said = gvisor.stderr + gvisor.stdout;
  const saidOnLinux = linux.stderr + linux.stdout;
  const isNew = (text: string) => said.includes(text) && !saidOnLinux.includes(text);
  const { path, key } = theirs.question;
  let score = kind === "errno" ? 30 : kind === "value" ? 10 : 8;
  if (kind === "errno" && theirs.answer.errno !== undefined) {
    const name = errorName(theirs.answer.errno);
    if (ours.answer.errno === undefined) score += 20;
    if (NOT_SERVED.has(name)) score += 15;
    if (MESSAGES[name] !== undefined && isNew(MESSAGES[name])) score += 40;
  }
  if (kind !== "errno") {
    if (/stat/.test(key.slice(0, 12))) score -= 6;
    if (path !== undefined && /^\/(proc|sys)\//.test(path)) score += 10;
    const words = theirs.answer.data.match(/[\w.:/-]{5,}/g)?.slice(0, 200) ?? [];
    if (words.some(isNew)) score += 15;
  }
  if (path !== undefined && path.length > 4 && isNew(path)) score += 40;
  if (partsAfter !== undefined) score += partsAfter === 0 ? 25 : 12;
  if (endsAfter !== undefined) score += 20 - endsAfter;
  return score;
}
