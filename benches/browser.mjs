// How long the browser's statistics take, in Node, whose engine is Chrome's: node benches/browser.mjs A.csv B.csv [RUNS]
// Prints the least milliseconds of some runs.
import { readFileSync } from "node:fs";
import { compare, File, initSync } from "../target/wasm/worker/tidemark_worker.js";

const [reference, current, runs = "5"] = process.argv.slice(2);
initSync({ module: readFileSync(new URL("../target/wasm/worker/tidemark_worker_bg.wasm", import.meta.url)) });

let least = Infinity;
for (let run = 0; run < Number(runs); run++) {
  // The browser takes the digests itself, beside this.
  const sides = [reference, current].map((path) => new File(path, readFileSync(path), "0"));
  const began = performance.now();
  compare(...sides, "{}", () => {});
  least = Math.min(least, performance.now() - began);
}
console.log(`both\t${least.toFixed(3)}`);
