// Whole reports, by the program and by wasm, on example files whose columns are of every type.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { compare_bytes } from "../../target/wasm/parity/tidemark_worker.js";

const FOLDER = "target/parity/example";
const PROGRAM = "target/release/tidemark";
/** What is asked of the reports: between them, every judge and every section. */
const ASKED = [
  [],
  ["--profile", "evidently"],
  ["--profile", "nannyml"],
  ["--quality", "full", "--multivariate"],
  ["--test", "Amount=empirical_mmd", "--test", "channel=TVD", "--test", "note=abs_text_content_drift"],
];

/** The reports that differ, as `{ id, native, wasm }`, and how many there are. */
export function differingReports() {
  execFileSync(PROGRAM, ["example", "--rows", "1500", "--seed", "5", "--out", FOLDER], { stdio: "ignore" });
  for (const [side, first] of [["reference", 0], ["current", 20]]) extend(`${FOLDER}/${side}.csv`, first);
  const different = [];
  for (const flags of ASKED) {
    const native = reportOfProgram(flags);
    const { settings } = JSON.parse(native);
    const sides = ["reference", "current"].map((side) => readFileSync(`${FOLDER}/${side}.csv`));
    const wasm = JSON.stringify(JSON.parse(compare_bytes(...sides, JSON.stringify(settings))));
    const expected = JSON.stringify(JSON.parse(native));
    if (wasm !== expected) different.push({ id: `report ${flags.join(" ")}`, ...around(expected, wasm) });
  }
  return { different, count: ASKED.length };
}

function reportOfProgram(flags) {
  const files = ["reference", "current"].map((side) => `${FOLDER}/${side}.csv`);
  const { stdout, stderr } = spawnSync(PROGRAM, ["report", ...files, "--format", "json", ...flags], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (!stdout) throw new Error(`tidemark report ${flags.join(" ")}: ${stderr}`);
  return stdout;
}

/** Moments, categories and free text beside the numbers. */
function extend(path, firstDay) {
  const [header, ...rows] = readFileSync(path, "utf8").trimEnd().split("\n");
  const words = ["late", "refund", "thanks", "card", "lost", "again", "please", "order"];
  const extended = rows.map((row, i) => {
    const day = new Date(Date.UTC(2026, 0, 1 + firstDay) + i * 17 * 60_000).toISOString();
    const note = [0, 1, 2, 3].map((k) => words[(i * (k + 3 + firstDay) + k * k) % words.length]).join(" ") + ` ${i % 700}`;
    return `${row},${day},${["web", "shop", "phone"][(i * i + firstDay) % (i % 7 ? 3 : 2)]},"${note}"`;
  });
  writeFileSync(path, [`${header},moment,channel,note`, ...extended, ""].join("\n"));
}

/** Where two texts part, with what stands around. */
function around(native, wasm) {
  let at = 0;
  while (native[at] === wasm[at]) at += 1;
  const cut = (text) => text.slice(Math.max(0, at - 120), at + 80);
  return { native: cut(native), wasm: cut(wasm) };
}
