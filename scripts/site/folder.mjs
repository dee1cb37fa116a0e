// Brings a folder into step with what should be in it, and touches nothing that is right already: the server embeds the
// folder, and cargo rebuilds the server when a file's time changes.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const brotli = promisify(brotliCompress);

// Fonts are compressed in themselves.
const COMPRESSIBLE = new Set([".css", ".html", ".js", ".json", ".part", ".svg", ".txt", ".wasm", ".webmanifest", ".xml"]);

/** Every file below `folder`, as paths relative to it with `/`, sorted. */
export function list(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/**
 * Makes `folder` hold exactly `files` (a Map from path to Buffer), a brotli copy beside each compressible one, and
 * `version.txt`, which changes whenever a file does. Returns `{ path, raw, brotli }` per file, in name order.
 */
export async function sync(folder, files) {
  const paths = [...files.keys()].sort();
  const hash = createHash("sha256");
  for (const path of paths) hash.update(files.get(path));
  const version = Buffer.from(hash.digest("hex").slice(0, 16));

  const wanted = new Set([...paths, "version.txt", ...paths.filter(isCompressible).map((path) => `${path}.br`)]);
  for (const path of list(folder)) if (!wanted.has(path)) rmSync(join(folder, path));

  const sizes = await Promise.all(paths.map((path) => place(folder, path, files.get(path))));
  writeIfChanged(join(folder, "version.txt"), version);
  return sizes;
}

async function place(folder, path, content) {
  const file = join(folder, path);
  if (!isCompressible(path)) {
    writeIfChanged(file, content);
    return { path, raw: content.length };
  }
  const compressed = `${file}.br`;
  if (!holds(file, content)) {
    // In this order, so that an interrupted run leaves no brotli file that belongs to something else.
    rmSync(compressed, { force: true });
    write(file, content);
  }
  if (!existsSync(compressed)) {
    write(compressed, await brotli(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }));
  }
  return { path, raw: content.length, brotli: statSync(compressed).size };
}

const isCompressible = (path) => COMPRESSIBLE.has(extname(path));
const holds = (file, content) => existsSync(file) && readFileSync(file).equals(content);

function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function writeIfChanged(file, content) {
  if (!holds(file, content)) write(file, content);
}
