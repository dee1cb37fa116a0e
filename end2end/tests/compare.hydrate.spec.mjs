import { expect, test } from "@playwright/test";
import { choose, columnsTable, compare, kept, quiet, verdictOf } from "./lab.mjs";
import { csv } from "./example.mjs";
import { ready } from "./pages.mjs";

test("two files become a report, and no request is made from the moment they are there", async ({ page }) => {
  await quiet(page);
  const seen = [];
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  page.context().on("request", (request) => seen.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await compare(page);

  await expect(verdictOf(page, "shifted")).toHaveText("Drifted");
  await expect(verdictOf(page, "steady")).toHaveText("Stable");
  await columnsTable(page).getByRole("link", { name: "shifted" }).click();
  await expect(page.getByRole("heading", { name: "shifted" })).toBeVisible();
  // The worker and what draws a large chart are scripts, fetched when they are needed, and the browser looks for the icon of its tab when it
  // likes; data have no way out.
  const scripts = ["GET /pkg/worker.js", "GET /pkg/parquet.js", "GET /pkg/echarts.js", "GET /favicon.svg"];
  expect(seen.filter((request) => !scripts.includes(request))).toEqual([]);
});

test("while files are open neither the page nor its worker can ask anybody anything", async ({ page }, { project }) => {
  await quiet(page);
  const ask = () => fetch("/health").then(() => "answered", () => "refused");
  expect(await page.evaluate(ask)).toBe("answered");
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await compare(page);
  await expect(columnsTable(page)).toBeVisible();
  expect(await page.evaluate(ask)).toBe("refused");
  const [worker] = page.workers();
  expect(await worker.evaluate(ask)).toBe("refused");
  expect(await worker.evaluate(() => import("/pkg/echarts.js").then(() => "loaded", () => "refused"))).toBe("refused");

  // Other pages are new documents, which may ask again.
  if (project.name === "phone") await page.getByText("Menu", { exact: true }).click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Reports" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Reports" })).toBeVisible();
  expect(await page.evaluate(ask)).toBe("answered");
});

test("files that are opened at once wait for every part of the page that they may take", async ({ page }) => {
  // As from a service that is far away.
  await page.route("**/*.part?*", async (route) => {
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    await route.continue();
  });
  await page.goto("/compare");
  await ready(page);
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await compare(page);
  await columnsTable(page).getByRole("link", { name: "shifted" }).click();
  await expect(page.getByRole("heading", { name: "shifted" })).toBeVisible();
  await expect(page.locator(".column-panel .chart--drawn")).toBeVisible();

  // Where the palette leads is a new document.
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Go to a page/ }).fill("reports");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Reports" })).toBeVisible();
});

test("a file that is no table is named, with what is wrong in it", async ({ page }) => {
  await quiet(page);
  await choose(page, "Reference", "a,b\n1,2,3,4\n");
  await choose(page, "Current", csv({ seed: 2, shift: 0 }));
  await expect(page.getByRole("alert")).toContainText("reference.csv: line 2 has 4 cells where the header has 2");
  await expect(page.getByRole("button", { name: "Compare", exact: true })).toBeDisabled();
  // Another file in its place, and all is well.
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await compare(page);
  await expect(columnsTable(page)).toBeVisible();
});

for (const [what, content, words] of [
  ["an empty file", "", "reference.csv: the file is empty"],
  ["a header without rows", "a,b\n", "reference.csv: there is a header, and no row below it"],
  ["a spreadsheet", "PK\u0003\u0004 and so on", "reference.csv: this is a ZIP archive or a spreadsheet"],
  ["other columns", "x,y\n1,2\n3,4\n", "the files have no column in common"],
]) {
  test(`${what} is refused in plain words`, async ({ page }) => {
    await quiet(page);
    await choose(page, "Reference", content);
    await choose(page, "Current", csv({ seed: 2, shift: 0 }));
    const button = page.getByRole("button", { name: "Compare", exact: true });
    await expect(page.getByRole("alert").or(page.getByText("First values"))).not.toHaveCount(0);
    if (await button.isEnabled()) await button.click();
    await expect(page.getByRole("alert")).toContainText(words);
  });
}

