// Loads a part of the pages' wasm: one file with several modules, of which other parts may have brought some already. The end
// of the splitter's script, whose functions it uses; see scripts/site.mjs.

/** Modules that are there or on their way, by name. */
const modules = new Map();
/** Parts likewise. */
const loading = new Map();

function part(name) {
  if (!loading.has(name)) {
    const loaded = load(name);
    // What failed once may come the next time.
    loaded.catch(() => loading.delete(name));
    loading.set(name, loaded);
  }
  return loading.get(name);
}

async function load(name) {
  // The version in this script's own address.
  const { search } = new URL(import.meta.url);
  const response = await fetch(new URL(`./${name}.part${search}`, import.meta.url));
  if (!response.ok) throw new Error(`${name}.part: status ${response.status}`);
  const file = await response.arrayBuffer();
  const length = new DataView(file).getUint32(0, true);
  const pieces = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 4, length)));
  const instances = [];
  let at = 4 + length;
  for (const [piece, size] of pieces) {
    if (!modules.has(piece)) {
      const compiled = WebAssembly.compile(new Uint8Array(file, at, size));
      // The part's own module comes last, when what it shares with others is there.
      const before = piece.startsWith("split_") ? Promise.all(instances) : undefined;
      const instance = Promise.all([compiled, before]).then(([module]) => WebAssembly.instantiate(module, getSharedImports()));
      modules.set(piece, instance);
    }
    instances.push(modules.get(piece));
    at += size;
  }
  await Promise.all(instances);
}
