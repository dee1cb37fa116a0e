// A model of its own, whose truth turns after a while: what the page says before labels come, and once they have.
import { expect, test } from "@playwright/test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generator } from "./example.mjs";
import { complaints } from "./pages.mjs";
import { PROGRAM, begin } from "../tidemark.mjs";

const WINDOW = 500;
const WINDOWS = 12;
// From this row on six of ten truths are the other way round.
const TURNED = 6 * WINDOW;

/** Rows of two features; the first one says how likely the truth is, but for those that are turned. */
function rows(seed, count, turned) {
  const random = generator(seed);
  return Array.from({ length: count }, (_, row) => {
    const [x1, x2] = [random(), random()];
    const truth = random() < 0.1 + 0.8 * x1 !== (row >= turned && random() < 0.6);
    return { x1, x2, y: truth ? 1 : 0 };
  });
}

test.describe.configure({ mode: "serial" });

let service;
let folder;

const at = (path) => new URL(path, service.address).href;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  folder = mkdtempSync(join(tmpdir(), "tidemark-performance-"));
  const training = join(folder, "training.csv");
  const lines = rows(1, 6000, Infinity).map(({ x1, x2, y }) => `${x1},${x2},${y}`);
  writeFileSync(training, `x1,x2,y\n${lines.join("\n")}\n`);
  const model = join(folder, "loans.tidemark");
  const trained = spawnSync(PROGRAM, ["train", training, "--target", "y", "--trees", "20", "--max-depth", "6", "--out", model]);
  expect(trained.status, trained.stderr?.toString()).toBe(0);
  service = await begin(["serve", "--model", model, "--data-dir", join(folder, "data"), "--window", `${WINDOW}`, "--min-window", "100"]);

  const asked = rows(2, WINDOW * WINDOWS, TURNED);
  const post = async (path, body) => {
    const answer = await fetch(at(path), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.clone().text()).toBe(200);
    return answer.json();
  };
  for (let first = 0; first < asked.length; first += WINDOW) {
    const batch = asked.slice(first, first + WINDOW);
    const { ids } = await post("/predict_batch", { rows: batch.map(({ x1, x2 }) => ({ x1, x2 })) });
    // The last two windows still wait for their labels.
    if (first < WINDOW * (WINDOWS - 2)) {
      await post("/api/v1/models/loans/labels", ids.map((id, place) => ({ id, label: batch[place].y })));
    }
  }
  await expect(async () => {
    const answer = await fetch(at("/api/v1/models/loans/performance"));
    const { windows } = await answer.json();
    expect(windows.filter((window) => window.n_labelled === WINDOW)).toHaveLength(WINDOWS - 2);
  }).toPass({ timeout: 30_000 });
});

test.afterAll(async () => {
  await service?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const open = (page, query = "") => page.goto(at(`/performance?model=loans${query}`));

test("the first sentence says how it stands, and the curves and the split show why", async ({ page }) => {
  const heard = complaints(page);
  await open(page, "&metric=accuracy");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Performance");
  const verdict = page.getByRole("region", { name: "Verdict" });
  await expect(verdict).toContainText(/Accuracy is .*0\.\d/);
  await expect(verdict).toContainText("The band held what came in 6 of 10 windows");
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.locator("circle")).toHaveCount(WINDOWS - 2);
  await expect(timeline.locator("circle.tm-mark--worse")).toHaveCount(4);
  for (const curve of [".tm-band", ".tm-estimated", ".tm-realised"]) {
    expect((await timeline.locator(curve).first().getAttribute("d")).length).toBeGreaterThan(40);
  }
  await expect(page.getByText(/In the latest labelled window Accuracy differs .* more than chance makes/)).toBeVisible();
  await expect(page.getByRole("region", { name: "Split of the change" }).locator(".tm-inputs")).toHaveCount(WINDOWS - 2);
  await expect(page.getByRole("cell", { name: "anytime-valid watch" }).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Where it errs" })).toContainText(/positive rows are found [\d.]+ times as often/);
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  expect(content, "it scrolls sideways").toBeLessThanOrEqual(screen);
  expect(heard).toEqual([]);
});

test("a figure is chosen in the address", async ({ page }) => {
  await open(page);
  await page.getByRole("navigation", { name: "Figure" }).getByRole("link", { name: "Recall" }).click();
  await page.waitForURL(/metric=recall/);
  await expect(page.getByRole("heading", { name: "Recall in every window" })).toBeVisible();
});

test("what rows are worth decides the best threshold", async ({ page }) => {
  await open(page, "&metric=accuracy");
  await page.getByLabel("False alarm").fill("-20");
  await page.getByLabel("Threshold to try").fill("0.5");
  await page.getByRole("button", { name: "Work it out" }).click();
  await page.waitForURL(/false_positive=-20/);
  await expect(page.getByLabel("False alarm")).toHaveValue("-20");
  await expect(page.getByText("At 0.5")).toBeVisible();
  await expect(page.getByText(/^Best threshold: /)).toBeVisible();
});

test("detectors are tried on the model's own errors, and another change can be chosen", async ({ page }) => {
  const heard = complaints(page);
  await open(page, "&metric=accuracy");
  await page.getByRole("link", { name: "Try which detector suits this model" }).click();
  await page.waitForURL(/\/detectors\?model=loans/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Which detector suits it");
  await expect(page.getByText(/20 runs, each of 1,000 events .*: 20\.0% of the zeros become one/)).toBeVisible();
  const adwin = page.getByRole("row", { name: /^ADWIN / });
  await expect(adwin).toBeVisible();
  await page.getByLabel("Series").selectOption("x1");
  await page.locator("select[name=change]").selectOption("shift");
  await page.getByLabel("Of what size").fill("2");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.waitForURL(/series=feature\.x1/);
  await expect(page.getByText(/every number grows by 2 standard deviations/)).toBeVisible();
  await expect(page.getByLabel("Series")).toHaveValue("feature.x1");
  await expect(page.getByRole("row", { name: /^DDM / })).toHaveCount(0);
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  expect(content, "it scrolls sideways").toBeLessThanOrEqual(screen);
  expect(heard).toEqual([]);
});
