import { expect, test } from "@playwright/test";
import { complaints } from "./pages.mjs";

test("the overview's numbers move without a reload, and the console stays silent", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  const total = page.getByRole("main").locator("dl").first();
  const first = await total.innerText();
  await expect.poll(() => total.innerText(), { timeout: 15_000 }).not.toBe(first);
  expect(heard).toEqual([]);
});

test("every page hydrates in silence", async ({ page }) => {
  const heard = complaints(page);
  for (const path of ["/", "/reports", "/compare"]) {
    await page.goto(path, { waitUntil: "networkidle" });
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  expect(heard).toEqual([]);
});
