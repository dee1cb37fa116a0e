// See scripts/lighthouse.
import { chromium } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { begin } from "../end2end/tidemark.mjs";

const LIGHTHOUSE = "lighthouse@12.8.2";
const BAR = 95;
// Of several runs the median counts, as Lighthouse's own advice has it.
const RUNS = Number(process.env.RUNS ?? 3);
// A cold load from this machine, in milliseconds: until something is painted, and until a click is answered.
const PAINTED_MAX = 500;
const ANSWERS_MAX = 1500;
const LOADS = 5;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
// What Blink calls them.
const THEMES = { light: 1, dark: 0 };

const folder = mkdtempSync(join(tmpdir(), "tidemark-lighthouse-"));
const { address, stop } = await begin(["demo", "--rows", "6000", "--trees", "20", "--interval", "2", "--rate", "20", "--data-dir", folder]);
try {
  const report = await latestReport(address);
  const pages = ["/", report, "/compare"];
  await loads(pages);
  for (const page of pages) {
    for (const [theme, scheme] of Object.entries(THEMES)) look(page, theme, scheme);
  }
} finally {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The path of the latest report, as soon as there is one. */
async function latestReport(address) {
  for (let attempt = 0; attempt < 60; attempt++) {
    const found = /href="(\/reports\/\d+)"/.exec(await (await fetch(address)).text());
    if (found) return found[1];
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("the demo made no report within half a minute");
}

/** Loads each page with nothing of it in the browser, and says how long that takes: the median of several. */
async function loads(pages) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  // The first start of a browser is no load of a page.
  await (await browser.newPage()).goto("about:blank");
  for (const path of pages) {
    const [painted, answers] = [[], []];
    for (let nth = 0; nth < LOADS; nth++) {
      const context = await browser.newContext({ viewport: { width: 1350, height: 940 } });
      const page = await context.newPage();
      await page.addInitScript(() => {
        new MutationObserver((_, observer) => {
          if (!document.documentElement?.hasAttribute("data-ready")) return;
          globalThis.answersClicks = performance.now();
          observer.disconnect();
        }).observe(document, { attributes: true, childList: true, subtree: true });
      });
      await page.goto(address + path.slice(1));
      await page.waitForFunction(() => globalThis.answersClicks && performance.getEntriesByName("first-contentful-paint").length);
      painted.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
      answers.push(await page.evaluate(() => globalThis.answersClicks));
      await context.close();
    }
    const [paint, answer] = [median(painted), median(answers)];
    console.log(`${path.padEnd(14)}cold load, median of ${LOADS}: painted after ${paint.toFixed(0)} ms, answers clicks after ${answer.toFixed(0)} ms`);
    if (paint > PAINTED_MAX || answer > ANSWERS_MAX) process.exitCode = 1;
  }
  await browser.close();
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** Looks at a page in a theme, several times, and says what it scored; and why, where that is too little. */
function look(page, theme, scheme) {
  const runs = Array.from({ length: RUNS }, () => run(page, scheme));
  const score = ({ categories }) => categories.performance.score;
  const { categories, audits } = runs.toSorted((a, b) => score(a) - score(b))[Math.floor(RUNS / 2)];
  const scores = CATEGORIES.map((name) => [name, Math.round(100 * categories[name].score)]);
  const metric = (name) => audits[name].displayValue;
  console.log(`${page.padEnd(14)}${theme.padEnd(7)}${scores.map(([name, score]) => `${name} ${score}`).join(", ")}; `
    + `first paint ${metric("first-contentful-paint")}, interactive ${metric("interactive")}, shift ${metric("cumulative-layout-shift")}`);
  for (const [name, score] of scores) {
    if (score >= BAR) continue;
    process.exitCode = 1;
    const lost = categories[name].auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id].score ?? 1) < 0.9);
    for (const { id } of lost) console.log(`  ${name}: ${audits[id].title} ${audits[id].displayValue ?? ""}`);
  }
}

/** What Lighthouse says of a page. */
function run(page, scheme) {
  const flags = `--headless=new --no-sandbox --disable-gpu --blink-settings=preferredColorScheme=${scheme}`;
  const args = ["--yes", LIGHTHOUSE, address + page.slice(1), "--quiet", "--preset=desktop", "--output=json", `--only-categories=${CATEGORIES}`,
    `--chrome-flags=${flags}`];
  const env = { ...process.env, CHROME_PATH: process.env.CHROMIUM };
  return JSON.parse(execFileSync("npx", args, { env, maxBuffer: 1 << 28 }));
}
