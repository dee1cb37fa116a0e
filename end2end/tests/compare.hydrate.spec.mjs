import { expect, test } from "@playwright/test";
import { csv } from "./example.mjs";

async function choose(page, side, text) {
  const name = `${side.toLowerCase()}.csv`;
  await page.getByLabel(side, { exact: true }).setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
}

test("two files become a report, and nothing leaves the browser", async ({ page }) => {
  // The browser asks for the page's icon when it likes, at times after all else has come; some never do.
  const isIcon = (request) => new URL(request.url()).pathname === "/favicon.svg";
  const icon = page.context().waitForEvent("request", { predicate: isIcon, timeout: 5000 }).catch(() => null);
  await page.goto("/compare", { waitUntil: "networkidle" });
  await icon;
  const seen = [];
  page.context().on("request", (request) => seen.push(`${request.method()} ${new URL(request.url()).pathname}`));

  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await page.getByRole("button", { name: "Compare", exact: true }).click();

  const columns = page.getByRole("table", { name: "Columns", exact: true });
  const verdict = (name) =>
    columns.getByRole("row").filter({ has: page.getByRole("rowheader").filter({ hasText: name }) }).getByRole("cell").first();
  await expect(verdict("shifted")).toHaveText("Drifted");
  await expect(verdict("steady")).toHaveText("Stable");
  // The code may still be on its way; the data may never be.
  expect(seen).toContain("GET /pkg/worker.js");
  expect(seen.filter((request) => !request.startsWith("GET /pkg/"))).toEqual([]);
});

test("a file that is no table is named, with what is wrong in it", async ({ page }) => {
  await page.goto("/compare", { waitUntil: "networkidle" });
  await choose(page, "Reference", "a,b\n1,2,3,4\n");
  await choose(page, "Current", csv({ seed: 2, shift: 0 }));
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("reference.csv: ");
});

test("the example compares itself", async ({ page }) => {
  await page.goto("/compare", { waitUntil: "networkidle" });
  await page.getByRole("button", { name: "Try it with example data" }).click();
  await expect(page.getByRole("table", { name: "Columns", exact: true })).toBeVisible({ timeout: 20_000 });
});

test("how well a model did is shown side by side where the files hold what was said and what was true", async ({ page }) => {
  const table = (turned) => {
    const rows = Array.from({ length: 1000 }, (_, row) => {
      const score = ((row * 37) % 1000) / 1000;
      const truth = score > ((row * 59) % 1000) / 1000 !== row % 10 < turned;
      return `${score},${truth ? 1 : 0}`;
    });
    return `score,target\n${rows.join("\n")}\n`;
  };
  await page.goto("/compare", { waitUntil: "networkidle" });
  await choose(page, "Reference", table(0));
  await choose(page, "Current", table(3));
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByRole("button", { name: "Work it out" }).click();
  const accuracy = page.getByRole("table", { name: "Performance on both files" }).getByRole("row", { name: /^Accuracy/ });
  await expect(accuracy).toBeVisible();
  const cells = await accuracy.getByRole("cell").allTextContents();
  const [before, after] = cells.map((cell) => Number.parseFloat(cell));
  expect(before).toBeGreaterThan(after + 0.1);
});
