// Gathers everything a browser is served into target/site, which the server embeds: the wasm modules, ECharts, the
// stylesheet, the font, and public/. Run by `make`, after scripts/wasm.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { list, sync } from "./site/folder.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const SITE = "target/site";
// The wasm that a page loads before it answers to a click: what all begin with, and that of its part.
const FIRST_WASM_BROTLI_MAX = 350_000;
// Parts that no page needs at once.
const LATER = new Set(["charts", "column", "overlay", "result"]);
// Charts are the largest thing a page loads besides the wasm: what a new component costs should be a decision.
const ECHARTS_BROTLI_MAX = 200_000;
// Browsers from 2024 on: CSS nesting and light-dark() pass through as they are written.
const TARGET = ["chrome123", "firefox125", "safari17.5"];

// Of a wasm module.
const CUSTOM_SECTION = 0;
// What becomes part of other files.
const BUNDLED = /^(worker\.js|lab\.js|lab\/)/;

const files = new Map();
const read = (path) => readFileSync(path);

// ---- the wasm modules and the JavaScript around them ----------------------------------------------------------------
for (const folder of ["target/wasm/pages", "target/wasm/worker", "target/wasm/parquet"]) {
  if (list(folder).length > 0) continue;
  console.error(`site: there is nothing in ${folder}.\nwhat to do: make site, which builds it first.`);
  process.exit(1);
}
// The parts of the pages' wasm, each as one file, which takes fewer requests and compresses better than its pieces.
const parts = Object.entries(JSON.parse(read("target/wasm/pages/parts.json")));
for (const [part, pieces] of parts) {
  const modules = pieces.map((name) => [name, withoutNotes(read(`target/wasm/pages/${name}.wasm`))]);
  files.set(`pkg/${part}.part`, joined(alikeTogether(modules)));
}
files.set("pkg/tidemark_bg.wasm", read("target/wasm/pages/tidemark_bg.wasm"));
// What loads the parts imports what starts the first and is imported by it: as two files with a version in their addresses
// they would be two modules each.
files.set("pkg/tidemark.js", await bundled({
  entryPoints: ["target/wasm/pages/tidemark.js"],
  format: "esm",
  target: TARGET,
  plugins: [loadsParts()],
}));
// The same worker twice: around the wasm that reads CSV, and around the one that reads Parquet too. Each is one file, because
// the policy it is served with lets it load nothing.
for (const kind of ["worker", "parquet"]) {
  const folder = `target/wasm/${kind}`;
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

const size = (name) => sizes.find(({ path }) => path === `pkg/${name}`).brotli;
const first = size("tidemark_bg.wasm");
console.log("\nwasm that a page loads first, kB brotli");
for (const [part] of parts.filter(([part]) => !LATER.has(part))) {
  const load = first + size(`${part}.part`);
  console.log(part.padEnd(width + 9) + kilobytes(load));
  if (load > FIRST_WASM_BROTLI_MAX) {
    console.error(`site: a page of the part ${part} loads ${load} bytes of wasm in brotli first, more than its ${FIRST_WASM_BROTLI_MAX}.`);
    console.error("what to do: load what is not seen at once in a part of its own (app/src/parts.rs), or raise the limit on purpose.");
    process.exitCode = 1;
  }
}

const charts = sizes.find(({ path }) => path === "pkg/echarts.js").brotli;
if (charts > ECHARTS_BROTLI_MAX) {
  console.error(`site: pkg/echarts.js has ${charts} bytes in brotli, more than its ${ECHARTS_BROTLI_MAX}.`);
  console.error("what to do: leave a component out of scripts/site/echarts.mjs, or raise the limit on purpose.");
  process.exit(1);
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

/** Modules in one file: their names and sizes as JSON, the length of that before it, themselves behind it. */
function joined(modules) {
  const names = Buffer.from(JSON.stringify(modules.map(([name, { length }]) => [name, length])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(names.length);
  return Buffer.concat([length, names, ...modules.map(([, content]) => content)]);
}

/** Modules by their size: those of one size are much alike, and compress better side by side. The part's own stays the last. */
function alikeTogether(modules) {
  const isOwn = ([name]) => Number(name.startsWith("split_"));
  return modules.toSorted((a, b) => isOwn(a) - isOwn(b) || a[1].length - b[1].length);
}

/** A wasm module without the sections that are not for the machine: what its functions are called, and what made it. */
function withoutNotes(module) {
  const kept = [module.subarray(0, 8)];
  for (let at = 8; at < module.length;) {
    const [length, content] = leb128(module, at + 1);
    const end = content + length;
    if (module[at] !== CUSTOM_SECTION) kept.push(module.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

/** The unsigned number at a place, and the place behind it. */
function leb128(bytes, at) {
  let number = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    number += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [number, at];
  }
}

/** Exchanges what loads piece by piece in the splitter's script for `scripts/site/parts.js`, which loads a part at once. */
function loadsParts() {
  const exchanged = ({ path }) => {
    const script = read(path).toString();
    // It goes: imports, `getSharedImports`, helpers, then a loader for every piece and every part.
    const loaders = script.search(/^(\/\* |const __chunk_|export const __wasm_split_load_)/m);
    const names = [...script.slice(loaders).matchAll(/^export const __wasm_split_load_(\w+)/gm)].map(([, name]) => name);
    if (loaders < 0 || names.length !== parts.length) throw new Error("split.js is not what scripts/site.mjs knows");
    const load = names.map((name) => `export const __wasm_split_load_${name} = wrapAsyncCb(() => part("${name}"));`);
    return { contents: [script.slice(0, loaders), read("scripts/site/parts.js"), ...load].join("\n"), loader: "js" };
  };
  return { name: "loads-parts", setup: (bundler) => bundler.onLoad({ filter: /\/split\.js$/ }, exchanged) };
}

/** JavaScript without its spaces and long names; anything else as it is. */
async function minified(path, content) {
  if (!path.endsWith(".js")) return content;
  const { code } = await transform(content.toString(), { minify: true, format: "esm", target: TARGET });
  return Buffer.from(code);
}
