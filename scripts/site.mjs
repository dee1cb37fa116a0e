// Gathers everything a browser is served into target/site, which the server embeds: the two wasm modules, ECharts, the
// stylesheet, the font, and public/. Run by `make`, after scripts/wasm.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { list, sync } from "./site/folder.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const SITE = "target/site";
// Charts are the largest thing a page loads besides the wasm: what a new component costs should be a decision.
const ECHARTS_BROTLI_MAX = 200_000;
// Browsers from 2024 on: CSS nesting and light-dark() pass through as they are written.
const TARGET = ["chrome123", "firefox125", "safari17.5"];

// What becomes part of other files.
const BUNDLED = /^(worker\.js|lab\.js|lab\/)/;

const files = new Map();
const read = (path) => readFileSync(path);

// ---- the wasm modules and the JavaScript around them ----------------------------------------------------------------
for (const path of partsOf("target/wasm/pages")) {
  files.set(`pkg/${path}`, await minified(path, read(join("target/wasm/pages", path))));
}
// The same worker twice: around the wasm that reads CSV, and around the one that reads Parquet too. Each is one file, because
// the policy it is served with lets it load nothing.
for (const kind of ["worker", "parquet"]) {
  const folder = `target/wasm/${kind}`;
  partsOf(folder);
  files.set(`pkg/tidemark_${kind}_bg.wasm`, read(join(folder, "tidemark_worker_bg.wasm")));
  files.set(`pkg/${kind}.js`, await bundled({
    entryPoints: ["public/worker.js"],
    format: "esm",
    target: TARGET,
    alias: { "tidemark-worker": `./${folder}/tidemark_worker.js` },
  }));
}
files.set("pkg/lab.js", await bundled({
  entryPoints: ["public/lab.js"],
  format: "iife",
  globalName: "tidemarkLab",
  target: TARGET,
}));

// ---- ECharts --------------------------------------------------------------------------------------------------------
const echarts = JSON.parse(read("node_modules/echarts/package.json"));
files.set("pkg/echarts.js", await bundled({
  entryPoints: ["scripts/site/echarts.mjs"],
  format: "iife",
  globalName: "echarts",
  target: TARGET,
  banner: { js: `/*! Apache ECharts ${echarts.version}, Apache-2.0, see echarts.LICENSE.txt */` },
}));
files.set("pkg/echarts.LICENSE.txt", Buffer.concat([
  read("node_modules/echarts/NOTICE"), Buffer.from("\n\n"), read("node_modules/echarts/LICENSE"),
]));

// ---- the stylesheet and the font ------------------------------------------------------------------------------------
files.set("pkg/tidemark.css", await bundled({
  entryPoints: ["style/main.css"],
  target: TARGET,
  plugins: [addressesAsTheyAre()],
}));
const inter = "node_modules/@fontsource-variable/inter";
for (const subset of ["latin", "latin-ext"]) {
  const name = `inter-${subset}-wght-normal.woff2`;
  files.set(`pkg/fonts/${name}`, read(`${inter}/files/${name}`));
}
files.set("pkg/fonts/LICENSE.txt", read(`${inter}/LICENSE`));

// ---- public/, at the root of the site -------------------------------------------------------------------------------
for (const path of list("public")) {
  if (!BUNDLED.test(path)) files.set(path, await minified(path, read(join("public", path))));
}

// ---- what /compare needs to open without a network: public/sw.js asks for it ----------------------------------------------
const isOffline = (path) => path === "favicon.svg" || (path.startsWith("pkg/") && !/(\.txt|docs\.\w+)$/.test(path));
files.set("pkg/offline.json", Buffer.from(JSON.stringify([...files.keys()].filter(isOffline).sort().map((path) => `/${path}`))));

const sizes = await sync(SITE, files);

const kilobytes = (bytes) => (bytes === undefined ? "" : (bytes / 1000).toFixed(1)).padStart(9);
const width = Math.max(...sizes.map(({ path }) => path.length));
console.log(`${"target/site, kB".padEnd(width)}${"raw".padStart(9)}${"brotli".padStart(9)}`);
for (const { path, raw, brotli } of sizes) console.log(path.padEnd(width) + kilobytes(raw) + kilobytes(brotli));

const charts = sizes.find(({ path }) => path === "pkg/echarts.js").brotli;
if (charts > ECHARTS_BROTLI_MAX) {
  console.error(`site: pkg/echarts.js has ${charts} bytes in brotli, more than its ${ECHARTS_BROTLI_MAX}.`);
  console.error("what to do: leave a component out of scripts/site/echarts.mjs, or raise the limit on purpose.");
  process.exit(1);
}

/** What was built into a folder before. */
function partsOf(folder) {
  const parts = list(folder);
  if (parts.length === 0) {
    console.error(`site: there is nothing in ${folder}.\nwhat to do: make site, which builds it first.`);
    process.exit(1);
  }
  return parts;
}

/** The one file that esbuild makes of `options`. */
async function bundled(options) {
  const { outputFiles } = await build({ bundle: true, minify: true, write: false, logLevel: "warning", ...options });
  return Buffer.from(outputFiles[0].contents);
}

/** What a stylesheet names by `url()` is an address of the running site, not a file to bundle. */
function addressesAsTheyAre() {
  const leave = ({ kind, path }) => (kind === "url-token" ? { path, external: true } : undefined);
  return { name: "addresses-as-they-are", setup: (bundler) => bundler.onResolve({ filter: /.*/ }, leave) };
}

/** JavaScript without its spaces and long names; anything else as it is. */
async function minified(path, content) {
  if (!path.endsWith(".js")) return content;
  const { code } = await transform(content.toString(), { minify: true, format: "esm", target: TARGET });
  return Buffer.from(code);
}
