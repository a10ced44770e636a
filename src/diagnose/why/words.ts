/** A diagnosis of `why` on one screen. */

import { printable } from "../../bytes/printable.js";
import type { Paint } from "../../report/paint.js";
import type { Cause, Diagnosis, Proof } from "./model.js";

const WIDTH = 118;
const LABEL = 10;
const MOST = 5;

export function renderWhy(diagnosis: Diagnosis, paint: Paint): string {
  const lines = [headline(diagnosis, paint), ...body(diagnosis, paint)];
  return `${lines.join("\n")}\n`;
}

const row = (label: string, text: string): string => `  ${label.padEnd(LABEL)}${text}`;
const further = (text: string): string => row("", text);
const cut = (text: string): string => {
  const shown = printable(text);
  return shown.length > WIDTH ? `${shown.slice(0, WIDTH - 1)}…` : shown;
};

function headline({ command, gvisor, symptom, result }: Diagnosis, paint: Paint): string {
  const name = paint.bold(cut(command.join(" ")));
  const place = `gVisor ${gvisor.release} (${gvisor.platform})`;
  const { linux, gvisor: there, differs } = symptom;
  if (result === "same") return `${name} ends in ${place} as on Linux: ${there.ending}`;
  if (differs.includes("ending"))
    return `${name}: ${paint.red(there.ending)} in ${place}, ${linux.ending} on Linux${said(there.stderr)}`;
  const what = differs.map((aspect) => (aspect === "stderr" ? "standard error" : "standard output")).join(" and ");
  return `${name}: other ${what} in ${place} than on Linux, ${there.ending} on both`;
}

function said(errors: string): string {
  const text = errors.split("\n").find((line) => line.trim() !== "");
  return text === undefined ? "" : `: "${cut(text.trim())}"`;
}

function body(diagnosis: Diagnosis, paint: Paint): string[] {
  const { result, causes, symptom } = diagnosis;
  switch (result) {
    case "same":
      return [cost(diagnosis)];
    case "only-untraced":
      return [
        row("cause", "only without the tracer: under it both sides end alike, which means timing or a race"),
        further(
          `one run takes ${symptom.seconds.linux} s on Linux and ${symptom.seconds.gvisor} s in gVisor, its start included`,
        ),
        cost(diagnosis),
      ];
    case "no-answer-differs":
      return [
        row("cause", `no answer of the system differs before ${symptom.gvisor.ending}: it is not a system call's answer`),
        row(
          "next",
          "`sandfit run --in gvisor -- COMMAND` shows the place of a crash, `sandfit check` looks at the program itself",
        ),
        cost(diagnosis),
      ];
    case "not-explained":
      return [...notExplained(diagnosis), cost(diagnosis)];
    default:
      return [
        ...causes.flatMap((cause, i) => causeLines(cause, i, diagnosis)),
        ...word(diagnosis, paint),
        ...remedies(diagnosis, paint),
        ...notes(diagnosis),
        cost(diagnosis),
      ];
  }
}

function causeLines(cause: Cause, i: number, { causes }: Diagnosis): string[] {
  const title = cause.known[0]?.title ?? `the answer to ${plainName(cause)} differs`;
  const number = causes.length > 1 ? `${i + 1} of ${causes.length}: ` : "";
  const family = cause.isFamily ? ", and to all others of its kind" : "";
  const source = cause.known.flatMap((one) => one.source.slice(0, 1))[0];
  return [
    row("cause", `${number}${title}${family}`),
    further(`  Linux   ${cut(cause.linux)}`),
    further(`  gVisor  ${cut(cause.gvisor)}`),
    ...(cause.process === "0" ? [] : [further(`  in process ${cause.process} of the command`)]),
    ...(cause.callsBeforeEnd > 200 ? [further(`  ${cause.callsBeforeEnd} calls before the end`)] : []),
    ...(source === undefined ? [] : [further(`  ${source}`)]),
    ...cause.known.slice(0, 1).map(({ id }) => further(`  more: sandfit differences ${id}`)),
  ];
}

const plainName = ({ about }: Cause): string => (about.startsWith("/") ? about : about.split("|")[0]!);

const WORDS = { proven: "proven", "shown-on-linux-only": "shown", suspected: "suspected" } as const;

