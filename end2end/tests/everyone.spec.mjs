// What holds for every page: nothing in its way for those who hear it, or who have a small screen.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@playwright/test";
import { complaints, openLatestReport, ready } from "./pages.mjs";

// Handed over by the debugger, because no page runs what somebody adds to it.
const SCRIPT = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Every page, as an address; those of a report by way of the latest one. */
async function addresses(page) {
  await openLatestReport(page);
  const report = new URL(page.url()).pathname;
  return ["/", "/models", "/reports", report, `${report}?column=Amount`, "/monitors", "/monitors/card-fraud", "/new-monitor", "/alerts", "/shares",
    "/keys", "/quality", "/windows", "/change", "/performance", "/detectors", "/compare", "/styleguide", "/nowhere"];
}

test("no page has a fault that axe-core knows, in either theme", async ({ page }, { project }) => {
  test.skip(project.name.includes("without"), "axe-core is a script");
  test.setTimeout(300_000);
  for (const address of await addresses(page)) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(address);
      await ready(page);
      await expect(page).toHaveTitle(/Tidemark/);
      await page.evaluate(SCRIPT);
      // The style guide shows a component more than once on purpose.
      const rules = { "landmark-unique": { enabled: address !== "/styleguide" } };
      const { violations } = await page.evaluate((rules) => window.axe.run({ rules }), rules);
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
      expect(found, `${address} in ${colorScheme}`).toEqual([]);
    }
  }
});

test("every page answers, however often it is asked", async ({ page }, { project }) => {
  test.skip(project.name !== "desktop", "the answers are the same");
  for (const address of await addresses(page)) {
    for (let times = 0; times < 10; times++) expect((await page.request.get(address)).status(), address).toBeLessThan(500);
  }
});

test("no page complains, and none is wider than the screen", async ({ page }) => {
  test.setTimeout(90_000);
  for (const address of await addresses(page)) {
    const heard = complaints(page);
    await page.goto(address);
    const { content, screen } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      screen: document.documentElement.clientWidth,
    }));
    expect(content, `${address} scrolls sideways`).toBeLessThanOrEqual(screen);
    // A page that is not there is one on purpose, and so is a change between no reports.
    expect(heard.filter((line) => !line.includes("404")), address).toEqual([]);
  }
});

test("every page has one heading of the first level and the places to go", async ({ page }, { project }) => {
  for (const address of await addresses(page)) {
    await page.goto(address);
    await expect(page.getByRole("heading", { level: 1 }), address).toHaveCount(1);
    if (project.name === "phone") await page.getByText("Menu", { exact: true }).click();
    await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link"), address).toHaveCount(7);
  }
});
