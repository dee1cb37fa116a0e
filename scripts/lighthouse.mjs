// See scripts/lighthouse.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { begin } from "../end2end/tidemark.mjs";

const LIGHTHOUSE = "lighthouse@12.8.2";
const BAR = 95;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
// What Blink calls them.
const THEMES = { light: 1, dark: 0 };

const folder = mkdtempSync(join(tmpdir(), "tidemark-lighthouse-"));
const { address, stop } = await begin(["demo", "--rows", "6000", "--trees", "20", "--interval", "2", "--rate", "20", "--data-dir", folder]);
try {
  const report = await latestReport(address);
  for (const page of ["/", report, "/compare"]) {
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

/** Looks at a page in a theme, says what it scored, and why where that is too little. */
function look(page, theme, scheme) {
  const flags = `--headless=new --no-sandbox --disable-gpu --blink-settings=preferredColorScheme=${scheme}`;
  const args = ["--yes", LIGHTHOUSE, address + page, "--quiet", "--preset=desktop", "--output=json", `--only-categories=${CATEGORIES}`,
    `--chrome-flags=${flags}`];
  const env = { ...process.env, CHROME_PATH: process.env.CHROMIUM };
  const { categories, audits } = JSON.parse(execFileSync("npx", args, { env, maxBuffer: 1 << 28 }));
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