test("the example compares itself, without a request", async ({ page }) => {
  await quiet(page);
  await page.getByRole("button", { name: "Try it with example data" }).click();
  await expect(columnsTable(page)).toBeVisible({ timeout: 20_000 });
});

test("types and roles are guessed, and what a person says goes before them", async ({ page }) => {
  await quiet(page);
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await expect(page.getByLabel("Type of shifted").locator("option").first()).toHaveText("numerical (guessed)");
  await expect(page.getByLabel("Type of kind").locator("option").first()).toHaveText("categorical (guessed)");
  await page.getByLabel("Role of steady").selectOption("Ignore");
  await page.getByLabel("Role of shifted").selectOption("Prediction");
  await compare(page);
  await expect(page.getByRole("heading", { name: "Prediction drift" })).toBeVisible();
  await expect(columnsTable(page).getByRole("rowheader", { name: "steady" })).toHaveCount(0);
  await expect(columnsTable(page).getByRole("rowheader", { name: "kind" })).toHaveCount(1);
});

test("a slider turns a verdict while it moves, and the address keeps where it stands", async ({ page }) => {
  await quiet(page);
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 0.5 }));
  await compare(page);
  await columnsTable(page).getByRole("link", { name: "shifted" }).click();
  await page.getByText("What if", { exact: true }).click();
  const answer = page.locator(".what-if__answer");
  await expect(answer).toContainText("Calibrated");
  await expect(answer.getByText("Drifted")).toHaveCount(2);
  const slider = page.getByRole("slider", { name: "Calibrated: smallest effect that matters" });
  await slider.press("End");
  await expect(answer).toContainText("instead of drifted");
  await expect(page).toHaveURL(/minimum=0\.5/);

  // Each step of a slider is answered before the next frame but one.
  const bins = page.getByRole("slider", { name: "Bins" });
  await bins.focus();
  await bins.press("Home");
  await expect(page.locator(".column-panel .chart__svg").first().locator("path.tm-ref")).toHaveCount(1);
  await expect(page).toHaveURL(/bins=2&/);

  // The report is kept, and so is the question; without the files it is answered from the report.
  await kept(page);
  await page.reload();
  await expect(answer).toContainText("instead of drifted");
  await page.getByRole("button", { name: "As in the report" }).click();
  await expect(answer).not.toContainText("instead of");
  await expect(page).not.toHaveURL(/minimum/);
});

test("a long table has pages, which the address keeps and the keys turn", async ({ page }) => {
  const names = Array.from({ length: 90 }, (_, column) => `c${String(column).padStart(2, "0")}`);
  const table = (shift) => `${names.join(",")}\n${Array.from({ length: 60 }, (_, row) => names.map((_, column) => (row * (column + 7)) % 53 + shift).join(",")).join("\n")}\n`;
  await quiet(page);
  await choose(page, "Reference", table(0));
  await choose(page, "Current", table(9));
  await compare(page);
  const pages = page.getByRole("navigation", { name: "Pages of columns" });
  const headers = columnsTable(page).getByRole("rowheader");
  await columnsTable(page).getByRole("link", { name: "Column", exact: true }).click();
  await expect(pages).toHaveText("1 to 40 of 90Next");
  await expect(headers).toHaveCount(40);

  await pages.getByRole("link", { name: "Next" }).click();
  await expect(pages).toHaveText("Previous41 to 80 of 90Next");
  await expect(headers.first()).toContainText("c40");
  expect(new URL(page.url()).searchParams.get("page")).toBe("2");
  await page.goBack();
  await expect(headers.first()).toContainText("c00");
  await page.goForward();
  await expect(headers.first()).toContainText("c40");

  // What is open stays in sight when the keys go beyond the page, and the page stays when it closes.
  await columnsTable(page).getByRole("link", { name: "c79", exact: true }).click();
  await expect(page.getByRole("region", { name: "c79" })).toBeVisible();
  await expect(headers).toHaveCount(40);
  await page.keyboard.press("j");
  await expect(page.getByRole("region", { name: "c80" })).toBeVisible();
  await expect(headers).toHaveCount(10);
  await page.keyboard.press("Escape");
  await expect(pages).toHaveText("Previous81 to 90 of 90");
  await expect(columnsTable(page).getByRole("link", { name: "c80", exact: true })).toBeFocused();

  await page.getByLabel("Filter columns by name").fill("c1");
  await expect(headers).toHaveCount(10);
  await expect(pages).toBeHidden();
});

