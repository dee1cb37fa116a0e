import { expect, test } from "@playwright/test";
import { kept } from "./lab.mjs";
import { csv } from "./example.mjs";
import { complaints, openLatestReport, ready } from "./pages.mjs";

test("a monitor is tried on past data while it is written", async ({ page }) => {
  test.setTimeout(90_000);
  const heard = complaints(page);
  await page.goto("/new-monitor");
  await ready(page);
  const side = page.getByRole("complementary");
  await page.getByRole("textbox", { name: "Window", exact: true }).fill("200");
  await page.getByRole("textbox", { name: "Rows at least" }).fill("100");
  await page.getByRole("textbox", { name: "Rows at least" }).blur();
  await expect(side).toContainText(/Of the latest \d+ windows? /);
  // A rule that every window meets.
  const rule = page.getByRole("group", { name: "Rule 1" });
  await rule.getByLabel("Name", { exact: true }).fill("always");
  await rule.getByLabel("When", { exact: true }).selectOption("effect");
  await rule.getByLabel("Column or figure").fill("Amount");
  await rule.getByLabel("Limit").fill("much");
  await rule.getByLabel("Limit").blur();
  // It is said with the next preview, which takes its time where other tests keep the processors busy.
  await expect(rule).toContainText("no number", { timeout: 30_000 });
  expect(heard.filter((line) => !line.includes("422"))).toEqual([]);
});

test("a stored report is shared, opened by its link, and taken back", async ({ page, context }, { project }) => {
  await openLatestReport(page);
  await ready(page);
  const title = `Shared on ${project.name}`;
  await page.getByText("Share", { exact: true }).click();
  await page.getByLabel("Title", { exact: true }).fill(title);
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByRole("textbox", { name: "The link" }).inputValue();
  expect(link).toMatch(/\/r\/[\w-]{32,}$/);
  const reader = await context.newPage();
  const heard = complaints(reader);
  await reader.goto(link);
  await expect(reader).toHaveTitle(new RegExp(title));
  expect(heard).toEqual([]);
  await page.goto("/shares", { waitUntil: "networkidle" });
  await page.getByRole("row").filter({ hasText: title }).getByRole("button", { name: "Take back" }).click();
  await expect(page.getByRole("row").filter({ hasText: title })).toContainText("Taken back");
  expect((await reader.goto(link)).status()).toBe(404);
});

test("a report of two files travels in a link without anything being sent", async ({ page, context }) => {
  await page.goto("/compare", { waitUntil: "networkidle" });
  for (const [side, seed, shift] of [["Reference", 1, 0], ["Current", 2, 1.5]]) {
    const buffer = Buffer.from(csv({ seed, shift }));
    await page.getByLabel(side, { exact: true }).setInputFiles({ name: `${side}.csv`, mimeType: "text/csv", buffer });
  }
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByRole("table", { name: "Columns", exact: true })).toBeVisible();
  const sent = [];
  context.on("request", (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await page.getByText("Share", { exact: true }).click();
  await page.getByRole("button", { name: "Pack it into a link" }).click();
  const link = await page.getByRole("textbox", { name: "The link" }).inputValue();
  expect(link).toContain("/compare#report=");
  expect(sent).toEqual([]);
  const reader = await context.newPage();
  await reader.goto(link);
  const columns = reader.getByRole("table", { name: "Columns", exact: true });
  await expect(columns.getByRole("row").filter({ hasText: "shifted" }).first()).toContainText("Drifted");
  await expect(reader.getByRole("main")).toContainText("opened from a link");
  expect(sent.filter((request) => request.startsWith("POST"))).toEqual([]);
  // A link that was cut on its way says so.
  await reader.goto("about:blank");
  await reader.goto(link.slice(0, -200));
  await expect(reader.getByRole("alert")).toContainText("The link is not whole");
});

test("a report of two files is shared on the server, once one has seen what goes", async ({ page }) => {
  await page.goto("/compare", { waitUntil: "networkidle" });
  await page.getByRole("button", { name: "Try it with example data" }).click();
  await expect(page.getByRole("table", { name: "Columns", exact: true })).toBeVisible({ timeout: 20_000 });
  await page.getByText("Share", { exact: true }).click();
  await expect(page.getByText("no row of your files")).toBeVisible();
  await page.getByText("See what goes").click();
  await expect(page.locator(".share-box pre")).toContainText('"schema_version"');
  // With files open the page can send nothing, not even this; after a reload the report is there and the files are not open.
  await page.getByRole("button", { name: "Make the link" }).click();
  await expect(page.getByText("can send nothing while your files are open")).toBeVisible();
  await kept(page);
  await page.reload({ waitUntil: "networkidle" });
  await page.getByText("Share", { exact: true }).click();
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByRole("textbox", { name: "The link" }).inputValue();
  const response = await page.goto(link);
  expect(response.status()).toBe(200);
  await expect(page).toHaveTitle(/Drift report/);
});
