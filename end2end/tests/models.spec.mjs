// Two models beside each other: one that does worse since its truth turned, and one that nobody has asked anything.
import { expect, test } from "@playwright/test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generator } from "./example.mjs";
import { complaints } from "./pages.mjs";
import { PROGRAM, begin } from "../tidemark.mjs";

const WINDOW = 300;
const WINDOWS = 6;
const TURNED = 3 * WINDOW;

test.describe.configure({ mode: "serial" });

let service;
let folder;

const at = (path) => new URL(path, service.address).href;
const models = (page) => page.getByRole("list", { name: "Models" }).getByRole("listitem");

/** Rows of two features; the first one says how likely the truth is, but for those that are turned. */
function rows(seed, count, turned) {
  const random = generator(seed);
  return Array.from({ length: count }, (_, row) => {
    const [x1, x2] = [random(), random()];
    return { x1, x2, y: random() < 0.1 + 0.8 * x1 !== row >= turned ? 1 : 0 };
  });
}

test.beforeAll(async () => {
  test.setTimeout(120_000);
  folder = mkdtempSync(join(tmpdir(), "tidemark-models-"));
  const training = join(folder, "training.csv");
  writeFileSync(training, `x1,x2,y\n${rows(1, 6000, Infinity).map(({ x1, x2, y }) => `${x1},${x2},${y}`).join("\n")}\n`);
  const files = ["quiet", "loans"].map((name) => join(folder, `${name}.tidemark`));
  for (const file of files) {
    const trained = spawnSync(PROGRAM, ["train", training, "--target", "y", "--trees", "10", "--max-depth", "4", "--out", file]);
    expect(trained.status, trained.stderr?.toString()).toBe(0);
  }
  const chosen = files.flatMap((file) => ["--model", file]);
  service = await begin(["serve", ...chosen, "--data-dir", join(folder, "data"), "--window", `${WINDOW}`, "--min-window", "100", "--interval", "1"]);
  const asked = rows(2, WINDOW * WINDOWS, TURNED);
  for (let first = 0; first < asked.length; first += WINDOW) {
    const batch = asked.slice(first, first + WINDOW);
    const { ids } = await post("/api/v1/models/loans/predict", { rows: batch.map(({ x1, x2 }) => ({ x1, x2 })) });
    await post("/api/v1/models/loans/labels", ids.map((id, place) => ({ id, label: batch[place].y })));
  }
});

test.afterAll(async () => {
  await service?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function post(path, body) {
  const answer = await fetch(at(path), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return answer.json();
}

/** Opens the overview once the service has looked at the windows. */
async function open(page) {
  await expect(async () => {
    await page.goto(at("/"));
    await expect(models(page).first()).toContainText("Does worse", { timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
}

test("all models are there, the worst first, each with a sentence", async ({ page }) => {
  const heard = complaints(page);
  await open(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Models");
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("1 of 2 models is not fine");
  await expect(models(page).getByRole("heading", { level: 2 })).toHaveText(["loans", "quiet"]);
  const [worst, other] = [models(page).nth(0), models(page).nth(1)];
  await expect(worst).toContainText(/since/);
  await expect(worst).toContainText(/ROC AUC is 0\.\d+, where below 0\.\d+ counts as worse; .* of 2 columns drifted/);
  await expect(worst.getByRole("img", { name: /of the latest \d+ comparisons? drifted/ })).toBeVisible();
  await expect(other).toContainText("The first comparison needs 100 rows, of which 0 came.");
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  expect(content, "the page scrolls sideways").toBeLessThanOrEqual(screen);
  expect(heard).toEqual([]);
});

test("a line leads to its model, and that back to all", async ({ page }) => {
  await open(page);
  await models(page).getByRole("link", { name: "loans" }).click();
  await page.waitForURL(/\/\?model=loans$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("loans");
  await expect(page.getByRole("link", { name: "Open the report" })).toBeVisible();
  await page.getByRole("link", { name: "All models" }).click();
  await expect(models(page)).toHaveCount(2);
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("loans");
});

test("what is asked of a model shows without a reload", async ({ page }, { project }) => {
  test.skip(project.name.includes("without"), "it takes a script");
  await open(page);
  const quiet = models(page).filter({ has: page.getByRole("heading", { name: "quiet" }) });
  await expect(quiet).toContainText(/of which \d+ came/);
  const before = await quiet.innerText();
  await post("/api/v1/models/quiet/predict", { rows: rows(3, 5, Infinity).map(({ x1, x2 }) => ({ x1, x2 })) });
  await expect.poll(() => quiet.innerText()).not.toBe(before);
});
