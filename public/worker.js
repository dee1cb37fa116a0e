// The lab's own thread: reads two files by slices, compares them and answers questions about them afterwards.
//
// It is served with a policy that lets it make no request at all (server/src/assets.rs), so its wasm comes from the page,
// compiled, in the first message. After that every message is a question, and gets one answer or one error:
//
//   { id, ask: "preview" | "compare" | …, reference?, current?, … }
//   { id, type: "progress", … }   any number of them, then
//   { id, type: "answer", text | files } or { id, type: "error", message }
//
// This file becomes two in the site: one with the wasm that reads CSV, one with the wasm that reads Parquet too.
import { example, initSync, Lab, rendered, what_if_of_report } from "tidemark-worker";

// Larger files are hashed as they are read: the browser hashes several times as fast, but wants the whole file at once.
const HASHED_BY_BROWSER = 128 * 2 ** 20;
// Progress that comes faster than a screen shows it only costs.
const BETWEEN_PROGRESS_MILLIS = 50;

let lab;
/** Which file each side's table was read from, by the page's number for it. */
const read = { reference: undefined, current: undefined };

const answers = {
  preview: ({ reference, current }) => lab.preview(reference.file, reference.name, current.file, current.name),
  compare,
  what_if: ({ column, what_if }) => lab.what_if(column, what_if),
  what_if_of_report: ({ report, column, what_if }) => what_if_of_report(report, column, what_if),
  over_time: ({ column, time }) => lab.over_time(column, time),
  performance: async (question, tell) => {
    await readBoth(question, tell);
    return lab.performance(question.columns);
  },
  rendered: ({ report, format }) => rendered(report, format),
  example: () => [false, true].map((isCurrent) => example(isCurrent)),
};

addEventListener("message", async ({ data }) => {
  if (data.module) {
    initSync({ module: data.module });
    lab = new Lab();
    return;
  }
  const { id, ask } = data;
  const tell = paced((progress) => postMessage({ id, type: "progress", ...progress }));
  try {
    const started = performance.now();
    const answer = await answers[ask](data, tell);
    const millis = performance.now() - started;
    if (Array.isArray(answer)) postMessage({ id, type: "answer", files: answer }, answer.map(({ buffer }) => buffer));
    else postMessage({ id, type: "answer", text: answer, millis });
  } catch (error) {
    // What wasm throws by itself (memory that ran out, a reader that gave up) leaves it in no state to go on with.
    const isBroken = error instanceof WebAssembly.RuntimeError;
    const message = isBroken ? "The file is damaged, or larger than this browser has memory for." : error?.message ?? String(error);
    postMessage({ id, type: "error", message, isBroken });
  }
});

async function compare(question, tell) {
  await readBoth(question, tell);
  tell({ stage: "comparing", done: 0, total: 0 });
  return lab.compare(question.request, (done, total) => tell({ stage: "comparing", done, total }));
}

/** Reads what is not read yet. While wasm reads, the browser hashes; what was read before keeps its digest. */
async function readBoth(question, tell) {
  const digests = [];
  for (const side of ["reference", "current"]) {
    const { file, name, key } = question[side];
    if (read[side] === key) continue;
    read[side] = undefined;
    // Asking for the bytes first tells whether the file can still be read, before minutes go by.
    const known = file.size <= HASHED_BY_BROWSER && globalThis.crypto?.subtle ? sha256(file) : undefined;
    if (known) await known.begun;
    const started = performance.now();
    tell({ stage: `reading ${side}`, bytes: 0, size: file.size, rows: 0, millis: 0 });
    lab.read(side === "current", file, name, known ? "" : undefined, (bytes, rows, again) => {
      tell({ stage: `reading ${side}`, bytes, size: file.size, rows, again, millis: performance.now() - started });
    });
    if (known) digests.push([side, known.digest]);
    read[side] = key;
  }
  for (const [side, digest] of digests) lab.set_digest(side === "current", await digest);
}

/** The digest in lower-case hex, and when the browser has begun with it. */
function sha256(file) {
  const bytes = file.arrayBuffer().catch(() => {
    throw new Error(`${file.name ?? "The file"}: the file could not be read. Was it moved or changed?`);
  });
  const digest = bytes.then((bytes) => crypto.subtle.digest("SHA-256", bytes))
    .then((digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""));
  // Whoever waits for the beginning hears of a failure; nobody may wait for the end any more by then.
  digest.catch(() => {});
  return { begun: bytes.then(() => undefined), digest };
}

/** Lets progress through now and then, and whenever its stage changes. */
function paced(tell) {
  let last = { stage: undefined, at: 0 };
  return (progress) => {
    const now = performance.now();
    if (progress.stage === last.stage && now - last.at < BETWEEN_PROGRESS_MILLIS) return;
    last = { stage: progress.stage, at: now };
    tell(progress);
  };
}
