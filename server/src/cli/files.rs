//! Files in and out.

use std::io::Write;
use std::path::Path;
use tidemark::data::Dataset;
use tidemark::data::csv::{self, Reading};
use tidemark::model::Model;
use tidemark::report::Source;

use super::{Failure, check_folder, progress};

/// A CSV file that was read.
pub(super) struct Table {
    /// The file's name without its folder.
    pub label: String,
    /// Its rows.
    pub data: Dataset,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl Table {
    /// The table as one side of a comparison.
    pub(super) fn source(&self) -> Source<'_> {
        Source { label: &self.label, data: &self.data, sha256: Some(self.sha256.clone()) }
    }
}

/// Reads a CSV file, plain or gzipped.
pub(super) fn read_csv(path: &Path) -> Result<Table, Failure> {
    let spinner = progress::spinner(format!("Reading {}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| Failure::file(path, error))?;
    let Reading { data, sha256 } = csv::read_hashed(file).map_err(|error| Failure::file(path, error))?;
    spinner.finish_and_clear();
    let label = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Table { label, data, sha256 })
}

/// Reads a model file.
pub(super) fn read_model(path: &Path) -> Result<Model, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::file(path, error))?;
    Model::from_bytes(&bytes).map_err(|error| Failure::file(path, error))
}

/// Writes text to a file, or to standard output where none is named.
pub(super) fn write_or_print(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) => write_atomically(path, |file| file.write_all(text.as_bytes())),
        None => {
            let written = std::io::stdout().write_all(text.as_bytes());
            // A reader that has seen enough, such as head, is no failure.
            written.or_else(|error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(Failure::new("standard output", error)),
            })
        }
    }
}

/// Writes a file so that readers see the old content or the new, never half of it.
pub(super) fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let folder = check_folder(path)?;
    let name = path.file_name().ok_or_else(|| Failure::file(path, "that is no file name"))?;
    let temporary = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = (|| {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&temporary)?);
        write(&mut file)?;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    written.map_err(|error| {
        // What is left of a failed attempt helps nobody.
        drop(std::fs::remove_file(&temporary));
        Failure::file(path, error)
    })
}