test("the last session comes back after a reload, and can be wiped", async ({ page }) => {
  await quiet(page);
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await compare(page);
  await expect(columnsTable(page)).toBeVisible();
  await kept(page);
  await page.reload();
  await expect(verdictOf(page, "shifted")).toHaveText("Drifted");
  await expect(page.getByText("kept from")).toBeVisible();
  // The files are there too, and can be compared anew.
  await page.getByRole("button", { name: "Compare again" }).click();
  await expect(page.getByText(/values in \d/)).toBeVisible();
  await page.getByRole("button", { name: "Wipe" }).click();
  await expect(columnsTable(page)).toHaveCount(0);
  await page.reload();
  await expect(page.getByText("What it takes")).toBeVisible();
  await page.waitForLoadState("networkidle");
  await expect(columnsTable(page)).toHaveCount(0);
});

test("the report can be had in every form", async ({ page }) => {
  await quiet(page);
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await compare(page);
  await page.getByText("Download", { exact: true }).click();
  for (const [name, file, begins] of [
    ["HTML, one file", "tidemark-report.html", "<!DOCTYPE html>"],
    ["JSON", "tidemark-report.json", "{"],
    ["Markdown", "tidemark-report.md", "**"],
    ["Text", "tidemark-report.txt", ""],
    ["CSV, a line per column", "tidemark-report.csv", "column"],
    ["JUnit XML", "tidemark-report.xml", "<?xml"],
  ]) {
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name, exact: true }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe(file);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    expect(text.toLowerCase().startsWith(begins.toLowerCase()), text.slice(0, 80)).toBe(true);
    expect(text).toContain("shifted");
  }
});

test("a cancelled comparison leaves no worker behind", async ({ page }) => {
  await quiet(page);
  // Large enough that it is still being read when the button is found.
  const large = csv({ seed: 1, shift: 0, rows: 600_000 });
  await choose(page, "Reference", large);
  await choose(page, "Current", large);
  await compare(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Cancel" })).toHaveCount(0);
  await expect.poll(() => page.workers().length).toBe(0);
  await expect(columnsTable(page)).toHaveCount(0);
});

test("after the first visit it works without a network", async ({ page, context }) => {
  await quiet(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(() => caches.match("/compare").then(Boolean))).toBe(true);
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Compare two files");
  await choose(page, "Reference", csv({ seed: 1, shift: 0 }));
  await choose(page, "Current", csv({ seed: 2, shift: 1.5 }));
  await compare(page);
  await expect(verdictOf(page, "shifted")).toHaveText("Drifted");
  await context.setOffline(false);
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
  await quiet(page);
  await choose(page, "Reference", table(0));
  await choose(page, "Current", table(3));
  await compare(page);
  await page.getByRole("button", { name: "Work it out" }).click();
  const accuracy = page.getByRole("table", { name: "Performance on both files" }).getByRole("row", { name: /^Accuracy/ });
  await expect(accuracy).toBeVisible();
  const cells = await accuracy.getByRole("cell").allTextContents();
  const [before, after] = cells.map((cell) => Number.parseFloat(cell));
  expect(before).toBeGreaterThan(after + 0.1);
});
