// The page of keys, of a service that asks for them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { PROGRAM, begin } from "../tidemark.mjs";

let folder, service, admin;

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-keys-"));
  const made = spawnSync(PROGRAM, ["keys", "create", "--role", "admin", "--name", "the first", "--data-dir", folder], { encoding: "utf8" });
  expect(made.status, made.stderr).toBe(0);
  admin = made.stdout.trim();
  service = await begin(["serve", "--require-keys", "--data-dir", folder]);
});

test.afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Signs in and lands on the page of keys. */
async function signIn(page, key) {
  await page.goto(`${service.address}keys`);
  await page.getByLabel("Key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a key is made, shown once, renewed and revoked", async ({ page, request }, { project }) => {
  const name = `dashboard of ${project.name}`;
  await signIn(page, admin);
  await expect(page.getByRole("heading", { level: 1, name: "Keys" })).toBeVisible();
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
  await expect(page.getByText("you are signed in with it")).toBeVisible();

  await page.getByLabel("Name").fill(name);
  await page.getByLabel("It may").selectOption("read: pages, reports and metrics");
  await page.getByRole("button", { name: "Make the key" }).click();
  const secret = await page.getByLabel("The key", { exact: true }).inputValue();
  expect(secret).toMatch(/^tdm_/);
  const asks = async (key) => (await request.get(`${service.address}metrics`, { headers: { authorization: `Bearer ${key}` } })).status();
  expect(await asks(secret)).toBe(200);
  await expect(row).toContainText("Valid");

  await page.goto(`${service.address}keys`);
  await expect(page.getByLabel("The key", { exact: true })).toHaveCount(0);
  expect(await page.content()).not.toContain(secret);

  await row.getByText("Change", { exact: true }).click();
  await row.getByRole("button", { name: "Make a new one in its place" }).click();
  const second = await page.getByLabel("The key", { exact: true }).inputValue();
  expect([await asks(secret), await asks(second)]).toEqual([401, 200]);

  const valid = row.filter({ hasText: "Valid" });
  await valid.getByText("Change", { exact: true }).click();
  await valid.getByRole("button", { name: "Revoke it now" }).click();
  await expect(row.filter({ hasText: "Revoked" })).toHaveCount(2);
  expect(await asks(second)).toBe(401);
});

test("the last key of an administrator stays", async ({ page }) => {
  await signIn(page, admin);
  const row = page.getByRole("row").filter({ hasText: "you are signed in with it" });
  await row.getByText("Change", { exact: true }).click();
  await row.getByRole("button", { name: "Revoke it now" }).click();
  await expect(page.getByRole("alert")).toContainText("the last key of an administrator");
  await page.goto(`${service.address}keys`);
  await expect(row).toContainText("Valid");
});

test("who may only read is told why the page stays shut", async ({ page }) => {
  const made = spawnSync(PROGRAM, ["keys", "create", "--role", "read", "--data-dir", folder], { encoding: "utf8" });
  // The service reads what the command line changed every second.
  await expect(async () => {
    await page.context().clearCookies();
    await signIn(page, made.stdout.trim());
    await expect(page.getByText("this takes a key of the role admin")).toBeVisible({ timeout: 1_000 });
  }).toPass();
});
