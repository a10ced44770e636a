/** The report as SARIF 2.1.0, the form that code scanning services read (OASIS, Static Analysis Results Interchange Format). */

import type { ArtifactLocation, Location, Log, Notification, ReportingDescriptor, Result, Run } from "sarif";
import { jsonText } from "../bytes/printable.js";
import { type FileError, type FileReport, isRepairable, type Report } from "../check/model.js";
import { undecidedWords } from "../code/doubts.js";
import type { Consequence } from "../gvisor/behaviour.js";
import type { Finding, Site } from "../rules/define.js";
import { ruleOf, rules } from "../rules/index.js";
import { VERSION } from "../version.js";
import { remedyOf, summaryOf } from "./finding-words.js";
import { evidenceOf, worstEffect } from "./words.js";

const levels = { fails: "error", "may-fail": "warning", runs: "note" } as const satisfies Record<Consequence, Result.level>;

/** Further places of one finding; a viewer lists them all, and the first tell what there is to see. */
const MOST_RELATED = 100;

/** One run with one result a finding; files that could not be read are notifications. Pretty-printed, ends with a line feed. */
export function renderSarif(report: Report): string {
  const log: Log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [runOf(report)],
  };
  return `${jsonText(log, 2)}\n`;
}

function runOf({ files, target }: Report): Run {
  const read = files.filter((file): file is FileReport => !("error" in file));
  const unread = files.filter((file): file is FileError => "error" in file);
  return {
    tool: { driver: { name: "Sandfit", version: VERSION, semanticVersion: VERSION, rules: rules.map(({ id }) => describe(id)) } },
    invocations: [
      {
        executionSuccessful: unread.length === 0,
        toolExecutionNotifications: [...unread.map(notification), ...read.flatMap(openOnes)],
      },
    ],
    artifacts: read.map((file) => ({
      location: artifactLocation(file.name),
      length: file.size,
      roles: ["analysisTarget"],
      description: { text: file.description },
    })),
    results: read.flatMap((file) => file.views.flatMap((view) => view.findings.map((finding) => resultOf(file, finding)))),
    properties: { target: `${target.release}/${target.platforms.join("+")}` },
  };
}

function describe(id: Finding["rule"]): ReportingDescriptor {
  const { words } = ruleOf(id);
  return {
    id,
    shortDescription: { text: words.title },
    fullDescription: { text: words.why },
    ...(words.links[0] !== undefined && { helpUri: words.links[0] }),
    help: { text: `${words.why} \`sandfit rules ${id}\` says how it is known and what to do.` },
  };
}

function resultOf(file: FileReport, finding: Finding): Result {
  const { words } = ruleOf(finding.rule);
  const [first, ...others] = finding.sites;
  const effects = Object.entries(finding.effects).map(([platform, { consequence, basis }]) => [platform, { consequence, basis }]);
  return {
    ruleId: finding.rule,
    ruleIndex: rules.findIndex(({ id }) => id === finding.rule),
    level: levels[worstEffect(finding)],
    message: { text: `${summaryOf(finding)}. ${words.why} ${remedyOf(finding)}.` },
    locations: [locationOf(file, first)],
    ...(others.length > 0 && {
      relatedLocations: others.slice(0, MOST_RELATED).map((site, i) => ({ id: i + 1, ...locationOf(file, site) })),
    }),
    // What stays the same where the file is built anew, as far as it can: neither addresses nor counts.
    partialFingerprints: { "sandfitFinding/v1": `${file.name}:${finding.machine}:${finding.rule}` },
    properties: {
      machine: finding.machine,
      effects: Object.fromEntries(effects),
      fixable: isRepairable(finding),
      places: finding.sites.length,
    },
  };
}

/** A place in a binary: bytes instead of lines, and the address where they are loaded (3.30.4, 3.32). */
function locationOf(file: FileReport, site: Site | undefined): Location {
  const artifact = artifactLocation(file.name);
  if (site === undefined) return { physicalLocation: { artifactLocation: artifact } };
  const where = site.inFunction === undefined ? "" : ` in ${site.inFunction}`;
  return {
    physicalLocation: {
      artifactLocation: artifact,
      region: { byteOffset: site.fileOffset, byteLength: site.bytes.length / 2 },
      ...(site.address !== undefined && { address: { absoluteAddress: site.address, kind: "instruction" } }),
    },
    message: { text: `${site.text}${where}: ${site.role}, ${evidenceOf(site)}` },
    ...(site.inFunction !== undefined && { logicalLocations: [{ name: site.inFunction, kind: "function" }] }),
  };
}

/** What was not decided: no result, but not the same as none either. */
function openOnes({ name, views }: FileReport): Notification[] {
  return views
    .filter(({ undecided }) => undecided.length > 0)
    .map(({ machine, undecided }) => ({
      level: "warning",
      message: { text: `${name} (${machine}): ${undecidedWords(undecided)}` },
      locations: [{ physicalLocation: { artifactLocation: artifactLocation(name) } }],
    }));
}

function notification({ name, error }: FileError): Notification {
  return {
    level: "error",
    message: { text: error },
    locations: [{ physicalLocation: { artifactLocation: artifactLocation(name) } }],
  };
}

/** A path as a URI reference (RFC 3986): relative ones stay so, for services that know where the run was. */
function artifactLocation(name: string): ArtifactLocation {
  const path = name
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");
  return { uri: name.startsWith("/") ? `file://${path}` : path.replace(/^(\.\/)+/, "") };
}
