// What the main pages are to those who hear them: landmarks, headings, names, in their order. Numbers move, so patterns stand for them.
import { expect, test } from "@playwright/test";
import { openLatestReport, ready } from "./pages.mjs";

/** How long a page is waited for that the service computes while the whole suite runs beside it. */
const COMPUTED = { timeout: 20_000 };

const PAGES = {
  "/": `
    - main:
      - heading "card-fraud" [level=1]
      - paragraph:
        - link "How well it does"
      - region "Verdict":
        - paragraph: /^(Drifted|Some drift|No drift|Not enough data yet)$/
        - paragraph: /of 30 columns/
        - link "Open the report"
        - button "Check now"
      - term: Predictions per second
      - definition:
        - img "Predictions in each of the last sixty seconds"
      - term: Predictions
      - term: Share of positives
      - term: Drifted columns
      - term: Performance
      - figure /Share of drifted columns in each comparison/:
        - heading "Drift over time" [level=2]
        - group "Deploys and alerts"
        - group "Drift over time":
          - link /\\d+ of 30 columns drifted/
        - spinbutton "Rows"
        - spinbutton "to"
        - button "Compare with the rows before"
      - region "Latest comparisons":
        - heading "Latest comparisons" [level=2]
        - link "All reports"
        - table
  `,
  "/models": `
    - main:
      - heading "Models" [level=1]
      - region "Verdict":
        - link "Monitors"
        - link "Alerts"
      - list "Models":
        - listitem:
          - heading "card-fraud" [level=2]:
            - link "card-fraud"
          - term: Traffic
          - definition:
            - img "Predictions in each of the last sixty seconds"
          - term: Drift
          - definition:
            - img /of the latest \\d+ comparisons? drifted/
          - term: Performance
  `,
  "/reports": `
    - main:
      - heading "Reports" [level=1]
      - paragraph: /The latest \\d+ comparisons? of card-fraud/
      - link "Share links"
      - table "Comparisons, the latest first":
        - rowgroup:
          - row:
            - columnheader "Compared"
            - columnheader "Verdict"
            - columnheader "Drifted columns"
        - rowgroup:
          - row:
            - rowheader:
              - link
            - cell /Drifted|Some drift|No drift/
            - cell /\\d+ of 30/:
              - img /needed/
  `,
  "/monitors": `
    - main:
      - heading "Monitors" [level=1]
      - link "New monitor"
      - table "All monitors":
        - rowgroup:
          - row:
            - rowheader:
              - link "card-fraud"
  `,
  "/monitors/card-fraud": `
    - main:
      - paragraph:
        - link "Monitors"
      - heading "card-fraud" [level=1]
      - link "Make it your own"
      - region "Verdict":
        - link "Open the latest report"
        - link "How well the model does"
      - figure:
        - heading "Drift over time" [level=2]
        - group "Drift over time":
          - link /columns drifted/
        - button "Compare with the rows before"
      - region "Runs":
        - heading "Runs" [level=2]
      - region "As the set-up file would have it":
        - heading "As the set-up file would have it" [level=2]
  `,
  "/alerts": `
    - main:
      - heading "Alerts" [level=1]
      - paragraph: Nothing goes on.
      - heading "No alert yet" [level=2]
      - paragraph:
        - link "Give a monitor a rule"
  `,
  "/quality": `
    - main:
      - heading "Data quality" [level=1]
      - table "Columns, those with a problem first":
        - rowgroup:
          - row:
            - columnheader "Column"
            - columnheader "State"
            - columnheader "Missing now"
        - rowgroup:
          - row:
            - rowheader:
              - link
      - region "The table as a whole":
        - heading "The table as a whole" [level=2]
        - table
      - region "Checked as they came in":
        - heading "Checked as they came in" [level=2]
  `,
  "/performance": `
    - main:
      - paragraph:
        - link "card-fraud"
      - heading "Performance" [level=1]
      - region "Verdict":
        - paragraph
      - navigation "Figure":
        - link "ROC AUC"
      - figure:
        - heading "Window by window" [level=2]
  `,
  "/windows": `
    - main:
      - paragraph:
        - link "Reports of card-fraud"
      - heading "Compare two windows" [level=1]
      - textbox "Held against, rows"
      - textbox "Looked at, rows"
      - button "Compare"
      - article:
        - region "Verdict"
        - region "Data quality"
        - region "Data drift":
          - heading "Data drift" [level=2]
          - table "Columns"
  `,
  "/shares": `
    - main:
      - paragraph:
        - link "Reports"
      - heading "Share links" [level=1]
  `,
  "/keys": `
    - main:
      - heading "Keys" [level=1]
      - heading "Nobody is asked for a key here" [level=2]
  `,
};

test("every page is heard in its order", async ({ page }, { project }) => {
  test.setTimeout(120_000);
  await openLatestReport(page);
  const report = new URL(page.url()).pathname;
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - paragraph:
        - link "Reports"
      - heading [level=1]:
        - time
      - article:
        - region "Verdict":
          - paragraph: /^(Drifted|Some drift|No drift|Not enough data yet)$/
        - term: Drifted columns
        - definition:
          - img /needed/
        - term: Prediction drift
        - term: Judges disagree
        - term: Rows compared
        - region "Data quality":
          - heading "Data quality" [level=2]
        - region "Prediction drift":
          - heading "Prediction drift" [level=2]
          - table "Prediction columns"
        - region "Data drift":
          - heading "Data drift" [level=2]
          - group "Filter and judge":
            - search:
              - searchbox "Filter columns by name"
          - table "Columns":
            - rowgroup:
              - row:
                - rowheader:
                  - link
  `);
  for (const [address, snapshot] of Object.entries(PAGES)) {
    await page.goto(address);
    if (!project.name.includes("without")) await ready(page);
    await expect(page.getByRole("main"), address).toMatchAriaSnapshot(snapshot, COMPUTED);
  }
  // The column's panel is a part of the report that comes when it is asked for.
  await page.goto(`${report}?column=Amount`);
  await expect(page.getByRole("heading", { name: "Amount", level: 2 })).toBeVisible(COMPUTED);
});

test("the lab is heard in its order", async ({ page }, { project }) => {
  test.skip(project.name.includes("without"), "it takes a script");
  await page.goto("/compare");
  await ready(page);
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Compare two files" [level=1]
      - region "Files":
        - button "Reference"
        - button "Current"
        - button "Compare" [disabled]
        - button "Try it with example data"
        - paragraph: /Nothing is uploaded/
      - term: What it takes
      - term: What it says
      - term: Where it happens
  `);
});

test("the places to go are heard first, and the footer last", async ({ page }, { project }) => {
  await page.goto("/reports");
  const isPhone = project.name === "phone";
  // There the places are behind a menu.
  if (isPhone) await page.getByText("Menu", { exact: true }).click();
  const places = ["Overview", "Monitors", "Reports", "Quality", "Performance", "Alerts", "Compare"];
  const links = (indent) => places.map((name) => `${" ".repeat(indent)}- link "${name}"`).join("\n");
  const main = isPhone ? `  - group:\n    - navigation "Main":\n${links(6)}` : `  - navigation "Main":\n${links(4)}`;
  await expect(page.locator("body")).toMatchAriaSnapshot(`
- link "Skip to content"
- banner:
  - link "Tidemark, overview"
${main}
- main
- contentinfo:
  - link "Keys"
  - link "API"
  - link "Style guide"
`);
});
