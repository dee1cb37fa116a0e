// What the tests of /compare do again and again.
import { expect } from "@playwright/test";

/** Opens the page and waits until it has fetched what it needs, the browser's copy for later included. */
export async function quiet(page) {
  await page.goto("/compare", { waitUntil: "networkidle" });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(() => caches.match("/compare").then(Boolean)), { timeout: 15_000 }).toBe(true);
}

/** Puts a text, or the path of a file, into one of the two places. */
export async function choose(page, side, content) {
  const name = `${side.toLowerCase()}.csv`;
  const file = content?.path ?? { name, mimeType: "text/csv", buffer: Buffer.from(content) };
  await page.getByLabel(side, { exact: true }).setInputFiles(file);
}

/** Presses the button as soon as it can be pressed. */
export async function compare(page) {
  await page.getByRole("button", { name: /^Compare( again)?$/ }).click();
}

export const columnsTable = (page) => page.getByRole("table", { name: "Columns", exact: true });

/** The cell that says what became of a column. */
export function verdictOf(page, name) {
  const row = columnsTable(page).getByRole("row").filter({ has: page.getByRole("rowheader").filter({ hasText: name }) });
  return row.getByRole("cell").first();
}

/** Waits until the browser has kept the session. */
export async function kept(page) {
  const count = () => page.evaluate(() => new Promise((resolve) => {
    const opening = indexedDB.open("tidemark-lab", 1);
    opening.onsuccess = () => {
      const request = opening.result.transaction("sessions").objectStore("sessions").count();
      request.onsuccess = () => resolve(request.result);
    };
  }));
  await expect.poll(count).toBe(1);
}
