/** The HTML report in a real browser: no errors, no requests to anywhere, nothing cut off on a screen, a phone or paper. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer, { type Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { folder, placed, sandfit } from "../../support/command.js";
import { isRoot, testNeeding } from "../../support/requirements.js";

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const inBrowser = testNeeding(chromium !== undefined, "Chromium");

const profile = mkdtempSync(join(tmpdir(), "sandfit-chromium-"));
const report = join(folder, "report.html");
let browser: Browser | undefined;
beforeAll(async () => {
  if (chromium === undefined) return;
  await sandfit(["report", "--run", "--format", "html", "-o", report, placed("ape-gs-fat")]);
  const args = ["--disable-gpu", "--disable-dev-shm-usage", ...(isRoot ? ["--no-sandbox"] : [])];
  browser = await puppeteer.launch({ executablePath: chromium, args, userDataDir: profile });
});
afterAll(async () => {
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
});

/** Opens the report, and gives the page with all errors and requests that there were. */
async function opened(path: string, width: number, forPaper = false) {
  const page = await browser!.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => errors.push(message.text()));
  page.on("request", (request) => requests.push(request.url()));
  await page.setViewport({ width, height: 1000 });
  if (forPaper) await page.emulateMediaType("print");
  await page.goto(pathToFileURL(path).href);
  return { page, errors, requests };
}

/** Elements that stick out of the page to the right; the functions run in the browser. */
const CUT_OFF = `[...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right >
  document.documentElement.clientWidth + 1 || one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
  .map((one) => one.tagName + " " + one.textContent.slice(0, 60))`;

describe("in Chromium", () => {
  // A4 between margins of 15 mm is 680 CSS pixels wide.
  for (const [name, width, forPaper] of [
    ["wide", 1280, false],
    ["a phone", 390, false],
    ["paper", 680, true],
  ] as const) {
    inBrowser(name, async () => {
      const { page, errors, requests } = await opened(report, width, forPaper);
      expect(errors).toEqual([]);
      expect(requests).toEqual([pathToFileURL(report).href]);
      expect(await page.evaluate("document.querySelectorAll('h2').length")).toBeGreaterThan(6);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(await page.evaluate(CUT_OFF)).toEqual([]);
      await page.close();
    });
  }
  inBrowser("it prints", async () => {
    const { page } = await opened(report, 1280);
    const pdf = await page.pdf({ format: "A4", margin: { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" } });
    const text = Buffer.from(pdf).toString("latin1");
    expect(text.startsWith("%PDF-")).toBe(true);
    expect(text.match(/\/Type\s*\/Page\b/g)?.length).toBeLessThanOrEqual(5);
    await page.close();
  });
});
