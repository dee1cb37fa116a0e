// See scripts/screenshots.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { begin } from "../end2end/tidemark.mjs";
import { threeModels } from "./three_models.mjs";
import { indexed } from "./png.mjs";

const OUT = fileURLToPath(new URL("../docs/screenshots/", import.meta.url));
// All of them together, so that nobody waits for a clone.
const MOST_BYTES = 3_000_000;
const SIZE = { width: 1280, height: 900 };
// Until there is a history to show.
const COMPARISONS = 16;

const folder = mkdtempSync(join(tmpdir(), "tidemark-screenshots-"));
const { address, stop } = await begin(["demo", "--interval", "4", "--rate", "400", "--data-dir", join(folder, "demo")]);
const several = await threeModels(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
try {
  mkdirSync(OUT, { recursive: true });
  await makeMonitor();
  const report = await history();
  const pages = [
    ["overview", "/"],
    ["monitors", "/monitors"],
    ["monitor", "/monitors/amounts"],
    ["new-monitor", "/monitors/amounts/edit"],
    ["reports", "/reports"],
    ["report", report],
    ["column", `${report}?column=Amount`, "#column"],
    ["windows", "/windows"],
    ["change", `/change?earlier=2&id=${report.split("/").at(-1)}`],
    ["quality", "/quality"],
    ["performance", "/performance"],
    ["detectors", "/detectors"],
    ["alerts", "/alerts"],
    ["shares", "/shares"],
    ["keys", "/keys"],
    ["compare", "/compare"],
    ["docs", "/docs"],
    ["styleguide", "/styleguide"],
  ];
  let bytes = 0;
  for (const theme of ["light", "dark"]) {
    for (const [name, path, part] of pages) bytes += await picture(`${name}-${theme}`, path, theme, SIZE, part);
    bytes += await picture(`models-${theme}`, `${several.address}models`, theme, { width: 1280, height: 720 });
    bytes += await picture(`models-phone-${theme}`, `${several.address}models`, theme, { width: 390, height: 844 });
    bytes += await picture(`overview-phone-${theme}`, "/", theme, { width: 390, height: 844 });
    bytes += await picture(`report-phone-${theme}`, report, theme, { width: 390, height: 844 });
  }
  console.log(`docs/screenshots: ${(bytes / 1e6).toFixed(2)} MB`);
  if (bytes > MOST_BYTES) {
    console.error(`screenshots: more than ${MOST_BYTES} bytes altogether`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
  await several.stop();
  await stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A monitor of one's own, and a report that is shared. */
async function makeMonitor() {
  const monitor = {
    model: "card-fraud",
    window: { rows: 2000 },
    schedule: { every: "8s" },
    reference: "training",
    alert: [{ name: "amounts-moved", when: { column: { name: "Amount", verdict: "minor" } } }],
  };
  const made = await fetch(`${address}api/v1/monitors/amounts`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(monitor),
  });
  if (!made.ok) throw new Error(`the monitor was not made: ${await made.text()}`);
}

/** The path of the latest report, as soon as there are many; it is shared, too. */
async function history() {
  for (let attempt = 0; attempt < 600; attempt++) {
    const found = [...(await (await fetch(`${address}reports`)).text()).matchAll(/href="(\/reports\/\d+)"/g)].map(([, path]) => path);
    if (new Set(found).size >= COMPARISONS) {
      const body = new URLSearchParams({ report: found[0].split("/").at(-1), title: "Week 48", expires_in: "1w" });
      await fetch(`${address}api/share`, { method: "POST", body });
      return found[0];
    }
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
  throw new Error("the demo made too few reports within five minutes");
}

/** Takes a picture; its size in bytes. */
async function picture(name, path, colorScheme, viewport, part) {
  const context = await browser.newContext({ colorScheme, viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(new URL(path, address).href);
  if (path !== "/docs") await page.locator("html[data-ready]").waitFor({ state: "attached" });
  if (path === "/compare") {
    await page.getByRole("button", { name: "Try it with example data" }).click();
    await page.getByRole("table", { name: "Columns", exact: true }).waitFor({ timeout: 60_000 });
    await page.locator(".verdict-banner").scrollIntoViewIfNeeded();
  }
  // Charts come a moment later.
  await page.waitForTimeout(800);
  if (part) await page.locator(part).first().scrollIntoViewIfNeeded();
  const file = join(OUT, `${name}.png`);
  writeFileSync(file, indexed(await page.screenshot()));
  await context.close();
  const { size } = statSync(file);
  console.log(`${name.padEnd(24)}${(size / 1000).toFixed(0).padStart(5)} kB`);
  return size;
}
