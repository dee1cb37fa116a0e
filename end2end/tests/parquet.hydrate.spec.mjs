import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { choose, columnsTable, compare, quiet } from "./lab.mjs";

const fixture = (name) => ({ path: fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)) });

/** The report on the page, as it can be downloaded. */
async function report(page) {
  await expect(columnsTable(page)).toBeVisible({ timeout: 20_000 });
  await page.getByText("Download", { exact: true }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  const path = await (await coming).path();
  return JSON.parse(readFileSync(path, "utf8"));
}

for (const packing of ["snappy", "gzip", "zstd", "lz4", "none"]) {
  test(`Parquet packed with ${packing} gives the report that the same rows give as CSV`, async ({ page }) => {
    await quiet(page);
    await choose(page, "Reference", fixture("reference.csv"));
    await choose(page, "Current", fixture("current.csv"));
    await compare(page);
    const ofCsv = await report(page);

    await page.goto("/compare", { waitUntil: "networkidle" });
    await choose(page, "Reference", fixture("reference.parquet"));
    await choose(page, "Current", fixture(`current-${packing}.parquet`));
    await expect(page.getByLabel("Type of amount")).toBeAttached();
    await compare(page);
    await expect(page.getByText(`current-${packing}.parquet held against reference.parquet`)).toBeVisible();
    const ofParquet = await report(page);
    expect(ofParquet.current.rows).toBe(600);
    expect(ofParquet.columns).toEqual(ofCsv.columns);
    expect(ofParquet.current.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
}

for (const [file, words] of [
  ["brotli.parquet", "packed with BROTLI, which cannot be unpacked here"],
  ["nested.parquet", 'column "tags" holds lists or records'],
  ["encrypted.parquet", "encrypted"],
]) {
  test(`${file} is refused in plain words`, async ({ page }) => {
    await quiet(page);
    await choose(page, "Reference", fixture("reference.parquet"));
    await choose(page, "Current", fixture(file));
    await expect(page.getByRole("alert")).toContainText(file);
    await expect(page.getByRole("alert")).toContainText(words);
  });
}

test("a Parquet file that was cut says so", async ({ page }) => {
  await quiet(page);
  const whole = readFileSync(fixture("reference.parquet").path);
  await choose(page, "Reference", fixture("reference.parquet"));
  await page.getByLabel("Current", { exact: true })
    .setInputFiles({ name: "cut.parquet", mimeType: "application/octet-stream", buffer: whole.subarray(0, 9000) });
  await expect(page.getByRole("alert")).toContainText("cut.parquet: this is no whole Parquet file");
});

test("where there is a column of times the values are shown over time", async ({ page }) => {
  await quiet(page);
  await choose(page, "Reference", fixture("reference.parquet"));
  await choose(page, "Current", fixture("current-zstd.parquet"));
  await compare(page);
  await columnsTable(page).getByRole("link", { name: "amount" }).click();
  const figure = page.getByRole("figure").filter({ hasText: "Over time" });
  await expect(figure).toContainText("By at, in periods of equal length");
  await expect(figure.locator(".tm-ridge-ref")).toHaveCount(8);
  await figure.getByText("As a table").click();
  await expect(figure.getByRole("rowheader", { name: "Reference from 2026-01-02", exact: true })).toBeVisible();
});
