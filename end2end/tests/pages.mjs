import { expect } from "@playwright/test";

/** From the overview to the report it links to. Early in a run the first comparison may still be on its way. */
export async function openLatestReport(page) {
  const link = page.getByRole("link", { name: "Open the report" });
  await expect(async () => {
    await page.goto("/");
    await expect(link).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await link.click();
  await page.waitForURL(/\/reports\/.+/);
  // The address changes before the report is there: only with its table does the page answer as a report.
  await expect(page.getByRole("searchbox", { name: "Filter columns by name" })).toBeVisible();
}

/** Waits until a page answers to clicks. Not until it is silent: it may listen to the service as long as it is open. */
export async function ready(page) {
  await page.locator("html[data-ready]").waitFor({ state: "attached" });
}

/** Everything that a page complains about in its console, from now on. */
export function complaints(page) {
  const heard = [];
  page.on("pageerror", (error) => heard.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") heard.push(message.text());
  });
  return heard;
}
