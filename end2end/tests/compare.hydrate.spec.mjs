import { expect, test } from "@playwright/test";
import { csv } from "./example.mjs";

/** Every request that leaves the page or its worker from now on. */
function requests(page) {
  const seen = [];
  page.context().on("request", (request) => seen.push(`${request.method()} ${request.url()}`));
  return seen;
}

async function choose(page, label, name, text) {
  await page.getByLabel(label).setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
}

test("two files become a report, and nothing leaves the browser", async ({ page }) => {
  await page.goto("/compare", { waitUntil: "networkidle" });
  await choose(page, "Reference", "reference.csv", csv({ seed: 1, shift: 0 }));
  const seen = requests(page);
  await choose(page, "Current", "current.csv", csv({ seed: 2, shift: 1.5 }));
  const compare = page.getByRole("button", { name: /^compare/i });
  if (await compare.isVisible()) await compare.click();

  const columns = page.getByRole("table", { name: "Columns" });
  await expect(columns).toBeVisible();
  await expect(columns.getByRole("row").filter({ hasText: "moved" })).toContainText("Drifted");
  await expect(columns.getByRole("row").filter({ hasText: "steady" })).toContainText("Stable");
  // The code may still be on its way; the data may never be.
  expect(seen.filter((request) => !/^GET \S+\/pkg\//.test(request) && !request.includes("blob:"))).toEqual([]);
});

test("a file that is no table gets an answer, not silence", async ({ page }) => {
  await page.goto("/compare", { waitUntil: "networkidle" });
  await choose(page, "Reference", "reference.csv", "a,b\n1,2,3,4\n");
  await choose(page, "Current", "current.csv", csv({ seed: 2, shift: 0 }));
  const compare = page.getByRole("button", { name: /^compare/i });
  if (await compare.isVisible()) await compare.click();
  await expect(page.getByRole("alert")).toContainText("reference.csv");
});
