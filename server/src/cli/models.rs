//! `tidemark models`: which models a data folder has, and which of them answer.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use tidemark::validation::Mode;

use super::{Failure, files};
use crate::registry::folder::{MAX_MODEL_BYTES, ModelFolder, RegistryError};
use crate::registry::manifest::{Manifest, ManifestError};

/// List the models of a data folder, and say which of them answer
///
/// A service that runs on the folder takes a change over with its next comparison, without dropping a request.
#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show every model, its versions, and which of them answer or watch
    List(Place),
    /// Copy a model file into the folder; the first version of a model answers
    Add {
        /// The model file
        file: PathBuf,
        /// Another name than the one in the file
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Make a model the one that answers where none is named, and a version the one of it that answers
    Default {
        /// The model
        name: String,
        /// The version; without one the model's own choice stays
        version: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Let a version predict beside the one that answers: it is logged and does not answer
    Shadow {
        /// The model
        name: String,
        /// The version
        version: String,
        /// No longer
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Say what becomes of rows that break what the reference taught: `flag` answers and counts, `strict` refuses
    Validation {
        /// The model
        name: String,
        /// `flag` or `strict`
        #[arg(value_parser = parse_mode)]
        mode: Mode,
        #[command(flatten)]
        place: Place,
    },
    /// Remove a version, or a model with all its versions; what it was asked stays in the log
    Remove {
        /// The model
        name: String,
        /// The version; without one the whole model goes
        version: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(ClapArgs)]
struct Place {
    /// The data folder
    #[arg(long, value_name = "DIR", default_value = "tidemark-data")]
    data_dir: PathBuf,
}

impl Place {
    fn folder(&self) -> ModelFolder {
        ModelFolder::of(&self.data_dir)
    }

    fn change(&self, change: impl FnOnce(&mut Manifest) -> Result<(), ManifestError>) -> Result<(), Failure> {
        self.folder().change(change).map_err(failure)?;
        Ok(())
    }
}

fn failure(error: RegistryError) -> Failure {
    Failure::Error(error.to_string())
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    Mode::ALL.into_iter().find(|mode| mode.name() == text).ok_or_else(|| "expected flag or strict".to_owned())
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.action {
        Action::List(place) => {
            print!("{}", listing(&place.folder().manifest().map_err(failure)?));
            Ok(())
        }
        Action::Add { file, name, place } => {
            let bytes = files::read_at_most(file, MAX_MODEL_BYTES)?;
            let file = file.display().to_string();
            let (name, version) = place.folder().add(&file, &bytes, name.as_deref()).map_err(failure)?;
            println!("{name} {version}");
            Ok(())
        }
        Action::Default { name, version, place } => {
            place.change(|manifest| manifest.set_default(name, version.as_deref()))
        }
        Action::Shadow { name, version, off, place } => {
            place.change(|manifest| manifest.set_shadow(name, version, !off))
        }
        Action::Validation { name, mode, place } => place.change(|manifest| manifest.set_validation(name, *mode)),
        Action::Remove { name, version, place } => place.change(|manifest| manifest.remove(name, version.as_deref())),
    }
}

/// One line per version: `model version`, and what it does.
fn listing(manifest: &Manifest) -> String {
    let mut text = String::new();
    for entry in &manifest.models {
        let is_default = manifest.default.as_ref() == Some(&entry.name);
        let mode = entry.validation.name();
        if entry.elsewhere.is_some() {
            text += &format!("{}\t–\tserved elsewhere, {mode}\n", entry.name);
        }
        for version in &entry.versions {
            let role = if entry.default_version.as_ref() == Some(version) {
                if is_default { "answers, default model" } else { "answers" }
            } else if entry.shadows.contains(version) {
                "shadow"
            } else {
                "kept"
            };
            text += &format!("{}\t{version}\t{role}, {mode}\n", entry.name);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_every_version_does() {
        let mut manifest = Manifest::default();
        for version in ["1", "2", "3"] {
            manifest.add_version("a", version).unwrap();
        }
        manifest.set_shadow("a", "2", true).unwrap();
        manifest.set_validation("a", Mode::Strict).unwrap();
        let expected = "a\t1\tanswers, default model, strict\na\t2\tshadow, strict\na\t3\tkept, strict\n";
        assert_eq!(listing(&manifest), expected);
    }
}
