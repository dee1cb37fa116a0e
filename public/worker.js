// Compares two files away from the page's own thread. What it is sent stays in this browser.
import init, { compare } from "./tidemark_worker.js";

const ready = init();

addEventListener("message", async ({ data: { reference, current, settings } }) => {
  try {
    await ready;
    const started = performance.now();
    const progress = (stage, done, total) => postMessage({ type: "progress", stage, done, total });
    const json = compare(
      reference.name, new Uint8Array(reference.bytes),
      current.name, new Uint8Array(current.bytes),
      settings, progress,
    );
    postMessage({ type: "report", json, millis: performance.now() - started });
  } catch (error) {
    postMessage({ type: "error", message: error instanceof Error ? error.message : String(error) });
  }
});
