// Any two windows, any two reports, and the quality of the data.
import { expect, test } from "@playwright/test";
import { openLatestReport } from "./pages.mjs";

/** How long a page is waited for that the service computes while the whole suite runs beside it. */
const COMPUTED = { timeout: 20_000 };

test("any two windows of the log are compared, and the address holds them", async ({ page }) => {
  await page.goto("/windows");
  await expect(page.getByRole("heading", { level: 1, name: "Compare two windows" })).toBeVisible();
  await page.getByLabel("Held against, rows").fill("1-400");
  await page.getByLabel("Looked at, rows").fill("401-800");
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page).toHaveURL(/reference=1-400&current=401-800/);
  await expect(page.getByText("Computed for this page; nothing is stored")).toBeVisible(COMPUTED);
  await page.getByRole("link", { name: "Amount", exact: true }).first().click();
  await expect(page).toHaveURL(/reference=1-400&current=401-800&column=Amount/);
  await expect(page.getByRole("heading", { name: "Amount" })).toBeVisible(COMPUTED);
});

test("a window that the log does not have is refused with the reason", async ({ page }) => {
  await page.goto("/windows?reference=1-400&current=5-99999999999");
  await expect(page.getByText(/the log has rows 1 to/)).toBeVisible();
});

test("the quality of the data leads to its columns", async ({ page }) => {
  await openLatestReport(page);
  await page.goto("/quality");
  const table = page.getByRole("table", { name: "Columns, those with a problem first" });
  // The header, thirty features, and what the model says.
  await expect.poll(() => table.getByRole("row").count(), COMPUTED).toBeGreaterThan(31);
  await table.getByRole("link", { name: "Amount", exact: true }).click();
  await expect(page).toHaveURL(/\/reports\/.+\?column=Amount/);
});

test("any two reports are held against each other", async ({ page }) => {
  await openLatestReport(page);
  await expect(async () => {
    await page.goto("/reports");
    await expect(page.getByText("Compare two of them")).toBeVisible({ timeout: 1_000 });
  }).toPass(COMPUTED);
  await page.getByText("Compare two of them").click();
  await page.getByRole("button", { name: "What changed" }).click();
  await expect(page).toHaveURL(/\/change\?earlier=\d+&id=\d+/);
  await expect(page.getByRole("heading", { level: 1, name: "What changed" })).toBeVisible();
});
