import { expect, test } from "@playwright/test";
import { openLatestReport } from "./pages.mjs";

test("the overview names the model and says how it is", async ({ page }) => {
  const response = await page.goto("/");
  expect(response.status()).toBe(200);
  await expect(page).toHaveTitle("Overview · Tidemark");
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await expect(page.getByRole("main")).toContainText("Predictions per second");
});

test("the latest report is one click away and lists the columns", async ({ page }) => {
  await openLatestReport(page);
  await expect(page).toHaveURL(/\/reports\/.+/);
  const columns = page.getByRole("table", { name: "Columns", exact: true });
  await expect(columns).toBeVisible();
  expect(await columns.getByRole("rowheader").count()).toBeGreaterThan(5);
});

test("a report can be sorted and filtered, and its address remembers that", async ({ page }) => {
  await openLatestReport(page);
  const columns = page.getByRole("table", { name: "Columns", exact: true });
  await columns.getByRole("link", { name: "Column", exact: true }).click();
  await expect(columns.getByRole("columnheader", { name: "Column", exact: true })).toHaveAttribute("aria-sort", "ascending");
  const names = () => columns.getByRole("rowheader").getByRole("link").allInnerTexts();
  const sorted = await names();
  expect(sorted).toEqual([...sorted].sort((a, b) => (a < b ? -1 : 1)));
  await page.reload();
  expect(await names()).toEqual(sorted);
});

test("nothing is wider than the screen", async ({ page }) => {
  for (const path of ["/", "/reports", "/compare"]) {
    await page.goto(path);
    await expectNoSidewaysScrolling(page);
  }
  await openLatestReport(page);
  await expectNoSidewaysScrolling(page);
});

async function expectNoSidewaysScrolling(page) {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  expect(content, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(screen);
}

test("a page that is not there says so, with status 404", async ({ page }) => {
  const response = await page.goto("/no-such-page");
  expect(response.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no such page");
  await expect(page.getByRole("link", { name: "Go to the overview" })).toBeVisible();
});

test("a report that is not there says so, with status 404", async ({ page }) => {
  const response = await page.goto("/reports/no-such-report");
  expect(response.status()).toBe(404);
  await expect(page.getByRole("alert")).toContainText("Not found");
});
