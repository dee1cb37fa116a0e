import { expect, test } from "@playwright/test";

test("the overview names the model and shows its columns as a table", async ({ page }) => {
  const response = await page.goto("/");
  expect(response.status()).toBe(200);
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await expect(page).toHaveTitle(/Tidemark/);
});

test("the latest report is one click away and lists the columns", async ({ page }) => {
  await page.goto("/");
  await page.locator('a[href^="/reports/"]').first().click();
  await expect(page).toHaveURL(/\/reports\/.+/);
  const columns = page.getByRole("table", { name: "Columns" });
  await expect(columns).toBeVisible();
  expect(await columns.getByRole("row").count()).toBeGreaterThan(5);
});

test("nothing is wider than the screen", async ({ page }) => {
  for (const path of ["/", "/compare"]) {
    await page.goto(path);
    const { content, screen } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      screen: document.documentElement.clientWidth,
    }));
    expect(content, `${path} scrolls sideways`).toBeLessThanOrEqual(screen);
  }
});

test("a page that is not there says so, with status 404", async ({ page }) => {
  const response = await page.goto("/no-such-page");
  expect(response.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await expect(page.getByRole("link", { name: /overview|home|Tidemark/i }).first()).toBeVisible();
});

test("a report that is not there says so, with status 404", async ({ page }) => {
  const response = await page.goto("/reports/no-such-report");
  expect(response.status()).toBe(404);
});
