import { expect, test } from "@playwright/test";
import { openLatestReport } from "./pages.mjs";

test("a numerical column is drawn as distribution functions and quantiles, with or without a script", async ({ page }) => {
  await openLatestReport(page);
  await page.goto(`${page.url()}?column=V1`);
  const panel = page.locator("#column");
  await expect(panel.getByRole("heading", { name: "Distribution functions" })).toBeVisible();
  await expect(panel.getByRole("img", { name: /^Distribution functions of reference and current values/ })).toBeVisible();
  await expect(panel.getByRole("img", { name: /^Quantiles of the current values/ })).toBeVisible();
  const picture = await panel.locator("svg.tm-curves").first().boundingBox();
  expect(picture.width).toBeGreaterThan(200);
});
