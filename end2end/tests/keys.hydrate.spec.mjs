import { expect, test } from "@playwright/test";
import { complaints, openLatestReport, ready } from "./pages.mjs";

test("a question mark shows the keys, and Escape puts them away", async ({ page }) => {
  await page.goto("/monitors");
  await ready(page);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await expect(dialog).toBeVisible();
  await expect(dialog).toMatchAriaSnapshot(`
    - dialog "Keys":
      - heading "Keys" [level=2]
      - button "Close"
      - heading "Everywhere" [level=3]
      - term: "?"
      - definition: Show these keys
  `);
  // Nothing behind a sheet takes the focus.
  for (let presses = 0; presses < 4; presses++) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => !document.activeElement.closest("main, header.site-header"))).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  // And it opens again.
  await page.keyboard.press("?");
  await expect(dialog).toBeVisible();
});

test("the palette finds a page, and Enter goes there", async ({ page }) => {
  await page.goto("/");
  await ready(page);
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: /Go to a page/ });
  await expect(field).toBeFocused();
  await page.keyboard.type("alert");
  await expect(page.getByRole("option", { selected: true })).toContainText("Alerts");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/alerts");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the palette finds a column of the latest report and opens it there", async ({ page }) => {
  await openLatestReport(page);
  await page.goto("/alerts");
  await ready(page);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: /Go to a page/ })).toBeFocused();
  await page.keyboard.type("column amount");
  const first = page.getByRole("option").first();
  await expect(first).toContainText("Amount");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/reports\/\d+\?column=Amount/);
  await expect(page.getByRole("heading", { name: "Amount", level: 2 })).toBeVisible();
});

test("arrows choose, and a slash searches the page where it can be searched", async ({ page }) => {
  await openLatestReport(page);
  await ready(page);
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Filter columns by name" })).toBeFocused();
  // There it is a letter.
  await page.keyboard.type("?/");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.goto("/alerts");
  await ready(page);
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox")).toBeFocused();
  const chosen = page.getByRole("option", { selected: true });
  const first = await chosen.innerText();
  await page.keyboard.press("ArrowDown");
  expect(await chosen.innerText()).not.toBe(first);
  await page.keyboard.press("ArrowUp");
  expect(await chosen.innerText()).toBe(first);
});

test("the button in the header opens the palette too", async ({ page }) => {
  await page.goto("/");
  await ready(page);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("combobox")).toBeFocused();
});

test("one goes from column to column, by the keys, by the arrows and by the rows", async ({ page, isMobile }) => {
  const heard = complaints(page);
  await openLatestReport(page);
  await ready(page);
  const rows = page.getByRole("table", { name: "Columns", exact: true }).getByRole("rowheader").getByRole("link");
  const names = await rows.allTextContents();
  const isOpen = (row) => expect(page.getByRole("region", { name: names[row], exact: true })).toBeVisible();
  await rows.nth(1).click();
  await isOpen(1);
  await page.keyboard.press("j");
  await isOpen(2);
  await page.keyboard.press("j");
  await isOpen(3);
  await page.keyboard.press("k");
  await isOpen(2);
  await page.getByRole("link", { name: "Next column (j)" }).click();
  await isOpen(3);
  // On a phone the panel lies over the rows.
  if (!isMobile) {
    await rows.nth(0).click();
    await isOpen(0);
  }
  await page.goBack();
  await page.keyboard.press("Escape");
  await expect(page.locator("#column")).toHaveCount(0);
  expect(heard).toEqual([]);
});
