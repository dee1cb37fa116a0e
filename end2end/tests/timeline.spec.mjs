// The timeline of a model: a stretch of the log is chosen on it, and compared.
import { expect, test } from "@playwright/test";
import { openLatestReport, ready } from "./pages.mjs";

/** Opens the overview once it has as many comparisons as a test needs. */
async function openTimeline(page, comparisons) {
  await openLatestReport(page);
  const points = page.locator(".drift-history__point");
  await expect(async () => {
    await page.goto("/");
    expect(await points.count()).toBeGreaterThanOrEqual(comparisons);
  }).toPass({ timeout: 40_000 });
}

test("the rows of two fields are compared with the rows before, with a script and without", async ({ page }) => {
  await openTimeline(page, 1);
  await page.getByLabel("Rows", { exact: true }).fill("301");
  await page.getByLabel("to", { exact: true }).fill("600");
  await page.getByRole("button", { name: "Compare with the rows before" }).click();
  await expect(page).toHaveURL(/\/windows\?model=card-fraud&(current=301-600|from=301&to=600)$/);
  await expect(page.getByLabel("Looked at, rows")).toHaveValue("301-600");
  await expect(page.getByText("Computed for this page; nothing is stored")).toBeVisible({ timeout: 20_000 });
});

test("a stretch that the address names is chosen, with a script and without", async ({ page }) => {
  await openTimeline(page, 1);
  await page.goto("/?window=1-99999999");
  await expect(page.locator(".drift-history__chosen")).toHaveCount(1);
  await expect(page.getByLabel("Rows", { exact: true })).toHaveValue("1");
});

test("dragging chooses a window, the address keeps it, and it is compared", async ({ page }, { project }) => {
  test.skip(project.name.includes("without"), "it takes a script");
  test.setTimeout(90_000);
  await openTimeline(page, 3);
  await ready(page);
  const surface = page.getByRole("slider", { name: /Timeline/ });
  await surface.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await surface.boundingBox();
  await page.mouse.move(x + 0.3 * width, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + 0.6 * width, y + height / 2, { steps: 5 });
  await page.mouse.move(x + 0.98 * width, y + height / 2, { steps: 5 });
  await expect(page.locator(".drift-history__chosen")).toHaveCount(1);
  await page.mouse.up();
  await expect(page).toHaveURL(/\?window=\d+-\d+$/);
  const rows = new URL(page.url()).searchParams.get("window");
  await expect(page.getByText(/rows chosen: /)).toBeVisible();
  await page.reload();
  await expect(page.locator(".drift-history__chosen")).toHaveCount(1);
  await page.getByRole("button", { name: "Compare with the rows before" }).click();
  await expect(page).toHaveURL(new RegExp(`/windows\\?model=card-fraud&current=${rows}$`));
});

test("keys walk through the comparisons, choose a window, open it and put it away", async ({ page }, { project }) => {
  test.skip(project.name.includes("without"), "it takes a script");
  test.setTimeout(90_000);
  await openTimeline(page, 3);
  await ready(page);
  const surface = page.getByRole("slider", { name: /Timeline/ });
  await surface.focus();
  await page.keyboard.press("Home");
  await expect(surface).toHaveAttribute("aria-valuenow", "1");
  await expect(surface).toHaveAttribute("aria-valuetext", /columns drifted$/);
  await page.keyboard.press("ArrowRight");
  await expect(surface).toHaveAttribute("aria-valuenow", "2");
  await expect(page).toHaveURL("/");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(surface).toHaveAttribute("aria-valuetext", /rows chosen/);
  await expect(page).toHaveURL(/\?window=\d+-\d+$/);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL("/");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(page).toHaveURL(/\?window=\d+-\d+$/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/windows\?model=card-fraud&current=\d+-\d+$/);
});
