//! The models on disk: `models.json` and a file per version under `models/NAME/`.
//!
//! Whoever changes something holds the folder's lock, so that the command line and a running service can both do it. Every
//! file is written beside its place and moved there, so that a reader sees the old one or the new one.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tidemark::data::{Dataset, csv};
use tidemark::model::{Model, ModelError};

use super::manifest::{FORMAT, Manifest, ManifestError, ModelEntry, name_from};

/// The largest model file that is read, in bytes.
pub const MAX_MODEL_BYTES: u64 = 2 << 30;

/// Why models cannot be read or changed.
#[derive(Debug)]
pub enum RegistryError {
    /// The list says no.
    Manifest(ManifestError),
    /// A file is no model, or a damaged one.
    Model {
        /// What the file is called.
        file: String,
        /// What is wrong with it.
        error: ModelError,
    },
    /// A file that Tidemark wrote is not what it should be.
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(error) => error.fmt(f),
            Self::Model { file, error } => write!(f, "{file}: {error}"),
            Self::Broken { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for RegistryError {}

impl From<ManifestError> for RegistryError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(error)
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RegistryError {
    move |error| RegistryError::Io { path: path.to_owned(), error }
}

/// The models' place in a data folder.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    folder: PathBuf,
}

impl ModelFolder {
    /// The models of this data folder, which need not exist yet.
    pub fn of(data_folder: &Path) -> Self {
        Self { folder: data_folder.join("models") }
    }

    /// The list; an empty one where nothing was ever added.
    ///
    /// # Errors
    /// The file cannot be read or is no list of models.
    pub fn manifest(&self) -> Result<Manifest, RegistryError> {
        let path = self.manifest_path();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Manifest::default()),
            Err(error) => return Err(io_error(&path)(error)),
        };
        let broken = |reason: String| RegistryError::Broken { path: path.clone(), reason };
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        if manifest.format == FORMAT {
            Ok(manifest)
        } else {
            Err(broken(format!("expected the format {FORMAT:?}, found {:?}", manifest.format)))
        }
    }

    /// Changes the list under the lock and writes it whole. Files of versions that are no longer listed go.
    ///
    /// # Errors
    /// `change` says no, or the folder cannot be written; then nothing was changed.
    pub fn change(
        &self,
        change: impl FnOnce(&mut Manifest) -> Result<(), ManifestError>,
    ) -> Result<Manifest, RegistryError> {
        let _lock = self.lock()?;
        let before = self.manifest()?;
        let mut manifest = before.clone();
        change(&mut manifest)?;
        if manifest != before {
            let json = serde_json::to_vec_pretty(&manifest).expect("strings and lists are JSON");
            write_whole(&self.manifest_path(), &json)?;
            self.tidy(&before, &manifest);
        }
        Ok(manifest)
    }

    /// Adds a model file: checks it, copies it and lists it. Returns the model's name and version.
    ///
    /// # Errors
    /// The bytes are no sound model, the name cannot be one, or the folder cannot be written.
    pub fn add(&self, file: &str, bytes: &[u8], name: Option<&str>) -> Result<(String, String), RegistryError> {
        let error = |error| RegistryError::Model { file: file.to_owned(), error };
        let model = Model::from_bytes(bytes).map_err(error)?;
        let name = name.map_or_else(|| name_from(&model.name), str::to_owned);
        let version = model.version();
        let mut trial = self.manifest()?;
        trial.add_version(&name, &version)?;
        let path = self.version_path(&name, &version);
        if !path.exists() {
            write_whole(&path, bytes)?;
        }
        self.change(|manifest| manifest.add_version(&name, &version))?;
        Ok((name, version))
    }

    /// Reads a version, trusting nothing in its file.
    ///
    /// # Errors
    /// The file cannot be read, is no sound model, or is another version than its name says.
    pub fn read(&self, model: &str, version: &str) -> Result<Model, RegistryError> {
        let path = self.version_path(model, version);
        let bytes = read_bounded(&path)?;
        let found = Model::from_bytes(&bytes)
            .map_err(|error| RegistryError::Model { file: path.display().to_string(), error })?;
        if found.version() == version {
            Ok(found)
        } else {
            Err(RegistryError::Broken { path, reason: format!("the file holds version {}", found.version()) })
        }
    }

    /// Keeps the reference of a model that is served elsewhere, and returns the SHA-256 by which it is found.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_reference(&self, model: &str, data: &Dataset) -> Result<String, RegistryError> {
        let mut text = Vec::new();
        csv::write(data, &mut text).expect("writing to memory does not fail");
        let sha256 = tidemark::data::sha256_hex(&text);
        write_whole(&self.reference_path(model, &sha256), &text)?;
        Ok(sha256)
    }

    /// The reference of a model that is served elsewhere.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_reference(&self, model: &str, sha256: &str) -> Result<Dataset, RegistryError> {
        let path = self.reference_path(model, sha256);
        let text = read_bounded(&path)?;
        csv::read(&text[..]).map_err(|error| RegistryError::Broken { path, reason: error.to_string() })
    }

    fn manifest_path(&self) -> PathBuf {
        self.folder.join("models.json")
    }

    /// Where the file of a version lies.
    pub fn version_path(&self, model: &str, version: &str) -> PathBuf {
        self.folder.join(model).join(format!("{version}.tidemark"))
    }

    fn reference_path(&self, model: &str, sha256: &str) -> PathBuf {
        let short: String = sha256.chars().filter(char::is_ascii_hexdigit).take(12).collect();
        self.folder.join(model).join(format!("reference-{short}.csv"))
    }

    /// Held until it is dropped.
    fn lock(&self) -> Result<File, RegistryError> {
        fs::create_dir_all(&self.folder).map_err(io_error(&self.folder))?;
        let path = self.folder.join(".lock");
        let file = File::create(&path).map_err(io_error(&path))?;
        file.lock().map_err(io_error(&path))?;
        Ok(file)
    }

    /// Deletes files of versions that were listed and no longer are. What cannot be deleted stays and does no harm.
    fn tidy(&self, before: &Manifest, after: &Manifest) {
        let has = |entry: &ModelEntry, version: &String| {
            let kept = after.models.iter().find(|kept| kept.name == entry.name);
            kept.is_some_and(|kept| kept.versions.contains(version))
        };
        for entry in &before.models {
            for version in entry.versions.iter().filter(|version| !has(entry, version)) {
                let path = self.version_path(&entry.name, version);
                if let Err(error) = fs::remove_file(&path) {
                    tracing::warn!(%error, "{} was not deleted", path.display());
                }
            }
        }
    }
}

/// Reads a file, unless it is larger than any model.
///
/// # Errors
/// It cannot be read, or is larger.
fn read_bounded(path: &Path) -> Result<Vec<u8>, RegistryError> {
    let size = fs::metadata(path).map_err(io_error(path))?.len();
    if size > MAX_MODEL_BYTES {
        let reason = format!("{size} bytes are more than the {MAX_MODEL_BYTES} that are read");
        return Err(RegistryError::Broken { path: path.to_owned(), reason });
    }
    fs::read(path).map_err(io_error(path))
}

/// Writes a file beside its place, under a name that no other process has on whatever machine, flushes it, and moves it there.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let folder = path.parent().expect("every file lies in a folder");
    fs::create_dir_all(folder).map_err(io_error(folder))?;
    let unfinished = path.with_extension(format!("{}.new", uuid::Uuid::now_v7()));
    let write = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(folder)?.sync_all()
    };
    write().inspect_err(|_| drop(fs::remove_file(&unfinished))).map_err(io_error(path))
}
