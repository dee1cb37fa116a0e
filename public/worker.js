// Compares two files away from the page's own thread. What it is sent stays in this browser.

// The page asks for this file with its version in the address; what belongs to it is asked for in the same version.
const version = new URL(import.meta.url).search;
const ready = import(`./tidemark_worker.js${version}`).then(async (wasm) => {
  await wasm.default({ module_or_path: new URL(`./tidemark_worker_bg.wasm${version}`, import.meta.url) });
  return wasm;
});

addEventListener("message", async ({ data: { reference, current, settings } }) => {
  try {
    const { compare } = await ready;
    const started = performance.now();
    const json = compare(
      reference.name, new Uint8Array(reference.bytes),
      current.name, new Uint8Array(current.bytes),
      settings,
      (stage, done, total) => postMessage({ type: "progress", stage, done, total }),
    );
    postMessage({ type: "report", json, millis: performance.now() - started });
  } catch (error) {
    postMessage({ type: "error", message: error instanceof Error ? error.message : String(error) });
  }
});
