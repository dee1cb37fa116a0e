// The performance page on data that others made: a change that only labels show, and one that is seen before they come.
// The files are for tests alone, and are not part of the project: without them these tests are skipped.
import { expect, test } from "@playwright/test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { complaints } from "./pages.mjs";
import { PROGRAM, begin } from "../tidemark.mjs";

const DATA = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** The header and the rows of a packed CSV file without quotes. */
function table(name) {
  const [header, ...rows] = gunzipSync(readFileSync(join(DATA, name))).toString().trim().split("\n");
  return { names: header.split(","), rows: rows.map((row) => row.split(",")) };
}

const csv = (header, rows) => [header, ...rows].map((row) => row.join(",")).join("\n") + "\n";

/** A service whose data lie in a folder of its own. */
function serve(folder, args) {
  return begin(["serve", "--data-dir", join(folder, "data"), "--min-window", "100", ...args]);
}

async function post(service, path, body, type = "text/csv") {
  const answer = await fetch(new URL(path, service.address), { method: "POST", headers: { "content-type": type }, body });
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return answer.json();
}

/** Waits until so many windows have all their labels. */
async function labelled(service, model, n_windows, n_rows) {
  await expect(async () => {
    const answer = await fetch(new URL(`/api/v1/models/${model}/performance`, service.address));
    const { windows } = await answer.json();
    expect(windows.filter((window) => window.n_labelled === n_rows)).toHaveLength(n_windows);
  }).toPass({ timeout: 60_000 });
}

test("Elec2: the relation changes, realised accuracy and detectors show it, and the estimate does not", async ({ page }) => {
  test.skip(!existsSync(join(DATA, "elec2.csv.gz")), "skipped: ../shared/data/elec2.csv.gz is not there");
  test.setTimeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "tidemark-elec2-"));
  const { names, rows } = table("elec2.csv.gz");
  const features = names.filter((name) => name !== "class");
  writeFileSync(join(folder, "training.csv"), csv(names, rows.slice(0, 10_000)));
  const model = join(folder, "elec2.tidemark");
  const trained = spawnSync(PROGRAM, ["train", join(folder, "training.csv"), "--target", "class", "--trees", "50", "--out", model]);
  expect(trained.status, trained.stderr?.toString()).toBe(0);
  const service = await serve(folder, ["--model", model, "--window", "2000"]);
  try {
    for (let first = 10_000; first < 40_000; first += 2_000) {
      const batch = rows.slice(first, first + 2_000).map((row) => row.map(Number));
      const asked = batch.map((row) => Object.fromEntries(features.map((name, place) => [name, row[place]])));
      const { ids } = await post(service, "/predict_batch", JSON.stringify({ rows: asked }), "application/json");
      const truths = ids.map((id, place) => ({ id, label: batch[place][features.length] }));
      await post(service, "/api/v1/models/elec2/labels", JSON.stringify(truths), "application/json");
    }
    await labelled(service, "elec2", 15, 2_000);
    const heard = complaints(page);
    await page.goto(new URL("/performance?model=elec2&metric=accuracy", service.address).href);
    await expect(page.getByRole("region", { name: "Verdict" })).toContainText(/Accuracy is/);
    const timeline = page.getByRole("region", { name: "Timeline" });
    await expect(timeline.locator("circle")).toHaveCount(15);
    expect(await timeline.locator("circle.tm-mark--worse").count()).toBeGreaterThanOrEqual(4);
    await expect(page.getByRole("region", { name: "Split of the change" }).locator(".tm-relation")).toHaveCount(15);
    for (const detector of ["anytime-valid watch", "ADWIN", "PageHinkley"]) {
      await expect(page.getByRole("cell", { name: detector }).first()).toBeVisible();
    }
    expect(heard).toEqual([]);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, "elec2.png"), fullPage: true });
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("car loans: estimated and realised ROC AUC fall together, and the band holds", async ({ page }) => {
  const part = (name) => `nannyml/synthetic_car_loan_${name}.csv.gz`;
  test.skip(!existsSync(join(DATA, part("reference"))), "skipped: ../shared/data/nannyml is not there");
  test.setTimeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "tidemark-loans-"));
  const [reference, current, truths] = ["reference", "analysis", "analysis_target"].map((name) => table(part(name)));
  const renamed = ({ names }) => names.map((name) => ({ y_pred: "prediction", y_pred_proba: "score" })[name] ?? name);
  // What the log calls a timestamp is RFC 3339; these rows come in their order.
  const timeless = ({ names, rows }) => {
    const keep = names.map((name) => name !== "timestamp");
    const kept = (row) => row.filter((_, place) => keep[place]);
    return { header: kept(renamed({ names })), rows: rows.map(kept) };
  };
  const service = await serve(folder, ["--window", "5000"]);
  try {
    const known = timeless(reference);
    await post(service, "/api/v1/models/loans/reference?target=repaid&ignore=id", csv(known.header, known.rows));
    const said = timeless(current);
    for (let first = 0; first < said.rows.length; first += 10_000) {
      await post(service, "/api/v1/models/loans/predictions", csv(said.header, said.rows.slice(first, first + 10_000)));
      const labels = truths.rows.slice(first, first + 10_000);
      await post(service, "/api/v1/models/loans/labels", csv(["id", "label"], labels));
    }
    await labelled(service, "loans", 10, 5_000);
    const answer = await (await fetch(new URL("/api/v1/models/loans/performance", service.address))).json();
    const band = answer.bands.find((bands) => bands.metric === "roc_auc").bands;
    expect(band).toMatchObject({ n_windows: 10, n_held: 10 });
    await page.goto(new URL("/performance?model=loans&metric=roc_auc", service.address).href);
    await expect(page.getByText("The band held what came in 10 of 10 windows")).toBeVisible();
    const timeline = page.getByRole("region", { name: "Timeline" });
    await expect(timeline.locator("circle")).toHaveCount(10);
    // NannyML alerts in the last five chunks, by the estimate and by the labels.
    await expect(timeline.locator("circle.tm-mark--worse")).toHaveCount(5);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, "loans.png"), fullPage: true });
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
