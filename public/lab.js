// The page's side of the lab: starts its worker and ends it, keeps the last session, and closes the page's way to the
// network while files are open. Loaded as a script when it is needed; app/src/lab/bridge.rs calls it.
import { forget, keep, last } from "./lab/session.js";

export { forget, last };

/** The version in the addresses of the files, as the server wrote it into the page. */
const version = document.querySelector("meta[name=tidemark-assets]")?.content ?? "dev";
const address = (file) => `/pkg/${file}?v=${version}`;

/** The wasm of both workers, fetched once, before the page closes itself to the network. */
const modules = new Map();
/** The parts of the page's own wasm, likewise; the page knows how to load them. */
let loadParts = async () => {};
let parts;
const files = { reference: undefined, current: undefined };
/** The report on the page. */
let shown;
/** The worker, which wasm it has, and whether it still holds the tables of the report. */
let worker;
let keys = 0;
let ids = 0;
let sealed = false;
const waiting = new Map();

/** Begins to fetch what the lab needs, once the page itself is through. `load` loads the parts of the page that show a report. */
export function prepare(load) {
  loadParts = load;
  const begin = () => everything().catch(() => {});
  if (globalThis.requestIdleCallback) requestIdleCallback(begin, { timeout: 2000 });
  else setTimeout(begin, 500);
}

/** All that the lab may come to need: of the worker's wasm, and of the page's own. */
const everything = () => Promise.all([module("worker"), module("parquet"), partsOfPage()]);

function partsOfPage() {
  if (!parts) {
    parts = loadParts();
    parts.catch(() => { parts = undefined; });
  }
  return parts;
}

function module(kind) {
  if (!modules.has(kind)) {
    const fetched = fetch(address(`tidemark_${kind}_bg.wasm`)).then((response) => {
      if (!response.ok) throw new Error(`status ${response.status}`);
      return WebAssembly.compileStreaming(response);
    });
    fetched.catch(() => modules.delete(kind));
    modules.set(kind, fetched);
  }
  return modules.get(kind);
}

/** Takes a file for one side. One that is there already stays what it is, and need not be read again. */
export function choose(side, file, name) {
  if (files[side]?.file !== file) files[side] = { file, name, key: ++keys };
}

/** Whether the page can no longer make requests. */
export const isSealed = () => sealed;

/**
 * From here on this document makes no request, whatever its scripts try: nothing that was added to a document's policy can be
 * taken away from it again. Other pages of Tidemark are therefore opened as new documents.
 */
async function seal() {
  if (sealed) return;
  await everything();
  // Two questions may have waited.
  if (sealed) return;
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'none'; form-action 'none'";
  document.head.append(policy);
  sealed = true;
  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname === location.pathname) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    location.assign(link.href);
  }, true);
  const path = location.pathname;
  addEventListener("popstate", (event) => {
    if (location.pathname === path) return;
    event.stopImmediatePropagation();
    location.reload();
  }, true);
}

/** Questions that take the files. */
const OF_FILES = new Set(["preview", "compare", "performance"]);

/** Asks the worker; `tell` hears `("progress" | "answer" | "error", text, millis)`. */
export async function ask(what, text, tell) {
  const id = ++ids;
  waiting.set(id, { what, tell });
  try {
    const question = { id, ask: what, ...JSON.parse(text) };
    if (OF_FILES.has(what)) {
      Object.assign(question, files);
      await seal();
    }
    complete(question);
    const kind = OF_FILES.has(what) && (await hasParquet()) ? "parquet" : worker?.kind ?? "worker";
    const { port } = await started(kind);
    // It may have been cancelled meanwhile.
    if (!waiting.has(id)) return;
    if (what === "compare") worker.holds = false;
    port.postMessage(question);
  } catch (error) {
    if (!waiting.delete(id)) return;
    const why = `Part of this page could not be loaded (${error.message}). Is Tidemark still running? Reload the page.`;
    tell("error", why, 0);
  }
}

/** What depends on what the page has: a what-if takes the values where they are, and the report where they are not. */
function complete(question) {
  if (question.ask === "rendered") question.report = shown.report;
  if (question.ask !== "what_if") return;
  if (!worker?.holds) Object.assign(question, { ask: "what_if_of_report", report: shown.report });
}

async function hasParquet() {
  const signs = await Promise.all(Object.values(files).map(({ file }) => file.slice(0, 4).text().catch(() => "")));
  return signs.includes("PAR1");
}

async function started(kind) {
  if (worker?.kind !== kind) {
    const module_ = await module(kind);
    end();
    const port = new Worker(address(`${kind}.js`), { type: "module" });
    worker = { kind, port, holds: false };
    port.addEventListener("message", ({ data }) => heard(data));
    port.addEventListener("error", (event) => {
      event.preventDefault();
      broken("The worker stopped. The files may be too large for this browser's memory.");
    });
    port.postMessage({ module: module_ });
  }
  return worker;
}

function heard({ id, type, text, files: made, message, isBroken, millis, ...progress }) {
  const { what, tell } = waiting.get(id) ?? {};
  if (isBroken) end();
  if (!tell) return;
  if (type === "progress") return tell("progress", JSON.stringify(progress), 0);
  waiting.delete(id);
  if (type === "error") return tell("error", message, 0);
  if (made) {
    const file = (bytes, name) => new File([bytes], name, { type: "text/csv" });
    return tell("files", [file(made[0], "reference.csv"), file(made[1], "current.csv")], 0);
  }
  if (what === "compare") shown = { report: text };
  tell("answer", text, millis);
}

function broken(message) {
  end();
  for (const { tell } of waiting.values()) tell("error", message, 0);
  waiting.clear();
}

function end() {
  worker?.port.terminate();
  worker = undefined;
}

/** Ends whatever is being done, at once. */
export function cancel() {
  waiting.clear();
  end();
}

/** Says which report is on the page. */
export function show(report) {
  shown = { report };
}

/** Keeps the report that the worker has just made, with what was asked and its files. */
export function keepAnswer(request) {
  if (worker) worker.holds = true;
  keep({ report: shown.report, request, files: [files.reference, files.current] });
}

/** Whether the worker has the values that the report on the page was made of. */
export const holdsValues = () => worker?.holds === true;

/** Lets the browser keep the page itself, so that it opens without a network. */
export function keepPage() {
  const register = () => navigator.serviceWorker?.register("/sw.js", { scope: "/compare" }).catch(() => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
