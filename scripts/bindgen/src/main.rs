//! `bindgen <file.wasm> <folder> <name>`: writes `<name>.js`, an ES module, and `<name>_bg.wasm` into the folder.
//!
//! `bindgen --split <file.wasm> <folder> <name>`: cuts the file first, which was linked with `--emit-relocs`. What only lazy
//! functions reach goes into parts of its own (`split_….wasm`; `chunk_….wasm` is what several of those share), which
//! `split.js` loads, and `parts.json` says which files make up which part.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let written = match arguments.as_slice() {
        ["--split", input, folder, name] => cut(input, Path::new(folder), name),
        [input, folder, name] => bind(input, Path::new(folder), name, false),
        _ => {
            eprintln!("usage: bindgen [--split] <file.wasm> <folder> <name>");
            return ExitCode::from(2);
        }
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Cuts the file, and binds the part that is always loaded.
fn cut(input: &str, folder: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let whole = fs::read(input).map_err(|error| format!("{input}: {error}"))?;
    let (first, module) = (folder.join("first.wasm"), format!("./{name}.js"));
    let mut options = Options::new(&whole);
    options.output_dir = folder;
    options.main_out_path = &first;
    options.link_name = "./split.js";
    options.main_module = &module;
    let parts = transform(options).map_err(|error| format!("{input}: {error:#}"))?.prefetch_map;
    bind(&first.to_string_lossy(), folder, name, true)?;
    fs::remove_file(&first)?;
    let parts: BTreeMap<_, _> = parts.into_iter().collect();
    // Names of functions and of files that were made of them: `{:?}` quotes them as JSON does.
    fs::write(folder.join("parts.json"), format!("{parts:?}"))?;
    Ok(())
}

/// Writes the JavaScript around a module. The parts of one that was `cut` find its memory and tables among its exports.
fn bind(input: &str, folder: &Path, name: &str, cut: bool) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false).keep_lld_exports(cut);
    bindgen.web(true).and_then(|bindgen| bindgen.generate(folder)).map_err(|error| format!("{input}: {error:#}").into())
}
