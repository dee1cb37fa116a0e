// How long the main thread of a page is taken at once.
import { chromium } from "@playwright/test";

/**
 * Opens a browser of its own with a page at `baseURL`. Chromium records one trace at a time, and only of a whole browser.
 */
export async function traced(baseURL, viewport) {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
  const page = await browser.newPage({ baseURL, viewport });
  return { browser, page };
}

/**
 * What the main thread worked on while `work` went on: of every task how long it took by the thread's own clock, which stands still while
 * others have the processor, and by the wall's; in milliseconds, the longest first.
 */
export async function tasksDuring({ browser, page }, work) {
  await browser.startTracing(page, { categories: ["toplevel"] });
  await work();
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const thread = ({ pid, tid }) => `${pid}/${tid}`;
  const isMain = ({ name, args }) => name === "thread_name" && args.name === "CrRendererMain";
  const main = new Set(traceEvents.filter(isMain).map(thread));
  const isTask = (event) => event.ph === "X" && event.name.endsWith("RunTask") && main.has(thread(event));
  const tasks = traceEvents.filter(isTask).map(({ dur, tdur }) => ({ busy: tdur / 1000, wall: dur / 1000 }));
  return tasks.sort((a, b) => b.busy - a.busy);
}
