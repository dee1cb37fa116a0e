// How soon a page is there, and that it answers all the time. Milliseconds of the thread's own clock where a bar has to hold on a machine
// that does other things, too; docs/pages.md has those of the wall, on one that does not.
import { expect, test } from "@playwright/test";
import { writeFileSync } from "node:fs";
import { choose, columnsTable, compare, quiet } from "./lab.mjs";
import { generator } from "./example.mjs";
import { tasksDuring, traced } from "./main_thread.mjs";
import { openLatestReport, ready } from "./pages.mjs";

// The aim is 50, and 47 is the longest that was seen; where others have the caches, the same work takes longer by any clock.
const LONG_MS = 75;
// The report of ten thousand columns has sixty megabytes, which come over from the worker in one piece.
const LONG_WHILE_IT_COMES_MS = 300;
const COLUMNS = 31;

/** A table, if nothing is said as wide as the one of card frauds. One column in five moves by `shift`. */
function wide(seed, shift, rows = 20_000, columns = COLUMNS) {
  const random = generator(seed);
  const normal = () => random() + random() + random() - 1.5;
  const line = () => Array.from({ length: columns }, (_, column) => (normal() + (column % 5 === 0 ? shift : 0)).toFixed(5)).join(",");
  const header = Array.from({ length: columns }, (_, column) => `V${column}`).join(",");
  return `${header}\n${Array.from({ length: rows }, line).join("\n")}\n`;
}

/** As files: a content that is handed over is put together on the page's own thread. */
function files(info, ...contents) {
  return contents.map((content, side) => {
    const path = info.outputPath(`${side}.csv`);
    writeFileSync(path, content);
    return { path };
  });
}

/** Has two files compared: what the main thread worked on until all of the report was drawn. */
async function tasksUntilDrawn(opened, [reference, current]) {
  const { page } = opened;
  await quiet(page);
  return tasksDuring(opened, async () => {
    await choose(page, "Reference", reference);
    await choose(page, "Current", current);
    await compare(page);
    await expect(page.getByRole("heading", { name: "How well a model did on both" })).toBeVisible({ timeout: 60_000 });
  });
}

test("from the files to the drawn report no task holds the lab up", async ({ baseURL, viewport }, info) => {
  const both = files(info, wide(1, 0), wide(2, 0.5));
  const opened = await traced(baseURL, viewport);
  const { browser, page } = opened;
  try {
    const tasks = await tasksUntilDrawn(opened, both);
    await expect(columnsTable(page).getByRole("rowheader")).toHaveCount(COLUMNS);
    expect(tasks.length, "the trace is one of this page").toBeGreaterThan(50);
    expect(tasks.filter(({ busy }) => busy > LONG_MS)).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("a table of ten thousand columns does not hold up who filters, sorts, turns its pages or opens a column", async ({ baseURL, viewport }, info) => {
  test.setTimeout(120_000);
  const MANY = 10_000;
  const both = files(info, wide(3, 0, 100, MANY), wide(4, 0.5, 100, MANY));
  const opened = await traced(baseURL, viewport);
  const { browser, page } = opened;
  const words = page.getByRole("navigation", { name: "Pages of columns" });
  const steps = {
    filters: async () => {
      await page.getByLabel("Filter columns by name").pressSequentially("V99", { delay: 100 });
      await expect(words).toHaveText(/1 to 40 of 111/);
    },
    "takes the filter away": async () => {
      await page.getByLabel("Filter columns by name").fill("");
      await expect(words).toHaveText(/1 to 40 of 10,000/);
    },
    sorts: async () => {
      await columnsTable(page).getByRole("link", { name: "Column", exact: true }).click();
      await expect(columnsTable(page).getByRole("rowheader").first()).toContainText("V0");
    },
    "turns the page": async () => {
      await words.getByRole("link", { name: "Next" }).click();
      await expect(words).toHaveText(/41 to 80 of 10,000/);
    },
    "opens a column": async () => {
      await columnsTable(page).getByRole("link", { name: "V1040", exact: true }).click();
      await expect(page.getByRole("region", { name: "V1040" })).toBeVisible();
    },
  };
  try {
    const loading = await tasksUntilDrawn(opened, both);
    const taken = {};
    for (const [step, work] of Object.entries(steps)) {
      const [longest] = await tasksDuring(opened, work);
      taken[step] = longest.busy;
    }
    info.annotations.push({ type: "longest tasks, ms", description: JSON.stringify({ ...taken, loads: loading[0].busy }) });
    expect(loading[0].busy).toBeLessThan(LONG_WHILE_IT_COMES_MS);
    expect(Object.entries(taken).filter(([, busy]) => busy > LONG_MS)).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("a page is painted, and takes clicks, without a task that holds it up", async ({ page: other, baseURL, viewport }) => {
  await openLatestReport(other);
  const report = new URL(other.url()).pathname;
  for (const path of ["/", report, "/compare"]) {
    const opened = await traced(baseURL, viewport);
    const { browser, page } = opened;
    try {
      const tasks = await tasksDuring(opened, async () => {
        await page.goto(path);
        await ready(page);
      });
      const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint").length);
      expect(painted, path).toBe(1);
      expect(tasks.length, path).toBeGreaterThan(10);
      expect(tasks.filter(({ busy }) => busy > LONG_MS), path).toEqual([]);
    } finally {
      await browser.close();
    }
  }
});