function word(diagnosis: Diagnosis, paint: Paint): string[] {
  const { word: earned, proofs, causes, symptom } = diagnosis;
  if (earned === undefined) return [];
  const label = WORDS[earned];
  const colour = earned === "proven" ? paint.green : paint.yellow;
  const linux = proofs.find(({ side }) => side === "linux");
  const gvisor = proofs.find(({ side }) => side === "gvisor");
  const these = causes.length === 1 ? "this answer" : `these ${causes.length} answers`;
  const lines: string[] = [];
  if (linux !== undefined) {
    const times = `${linux.times} of ${linux.runs} times`;
    lines.push(
      `Linux with ${these}: ${linux.outcome.ending}, ${howLike(linux, symptom.differs, "in gVisor")} (${times}); without: ${symptom.linux.ending}`,
    );
  }
  if (causes.length > 1) lines.push("with fewer of them it ends otherwise");
  if (gvisor !== undefined) lines.push(counterLine(gvisor, diagnosis));
  else if (diagnosis.impossible.length > 0) lines.push("in gVisor it was not tried: Linux's answer cannot be given there");
  if (earned === "shown-on-linux-only")
    lines.push("on Linux only, and by the way it ends alone: another failure could look the same");
  const [first = "", ...rest] = lines;
  return [row(colour(label.padEnd(LABEL)).trimEnd().padEnd(LABEL), first), ...rest.map(further)];
}

const NAMES = { ending: "ending", stderr: "standard error", stdout: "output" } as const;

/** In what a run is as the other side, of what differed. */
function howLike({ exactly, butForNumbers, likeness }: Proof, differs: readonly (keyof typeof NAMES)[], side: string): string {
  const names = (aspects: readonly (keyof typeof NAMES)[]) =>
    aspects.filter((aspect) => aspect !== "ending" && differs.includes(aspect)).map((aspect) => NAMES[aspect]);
  const [whole, rough] = [names(exactly), names(butForNumbers)];
  const parts = [
    ...(whole.length > 0 ? [`${whole.join(" and ")} as ${side}, byte for byte`] : []),
    ...(rough.length > 0 ? [`${rough.join(" and ")} as ${side} but for numbers`] : []),
  ];
  if (parts.length > 0) return parts.join("; ");
  return likeness === 1 ? `the first line of its complaint as ${side}` : `as ${side}`;
}

function counterLine(proof: Proof, { further: more, causes, impossible, symptom }: Diagnosis): string {
  const also = more.length === 0 ? "" : ` and ${more.length} further one${more.length === 1 ? "" : "s"}`;
  const given = `gVisor with Linux's answer${causes.length === 1 ? "" : "s"}${also}`;
  const { outcome, likeness } = proof;
  if (likeness >= 2) return `${given}: ${outcome.ending}, ${howLike(proof, symptom.differs, "on Linux")}`;
  if (impossible.length > 0) return "in gVisor the answer cannot be given: what Linux has there is more than an answer";
  return `${given} does not end as on Linux (${outcome.ending}): the answer alone does not help there`;
}

function remedies({ remedies: tried }: Diagnosis, paint: Paint): string[] {
  const helps = tried.filter(({ outcome }) => outcome === "helps");
  const not = tried.filter(({ outcome }) => outcome === "does not help").map(({ use }) => use);
  const untried = tried.filter(({ outcome }) => outcome === "not tried");
  const lines = [
    ...helps.map(({ by, use }) => `${by === "flag" ? `runsc ${use}` : `gVisor ${use}`}: ${paint.green("helps")}, tried here`),
    ...untried.map(({ use }) => `${use} (not tried here)`),
  ];
  if (helps.length === 0 && not.length > 0) lines.push(`tried without success: ${not.join(", ")}`);
  return lines.map((line, i) => row(i === 0 ? "remedy" : "", line));
}

function notes(diagnosis: Diagnosis): string[] {
  const { symptom } = diagnosis;
  const left = symptom.differs.filter((aspect) => !symptom.explained.includes(aspect));
  const shown = diagnosis.proofs.some(
    ({ side, exactly, butForNumbers }) => side === "linux" && [...exactly, ...butForNumbers].includes("stdout"),
  );
  return left.includes("stdout") && !shown ? [row("note", "standard output differs too; that was not looked into")] : [];
}

function notExplained({ differing, cutShort, trials }: Diagnosis): string[] {
  const together = Math.max(0, ...trials.map(({ answers }) => answers.length));
  return [
    row("cause", `not found: ${differing.length} answers differ; neither one alone nor ${together} together made Linux end so`),
    ...(cutShort === undefined ? [] : [further(`the search ended ${cutShort}`)]),
    ...differing
      .slice(0, MOST)
      .flatMap(({ linux, gvisor }) => [further(`  Linux   ${cut(linux)}`), further(`  gVisor  ${cut(gvisor)}`)]),
  ];
}

function cost({ runs, seconds, isolation, denied }: Diagnosis): string {
  const kept = isolation === "overlay" ? "nothing outside a throw-away copy was changed" : "it ran in place";
  const not =
    denied.length === 0
      ? ""
      : `\n${row("not done", `on Linux, since it would change this machine: ${denied.join(", ")} (--allow-host-changes)`)}`;
  return `${row("cost", `${runs} runs, ${seconds} s; ${kept}`)}${not}`;
}
