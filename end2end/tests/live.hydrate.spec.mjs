import { expect, test } from "@playwright/test";
import { complaints, ready } from "./pages.mjs";

/** What a list's first row says once the page answers: before that, it has the server's times, in UTC. */
async function firstRow(page, list) {
  await ready(page);
  const row = list.getByRole("row").nth(1);
  await expect(row).not.toContainText("UTC");
  return { row, first: await row.innerText() };
}

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
    await page.goto(path);
    await ready(page);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  expect(heard).toEqual([]);
});

test("a list says that there is something new, and stays as it is until one wants it", async ({ page }) => {
  // This page never asks by itself: what it knows, it was told.
  await page.goto("/reports");
  const { row, first } = await firstRow(page, page.getByRole("main"));
  const toast = page.getByRole("status").filter({ hasText: "There is a newer report." });
  await expect(toast).toBeVisible({ timeout: 15_000 });
  expect(await row.innerText()).toBe(first);
  // Seen by the page itself: in two seconds there is news again, and the message with it.
  const left = await toast.getByRole("button", { name: "Show" }).evaluate(async (button) => {
    button.click();
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
    return document.querySelectorAll(".toast").length;
  });
  expect(left).toBe(0);
  await expect.poll(() => row.innerText()).not.toBe(first);
});

test("where no line comes about, the page asks", async ({ page }) => {
  await page.route("**/events", (route) => route.abort());
  await page.goto("/");
  const total = page.getByRole("main").locator("dl").first();
  const first = await total.innerText();
  await expect.poll(() => total.innerText(), { timeout: 15_000 }).not.toBe(first);
});

test("what is shown is called stale while the service is away, and fresh again when it is back", async ({ page, context }) => {
  await page.goto("/");
  const state = page.getByText(/^(Live|Stale)/);
  await expect(state).toHaveText("Live");
  await page.waitForResponse("**/api/overview");
  await context.setOffline(true);
  await expect(state).toHaveText(/^Stale, \d+ s/, { timeout: 20_000 });
  await context.setOffline(false);
  await expect(state).toHaveText("Live", { timeout: 15_000 });
});

test("what somebody points at does not move", async ({ page }, { project }) => {
  test.skip(project.name === "phone", "a finger does not hover");
  await page.goto("/");
  const list = page.getByRole("region", { name: "Latest comparisons" });
  await ready(page);
  await list.hover();
  const { row, first } = await firstRow(page, list);
  await expect(list.getByText("A newer one waits")).toBeVisible({ timeout: 15_000 });
  expect(await row.innerText()).toBe(first);
  await page.mouse.move(1, 1);
  await expect.poll(() => row.innerText()).not.toBe(first);
});
