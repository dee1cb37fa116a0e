// Judges the golden cases in wasm and holds every answer, byte for byte, against the one that the native test wrote to
// target/parity/native.jsonl: one {"id":…,"result":…} per line.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { golden_case, initSync } from "../target/wasm/parity/tidemark_worker.js";
import { casesOf } from "./parity/cases.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const NATIVE = "target/parity/native.jsonl";
const SHOWN = 5;

let native;
try {
  native = readFileSync(NATIVE, "utf8").split("\n").filter(Boolean);
} catch {
  console.error(`parity: there is no ${NATIVE}; the native tests write it.`);
  console.error("what to do: cargo test --release -p tidemark");
  process.exit(1);
}

const cases = new Map();
for (const name of readdirSync("tests/golden").filter((name) => name.endsWith(".json")).sort()) {
  for (const [id, text] of casesOf(readFileSync(`tests/golden/${name}`, "utf8"))) cases.set(id, text);
}

initSync({ module: readFileSync("target/wasm/parity/tidemark_worker_bg.wasm") });

const different = [];
for (const line of native) {
  const { id } = JSON.parse(line);
  const text = cases.get(id);
  const wasm = text === undefined ? "no such case in tests/golden" : `{"id":${JSON.stringify(id)},"result":${judged(text)}}`;
  if (wasm !== line) different.push({ id, native: line, wasm });
}

for (const { id, native, wasm } of different.slice(0, SHOWN)) {
  console.error(`parity: ${id} differs\n  native ${native}\n  wasm   ${wasm}`);
}
const verdict = native.length > 0 && different.length === 0 ? "passed" : "failed";
console.log(`parity ${verdict}: ${native.length - different.length} of ${native.length} golden cases are the same in wasm, byte for byte.`);
process.exitCode = verdict === "passed" ? 0 : 1;

/** The answer to a case of the golden files, which names its methods one by one among the results. */
function judged(text) {
  const methods = JSON.parse(text).results.map(({ method }) => method);
  return golden_case(`{"methods":${JSON.stringify(methods)},${text.trimStart().slice(1)}`);
}
