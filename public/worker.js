// Compares two files away from the page's own thread, or says how well a model did on both where `columns` are named. What it is sent stays in this browser.

// The page asks for this file with its version in the address; what belongs to it is asked for in the same version.
const version = new URL(import.meta.url).search;
const ready = import(`./tidemark_worker.js${version}`).then(async (wasm) => {
  await wasm.default({ module_or_path: new URL(`./tidemark_worker_bg.wasm${version}`, import.meta.url) });
  return wasm;
});

addEventListener("message", async ({ data: { reference, current, settings, columns } }) => {
  try {
    const { compare, performance_of, File } = await ready;
    const started = performance.now();
    if (columns) {
      const side = ({ name, bytes }) => new File(name, new Uint8Array(bytes), "");
      const json = performance_of(side(reference), side(current), columns);
      postMessage({ type: "report", json, millis: performance.now() - started });
      return;
    }
    const digests = await Promise.all([sha256(reference.bytes), sha256(current.bytes)]);
    const json = compare(
      new File(reference.name, new Uint8Array(reference.bytes), digests[0]),
      new File(current.name, new Uint8Array(current.bytes), digests[1]),
      settings,
      (stage, done, total) => postMessage({ type: "progress", stage, done, total }),
    );
    postMessage({ type: "report", json, millis: performance.now() - started });
  } catch (error) {
    postMessage({ type: "error", message: error instanceof Error ? error.message : String(error) });
  }
});

/** The digest in lower-case hex. Browsers offer it where the page came over HTTPS or from this machine; elsewhere wasm does it. */
async function sha256(bytes) {
  if (!crypto.subtle) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
