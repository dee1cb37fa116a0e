import { expect, test } from "@playwright/test";

test("the overview's numbers move without a reload", async ({ page }) => {
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto("/");
  const main = page.getByRole("main");
  const first = await main.innerText();
  await expect.poll(() => main.innerText(), { timeout: 15_000 }).not.toBe(first);
  expect(faults).toEqual([]);
});
