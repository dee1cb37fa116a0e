// The pages in a real Chromium, against a Tidemark that is started for the tests. Run by scripts/end2end.
import { defineConfig } from "@playwright/test";

const inCi = process.env.CI === "true";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./tidemark.mjs",
  forbidOnly: inCi,
  // A test that needs a second try is a test to repair.
  retries: 0,
  workers: 2,
  // Long enough for a machine that does other things, too.
  timeout: 60_000,
  expect: { timeout: 20_000 },
  reporter: [["list"], ["./summary.mjs"]],
  use: {
    // tidemark.mjs sets it before the tests load this file again.
    baseURL: process.env.BASE_URL,
    browserName: "chromium",
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      // The sandbox needs rights that containers withhold; the pages under test are our own.
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
    trace: "retain-on-failure",
  },
  projects: [
    { name: "desktop", use: { viewport: { width: 1440, height: 900 } } },
    {
      name: "desktop without JavaScript",
      use: { viewport: { width: 1440, height: 900 }, javaScriptEnabled: false },
      testIgnore: /.*hydrate.*/,
    },
    { name: "phone", use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  ],
});
