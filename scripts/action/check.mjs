/**
 * What the GitHub Action runs: checks the paths, prints a table and annotations, writes SARIF, the job summary and the outputs, and
 * decides how the job ends. Everything comes by the environment (action.yml), so that it can be run anywhere. Exit 0: passed; 1: findings
 * that fail the job; 2: could not do the job.
 */

import { spawnSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expanded } from "./glob.mjs";
import { renderLog, renderSummary } from "./summary.mjs";

const command = process.env.SANDFIT_COMMAND ?? fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
/** From harmless to worst. */
const OUTCOMES = ["runs", "undecided", "may-fail", "fails"];
/** No output of a check or report comes near it. */
const MOST_OUTPUT = 1 << 30;

const linesOf = (text = "") => text.split("\n").filter((line) => line.trim() !== "");

function fail(message) {
  console.error(`sandfit: ${message}`);
  process.exit(2);
}

/** Runs Sandfit; ends this with its words where it could not even begin. */
function sandfit(...args) {
  const said = output(...args);
  if (said === "") fail(`sandfit ${args[0]} printed nothing`);
  return said;
}

/** The same, of which nothing is an answer too. */
function output(...args) {
  const run = spawnSync(process.execPath, [command, ...args], { encoding: "utf8", maxBuffer: MOST_OUTPUT });
  process.stderr.write(run.stderr ?? "");
  if (run.error !== undefined) fail(run.error.message);
  if (run.status === null) fail(`sandfit ${args[0]} was ended by ${run.signal}`);
  return run.stdout;
}

function choice(name, value, all) {
  if (!all.includes(value)) fail(`${name} is ${JSON.stringify(value)}; it can be ${all.join(", ")}`);
  return value;
}

const env = process.env;
const lines = linesOf(env.SANDFIT_PATHS).map((line) => line.trim());
if (lines.length === 0) fail("paths names nothing to check");
const paths = lines.flatMap((line) => {
  const found = expanded(line);
  if (found.length === 0) fail(`paths: nothing is called ${line}`);
  return found;
});
const failOn = choice("fail-on", env.SANDFIT_FAIL_ON || "fails", ["none", "may-fail", "fails"]);
const isVerify = choice("verify", env.SANDFIT_VERIFY || "false", ["true", "false"]) === "true";
const target = env.SANDFIT_TARGET || "newest";
const sarif = env.SANDFIT_SARIF || "sandfit.sarif";

const checkArgs = ["--target", target, "--", ...paths];
writeFileSync(sarif, sandfit("check", "--format", "sarif", ...checkArgs));
const { files, target: checked } = JSON.parse(sandfit("check", "--format", "json", ...checkArgs));
process.stdout.write(renderLog(files));
process.stdout.write(output("check", "--format", "github", ...checkArgs));

// `report --run` starts each program, as it is and fixed, in every place there is.
const runs = isVerify
  ? paths.flatMap((path) => {
      const args = linesOf(env.SANDFIT_ARGUMENTS);
      const report = sandfit(
        "report",
        "--run",
        "--format",
        "json",
        "--target",
        target,
        path,
        ...(args.length > 0 ? ["--", ...args] : []),
      );
      return JSON.parse(report).programs.map(({ report: { name }, runs: one }) => ({ path, name, runs: one }));
    })
  : [];

const verdicts = files.flatMap((file) => ("error" in file ? [] : file.views.flatMap((view) => Object.values(view.verdicts))));
const worst = OUTCOMES[Math.max(0, ...verdicts.map(({ outcome }) => OUTCOMES.indexOf(outcome)))];
const unread = files.filter((file) => "error" in file);
// Where nothing was checked nothing is healthy; the command has said so above.
const isUnchecked = unread.length > 0 || files.length === 0;
const outcome = isUnchecked ? "error" : worst;
const findings = files.flatMap((file) => file.views ?? []).flatMap((view) => view.findings).length;
// A program as it is has to do everywhere what it does on the runner; what its fix does is told in the summary.
const tried = runs.filter((one) => one.runs !== null);
const isVerified = tried.length > 0 && tried.every((one) => one.runs.rows.every((row) => row.original.sameAsHost === true));

const summary = renderSummary({ files, runs, target: checked });
if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, summary);
else process.stdout.write(`\n${summary}`);
if (env.GITHUB_OUTPUT) {
  const outputs = { sarif, outcome, findings, verified: isVerify ? isVerified : "" };
  appendFileSync(
    env.GITHUB_OUTPUT,
    Object.entries(outputs)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
}

if (isUnchecked) process.exit(2);
// What was not decided may fail as well.
const least = OUTCOMES.indexOf(failOn === "may-fail" ? "undecided" : failOn);
const isBad = failOn !== "none" && (OUTCOMES.indexOf(worst) >= least || (isVerify && !isVerified));
process.exit(isBad ? 1 : 0);
