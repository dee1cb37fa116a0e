//! Golden files and the data files they name.

use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tidemark::data::{Dataset, csv};

pub fn json_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a directory entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

pub fn read_json(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn name(path: &Path) -> String {
    path.file_name().expect("a file").to_string_lossy().into_owned()
}

thread_local! {
    static READ: RefCell<BTreeMap<PathBuf, Option<Rc<Dataset>>>> = const { RefCell::new(BTreeMap::new()) };
}

/// A data file beside the golden directory; `None` if it is not there.
pub fn data(directory: &Path, file: &str) -> Option<Rc<Dataset>> {
    let path = directory.join("../data").join(file);
    READ.with_borrow_mut(|read| {
        let load = || {
            let bytes = std::fs::read(&path).ok()?;
            Some(Rc::new(csv::read(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
        };
        read.entry(path.clone()).or_insert_with(load).clone()
    })
}

/// `[start, end)` in a golden file.
pub fn rows(value: &Value) -> std::ops::Range<usize> {
    let row = |i: usize| usize::try_from(value[i].as_u64().expect("a row number")).expect("a row number");
    row(0)..row(1)
}
