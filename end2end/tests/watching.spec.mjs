import { expect, test } from "@playwright/test";
import { complaints, openLatestReport } from "./pages.mjs";

test("monitors, alerts and share links are read without a script", async ({ page }) => {
  for (const [path, heading] of [
    ["/monitors", "Monitors"],
    ["/new-monitor", "New monitor"],
    ["/alerts", "Alerts"],
    ["/shares", "Share links"],
  ]) {
    const response = await page.goto(path);
    expect(response.status(), path).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    const { content, screen } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      screen: document.documentElement.clientWidth,
    }));
    expect(content, `${path} scrolls sideways`).toBeLessThanOrEqual(screen);
  }
});

test("a monitor shows its runs and how it would be written down", async ({ page }) => {
  // Tests that make monitors of their own run beside this one, and the default one makes room for them.
  await expect(async () => {
    await page.goto("/monitors");
    await page.getByRole("rowheader").getByRole("link").first().click({ timeout: 2_000 });
    await expect(page.getByRole("main")).toContainText("[[monitor]]", { timeout: 2_000 });
  }).toPass({ timeout: 20_000 });
});

test("a monitor that is not there says so, with status 404", async ({ page }) => {
  const response = await page.goto("/monitors/no-such-monitor");
  expect(response.status()).toBe(404);
  await expect(page.getByRole("alert")).toContainText("Not found");
});

test("a monitor is made and removed with a form", async ({ page }, { project }) => {
  const heard = complaints(page);
  const name = `own-${project.name.replaceAll(" ", "-")}`;
  await page.goto("/new-monitor");
  await page.getByLabel("Name", { exact: true }).first().fill(name);
  await page.getByRole("textbox", { name: "Window", exact: true }).fill("300");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.waitForURL(`/monitors/${name}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(page.getByRole("main")).toContainText("300 rows every 2s");
  await page.getByText("Remove", { exact: true }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await page.waitForURL("/monitors");
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
  expect(heard).toEqual([]);
});

test("what changed since the report before is one click away", async ({ page }) => {
  await expect(async () => {
    await openLatestReport(page);
    await page.getByRole("link", { name: "What changed since the one before" }).click({ timeout: 2_000 });
  }).toPass({ timeout: 25_000 });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("What changed");
});
