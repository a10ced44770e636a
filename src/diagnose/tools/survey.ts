/** Surveys tools: which providers there are, whether each really works here, and what to do next. */

import { basename } from "node:path";
import { quoted } from "../../bytes/printable.js";
import type { Expectation, PackageState, Provider, ToolState, ToolsReport } from "../../report/tools-model.js";
import { cureOf } from "../cure.js";
import { ownSetting, type Setting } from "../explain/setting.js";
import { lookAt } from "../explain/static.js";
import { JobFailed, openBench, type Trial } from "./bench.js";
import { type Tool, toolNamed } from "./catalogue.js";
import { type Distribution, distribution, fileOfPackage, ownerOf, packageOf } from "./packages.js";
import { type Found, findProviders, type Toolset, toolsetOf } from "./providers.js";
import { whyNot } from "./why.js";

/** What all tools of one survey share. */
interface Survey {
  readonly toolsets: readonly Toolset[];
  readonly distribution: Distribution;
  readonly setting: Setting;
  readonly archives: Map<string, Uint8Array>;
  /** The env.sh that will be written. */
  readonly envFile: string | undefined;
}

export interface SurveyOptions {
  /** The env.sh that will be written, for the next command. */
  readonly envFile?: string;
  /** Hears how many tools there are, and of each that is done. */
  readonly progress?: { start(what: string, total: number): void; advance(count: number): void };
}

/**
 * Surveys the tools by name. Starts every provider it finds, bounded in time and output, each in a folder of its own that is removed;
 * asks the package manager and changes nothing.
 */
export async function surveyTools(
  names: readonly string[],
  toolsets: readonly Toolset[],
  { envFile, progress }: SurveyOptions = {},
): Promise<ToolsReport> {
  progress?.start("trying", names.length);
  const setting = await ownSetting();
  const survey: Survey = { toolsets, distribution: distribution(), setting, archives: new Map(), envFile };
  const tools: ToolState[] = [];
  for (const name of names) {
    tools.push(await surveyTool(toolNamed(name), survey));
    progress?.advance(1);
  }
  return {
    version: 1,
    environment: { kind: setting.kind, words: setting.words },
    distribution: survey.distribution,
    tools,
  };
}

async function surveyTool(tool: Tool, survey: Survey): Promise<ToolState> {
  const manager = survey.distribution.packages;
  let state = manager === null ? undefined : await packageOf(tool, manager);
  const file = manager !== null && state?.installed === true ? await fileOfPackage(state.name, tool.files, manager) : undefined;
  const providers: Provider[] = [];
  for (const found of findProviders(tool.files, survey.toolsets, file)) providers.push(await tryProvider(tool, found, survey));
  // A package of the same name need not be the one that has the file; where one is known to have it, nothing has to be guessed.
  if (tool.isGuess && providers.some((provider) => provider.package !== null)) state = undefined;
  const best = bestOf(providers);
  return {
    name: tool.name,
    providers,
    package: state ?? null,
    best: best?.path ?? null,
    ...nextOf(tool, providers, best, state, survey),
  };
}

async function tryProvider(tool: Tool, found: Found, survey: Survey): Promise<Provider> {
  const { path, source, also } = found;
  const { setting, distribution: here } = survey;
  const owner = here.packages === null ? undefined : await ownerOf(path, here.packages);
  const expected = await expectationOf(path, setting);
  const base = { path, source, also, package: owner ?? null, expected };
  const trial = await tryOut(tool, path, survey);
  const isBad = setting.kind !== "linux" && expected !== null && expected.outcome === "fails";
  const isCured = setting.kind !== "linux" && expected !== null && expected.outcome !== "runs" && expected.afterFix === "runs";
  const next = isCured ? cureOf(path, "in-place") : null;
  if (trial instanceof JobFailed) {
    const why = await whyNot(path, trial, expected, setting);
    return { ...base, version: null, outcome: "fails", did: [], why, parts: [], next };
  }
  // On systrap a program that works on gVisor's own memory can get through a small job: that is luck, and no proof.
  const outcome = isBad ? "unsure" : trial.outcome;
  return { ...base, ...trial, outcome, parts: trial.parts ?? [], why: null, next: isBad ? next : null };
}

async function tryOut(tool: Tool, path: string, { toolsets, archives }: Survey): Promise<Trial | JobFailed> {
  const luaFolder = toolsetOf(path, toolsets)?.luaFolder;
  const own = process.env["LUA_PATH"] ?? ";";
  const modules = luaFolder === undefined ? {} : { LUA_PATH: `${luaFolder}/?.lua;${luaFolder}/?/init.lua;${own}` };
  const bench = openBench(path, modules, archives);
  try {
    return await tool.try(bench);
  } catch (error) {
    if (error instanceof JobFailed) return error;
    throw error;
  } finally {
    bench.dispose();
  }
}

async function expectationOf(path: string, { target }: Setting): Promise<Expectation | null> {
  const known = await lookAt(path, target);
  if (known === undefined) return null;
  const bad = known.report.views
    .flatMap((view) => view.findings)
    .filter((finding) => target.platforms.some((platform) => finding.effects[platform].consequence !== "runs"));
  return { outcome: known.outcome, afterFix: known.afterFix, rules: [...new Set(bad.map((finding) => finding.rule))] };
}

/** The provider to use: one that works (or starts, where no more is tried), then with the most modules that work, then the first. */
function bestOf(providers: readonly Provider[]): Provider | undefined {
  const parts = (provider: Provider): number =>
    provider.parts.filter((part) => part.outcome === "works" || part.outcome === "loads").length;
  const working = providers.filter((provider) => provider.outcome === "works" || provider.outcome === "starts");
  return [...working].sort((a, b) => parts(b) - parts(a))[0];
}

function nextOf(
  tool: Tool,
  providers: readonly Provider[],
  best: Provider | undefined,
  state: PackageState | undefined,
  { toolsets, envFile: written }: Survey,
): { next: string | null; remark: string | null } {
  if (best !== undefined) {
    const isFirst = best === providers[0] && best.source === "path" && basename(best.path) === tool.name;
    if (isFirst) return { next: null, remark: null };
    const [first] = providers;
    // What PATH leads to is repaired where it is: that ends the matter for every shell and script.
    if (written === undefined && first?.source === "path" && first.next?.startsWith("sandfit fix --in-place"))
      return { next: first.next, remark: `or call ${quoted(best.path)}` };
    if (written !== undefined) return { next: `. ${quoted(written.includes("/") ? written : `./${written}`)}`, remark: null };
    const envFile = toolsetOf(best.path, toolsets)?.envFile;
    if (envFile !== undefined) return { next: `. ${quoted(envFile)}`, remark: null };
    return {
      next: `sandfit tools ${quoted(tool.name)}${fromWords(toolsets)} --env env.sh && . ./env.sh`,
      remark: `or call ${quoted(best.path)}`,
    };
  }
  const cure = providers.find((provider) => provider.next !== null);
  const install = state === undefined || state.installed ? undefined : state.command;
  if (cure !== undefined) return { next: cure.next, remark: install === undefined ? null : `or ${install}` };
  if (install !== undefined) return { next: install, remark: state?.remark ?? null };
  return { next: null, remark: providers.length === 0 ? "no provider of it is known here" : null };
}

function fromWords(toolsets: readonly Toolset[]): string {
  return toolsets.map(({ folder }) => ` --from ${quoted(folder)}`).join("");
}
