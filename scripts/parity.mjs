// Answers the golden cases in wasm and holds every answer, byte for byte, against the one that the native test wrote to
// target/parity/native.jsonl: one {"id":…,"result":…} per line, with the `question` where the golden file has it in pieces.
// Then whole reports, against those of the program.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { golden_answer, initSync } from "../target/wasm/parity/tidemark_worker.js";
import { casesOf } from "./parity/cases.mjs";
import { differingReports } from "./parity/reports.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const NATIVE = "target/parity/native.jsonl";
const SHOWN = 5;
/** What stands before an answer; in a question, its quotes would be escaped. */
const RESULT = '"result":';

let lines;
try {
  lines = readFileSync(NATIVE, "utf8").split("\n").filter(Boolean);
} catch {
  console.error(`parity: there is no ${NATIVE}; the native tests write it.`);
  console.error("what to do: cargo test --release -p tidemark");
  process.exit(1);
}

// A case is known by its file's name and its place there.
const cases = new Map();
for (const name of readdirSync("tests/golden").filter((name) => name.endsWith(".json")).sort()) {
  const file = readFileSync(`tests/golden/${name}`, "utf8");
  const { format } = JSON.parse(file);
  casesOf(file).forEach((text, index) => cases.set(`${name} ${index}`, withFormat(format, text)));
}

initSync({ module: readFileSync("target/wasm/parity/tidemark_worker_bg.wasm") });

const different = [];
for (const line of lines) {
  const { id, question } = JSON.parse(line);
  const text = question ?? cases.get(id);
  const native = line.slice(line.indexOf(RESULT) + RESULT.length, -1);
  const wasm = text === undefined ? "no such case in tests/golden" : golden_answer(text);
  if (wasm !== native) different.push({ id, native, wasm });
}

const reports = differingReports();
different.push(...reports.different);
const count = lines.length + reports.count;

for (const { id, native, wasm } of different.slice(0, SHOWN)) {
  console.error(`parity: ${id} differs\n  native ${native}\n  wasm   ${wasm}`);
}
const verdict = lines.length > 0 && different.length === 0 ? "passed" : "failed";
console.log(`parity ${verdict}: ${count - different.length} of ${count} are the same in wasm, byte for byte: ${lines.length} golden cases and ${reports.count} reports.`);
process.exitCode = verdict === "passed" ? 0 : 1;

/** A case with the format of its file, which `golden_answer` goes by. */
function withFormat(format, text) {
  return `{"format":${JSON.stringify(format)},${text.trimStart().slice(1)}`;
}
