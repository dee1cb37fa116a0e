//! The list of models: which there are, which version of each answers, and which ones only watch.

use serde::{Deserialize, Serialize};
use std::fmt;
use tidemark::schema::ColumnType;
use tidemark::validation::Mode;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// The format that this version reads and writes.
pub const FORMAT: &str = "tidemark-models/1";

/// The longest name of a model, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// The models of a data folder, as they are written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The model that answers where no name is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The models, in the order of their arrival.
    #[serde(default)]
    pub models: Vec<ModelEntry>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), default: None, models: Vec::new() }
    }
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// What it is called, also in addresses.
    pub name: String,
    /// What becomes of rows that break the rules its reference taught.
    #[serde(default)]
    pub validation: Mode,
    /// The version that answers; none for a model that is served elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_version: Option<String>,
    /// All versions, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Versions that predict beside the one that answers, and are logged only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<String>,
    /// What is known of a model that is served elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Declaration>,
}

/// A model that is served elsewhere, as it was declared or as its reference shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// What goes into it, in order.
    #[schema(min_items = 1, max_items = 10000)]
    pub features: Vec<DeclaredFeature>,
    /// What it answers with.
    #[serde(default)]
    pub task: DeclaredTask,
    /// The classes that it gives scores of, in the order of the names here; of two the last one is the positive one. Without any, it says a
    /// class and perhaps one score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub classes: Vec<String>,
    /// SHA-256 of the reference that lies beside it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub reference: Option<String>,
    /// The reference's column that holds the truth, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub target: Option<String>,
}

/// A feature of a model that is served elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredFeature {
    /// Its name.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// What its values are.
    #[serde(rename = "type")]
    #[schema(schema_with = column_types)]
    pub column_type: ColumnType,
    /// Whether they are written as numbers; unless it says otherwise, numerical ones are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<bool>,
}

impl DeclaredFeature {
    /// Whether its values are numbers.
    pub fn is_number(&self) -> bool {
        self.numbers.unwrap_or(self.column_type == ColumnType::Numerical)
    }
}

fn column_types() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ColumnType::ALL.map(ColumnType::name))).build()
}

/// What a model that is served elsewhere answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclaredTask {
    /// The name of a class, and perhaps a score.
    #[default]
    Classification,
    /// A number.
    Regression,
}

/// Why the list cannot be changed as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestError {
    /// The name cannot be one.
    BadName {
        /// The name.
        name: String,
    },
    /// There is no such model.
    UnknownModel {
        /// Its name.
        name: String,
    },
    /// The model has no such version.
    UnknownVersion {
        /// The model.
        model: String,
        /// The version.
        version: String,
    },
    /// The version answers, so it can neither only watch nor go.
    Answers {
        /// The model.
        model: String,
        /// The version.
        version: String,
    },
    /// The model is served by Tidemark, or elsewhere, and the other was expected.
    OtherKind {
        /// The model.
        model: String,
        /// What it is.
        found: &'static str,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName { name } => write!(
                f,
                "{name:?} cannot be a model's name: 1 to {MAX_NAME_BYTES} letters, digits, dots, hyphens and underscores, \
                 the first one a letter or a digit"
            ),
            Self::UnknownModel { name } => write!(f, "there is no model {name:?}"),
            Self::UnknownVersion { model, version } => write!(f, "the model {model:?} has no version {version:?}"),
            Self::Answers { model, version } => {
                write!(
                    f,
                    "version {version:?} is the one of {model:?} that answers; make another one the default first"
                )
            }
            Self::OtherKind { model, found } => write!(f, "the model {model:?} is {found}"),
        }
    }
}

impl std::error::Error for ManifestError {}

/// Whether this can be the name of a model: it becomes a part of paths and addresses.
///
/// # Errors
/// It cannot.
pub fn check_name(name: &str) -> Result<(), ManifestError> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins_well && name.len() <= MAX_NAME_BYTES && name.bytes().all(is_letter) {
        Ok(())
    } else {
        Err(ManifestError::BadName { name: name.to_owned() })
    }
}

/// A name that can be one, from what people call a model.
pub fn name_from(title: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let name: String = title.chars().map(letter).take(MAX_NAME_BYTES).collect();
    let name = name.trim_matches(['-', '.', '_']);
    if name.is_empty() { "model".to_owned() } else { name.to_owned() }
}

impl Manifest {
    /// The entry of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn model(&self, name: &str) -> Result<&ModelEntry, ManifestError> {
        let found = self.models.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| ManifestError::UnknownModel { name: name.to_owned() })
    }

    fn model_mut(&mut self, name: &str) -> Result<&mut ModelEntry, ManifestError> {
        let found = self.models.iter_mut().find(|entry| entry.name == name);
        found.ok_or_else(|| ManifestError::UnknownModel { name: name.to_owned() })
    }

    fn model_or_new(&mut self, name: &str) -> Result<&mut ModelEntry, ManifestError> {
        check_name(name)?;
        let place = self.models.iter().position(|entry| entry.name == name).unwrap_or_else(|| {
            let entry = ModelEntry {
                name: name.to_owned(),
                validation: Mode::default(),
                default_version: None,
                versions: Vec::new(),
                shadows: Vec::new(),
                elsewhere: None,
            };
            self.models.push(entry);
            self.models.len() - 1
        });
        self.default.get_or_insert_with(|| name.to_owned());
        Ok(&mut self.models[place])
    }

    /// Adds a version of a model that Tidemark serves. The first version of a model answers, the first model is the default.
    ///
    /// # Errors
    /// The name cannot be one, or belongs to a model that is served elsewhere.
    pub fn add_version(&mut self, model: &str, version: &str) -> Result<(), ManifestError> {
        if self.model(model).is_ok_and(|entry| entry.elsewhere.is_some()) {
            return Err(ManifestError::OtherKind { model: model.to_owned(), found: "served elsewhere" });
        }
        let entry = self.model_or_new(model)?;
        if !entry.versions.iter().any(|known| known == version) {
            entry.versions.push(version.to_owned());
        }
        entry.default_version.get_or_insert_with(|| version.to_owned());
        Ok(())
    }

    /// Declares a model that is served elsewhere, or declares it anew.
    ///
    /// # Errors
    /// The name cannot be one, or belongs to a model that Tidemark serves.
    pub fn declare(&mut self, model: &str, declaration: Declaration) -> Result<(), ManifestError> {
        if self.model(model).is_ok_and(|entry| entry.elsewhere.is_none()) {
            return Err(ManifestError::OtherKind { model: model.to_owned(), found: "served by Tidemark" });
        }
        self.model_or_new(model)?.elsewhere = Some(declaration);
        Ok(())
    }

    /// Makes a model the one that answers where no name is given, and, where one is named, a version of it the one that
    /// answers. Whoever answers is no shadow.
    ///
    /// # Errors
    /// There is no such model or version.
    pub fn set_default(&mut self, model: &str, version: Option<&str>) -> Result<(), ManifestError> {
        if let Some(version) = version {
            self.set_default_version(model, version)?;
        }
        self.default = Some(self.model(model)?.name.clone());
        Ok(())
    }

    /// Makes a version the one of its model that answers.
    ///
    /// # Errors
    /// There is no such model or version.
    pub fn set_default_version(&mut self, model: &str, version: &str) -> Result<(), ManifestError> {
        let entry = self.version_of(model, version)?;
        entry.default_version = Some(version.to_owned());
        entry.shadows.retain(|shadow| shadow != version);
        Ok(())
    }

    /// Lets a version predict beside the one that answers, or no longer.
    ///
    /// # Errors
    /// There is no such model or version, or it is the one that answers.
    pub fn set_shadow(&mut self, model: &str, version: &str, is_shadow: bool) -> Result<(), ManifestError> {
        let entry = self.version_of(model, version)?;
        if is_shadow && entry.default_version.as_deref() == Some(version) {
            return Err(ManifestError::Answers { model: model.to_owned(), version: version.to_owned() });
        }
        entry.shadows.retain(|shadow| shadow != version);
        if is_shadow {
            entry.shadows.push(version.to_owned());
        }
        Ok(())
    }

    /// Sets what becomes of rows that break a rule.
    ///
    /// # Errors
    /// There is no such model.
    pub fn set_validation(&mut self, model: &str, mode: Mode) -> Result<(), ManifestError> {
        self.model_mut(model)?.validation = mode;
        Ok(())
    }

    /// Removes a version, or a model with all it has. If it was the default, the oldest of the others becomes it.
    ///
    /// # Errors
    /// There is no such model or version, or the version is the one that answers while there are others.
    pub fn remove(&mut self, model: &str, version: Option<&str>) -> Result<(), ManifestError> {
        if let Some(version) = version {
            let entry = self.version_of(model, version)?;
            if entry.versions.len() > 1 {
                if entry.default_version.as_deref() == Some(version) {
                    return Err(ManifestError::Answers { model: model.to_owned(), version: version.to_owned() });
                }
                entry.versions.retain(|known| known != version);
                entry.shadows.retain(|known| known != version);
                return Ok(());
            }
        }
        self.model(model)?;
        self.models.retain(|entry| entry.name != model);
        if self.default.as_deref() == Some(model) {
            self.default = self.models.first().map(|entry| entry.name.clone());
        }
        Ok(())
    }

    fn version_of(&mut self, model: &str, version: &str) -> Result<&mut ModelEntry, ManifestError> {
        let entry = self.model_mut(model)?;
        if entry.versions.iter().any(|known| known == version) {
            Ok(entry)
        } else {
            Err(ManifestError::UnknownVersion { model: model.to_owned(), version: version.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_versions() -> Manifest {
        let mut manifest = Manifest::default();
        manifest.add_version("a", "1").unwrap();
        manifest.add_version("a", "2").unwrap();
        manifest.add_version("b", "7").unwrap();
        manifest
    }

    #[test]
    fn the_first_one_answers_until_told_otherwise() {
        let mut manifest = two_versions();
        assert_eq!(manifest.default.as_deref(), Some("a"));
        assert_eq!(manifest.model("a").unwrap().default_version.as_deref(), Some("1"));
        manifest.add_version("a", "2").unwrap();
        assert_eq!(manifest.model("a").unwrap().versions, ["1", "2"], "a version is there once");
        manifest.set_default("a", Some("2")).unwrap();
        manifest.set_default("b", None).unwrap();
        assert_eq!(manifest.default.as_deref(), Some("b"));
        assert_eq!(manifest.model("a").unwrap().default_version.as_deref(), Some("2"));
        assert!(matches!(manifest.set_default("c", None), Err(ManifestError::UnknownModel { .. })));
        assert!(matches!(manifest.set_default("a", Some("3")), Err(ManifestError::UnknownVersion { .. })));
    }

    #[test]
    fn whoever_answers_is_no_shadow() {
        let mut manifest = two_versions();
        assert!(matches!(manifest.set_shadow("a", "1", true), Err(ManifestError::Answers { .. })));
        manifest.set_shadow("a", "2", true).unwrap();
        manifest.set_shadow("a", "2", true).unwrap();
        assert_eq!(manifest.model("a").unwrap().shadows, ["2"]);
        manifest.set_default_version("a", "2").unwrap();
        assert!(manifest.model("a").unwrap().shadows.is_empty());
        manifest.set_shadow("a", "1", true).unwrap();
        manifest.set_shadow("a", "1", false).unwrap();
        assert!(manifest.model("a").unwrap().shadows.is_empty());
    }

    #[test]
    fn what_answers_is_not_removed_while_there_are_others() {
        let mut manifest = two_versions();
        assert!(matches!(manifest.remove("a", Some("1")), Err(ManifestError::Answers { .. })));
        manifest.set_shadow("a", "2", true).unwrap();
        manifest.remove("a", Some("2")).unwrap();
        assert!(manifest.model("a").unwrap().shadows.is_empty());
        manifest.remove("a", Some("1")).unwrap();
        assert_eq!(manifest.default.as_deref(), Some("b"), "the last version takes its model along");
        manifest.remove("b", None).unwrap();
        assert_eq!(manifest, Manifest::default());
    }

    #[test]
    fn a_model_is_served_here_or_elsewhere() {
        let mut manifest = two_versions();
        let declaration = Declaration {
            features: Vec::new(),
            task: DeclaredTask::Regression,
            classes: Vec::new(),
            reference: None,
            target: None,
        };
        assert!(matches!(manifest.declare("a", declaration.clone()), Err(ManifestError::OtherKind { .. })));
        manifest.declare("e", declaration).unwrap();
        assert!(matches!(manifest.add_version("e", "1"), Err(ManifestError::OtherKind { .. })));
    }

    #[test]
    fn names_are_safe_in_paths_and_addresses() {
        for name in ["a", "card-fraud", "A.b_c-1", &"x".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", ".", "..", "-a", "a/b", "a b", "a%2f", "é", "a\0", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for title in ["Card fraud, 2026", "../..", "", "é", "a"] {
            assert_eq!(check_name(&name_from(title)), Ok(()), "{title:?}");
        }
        assert_eq!(name_from("Card fraud"), "Card-fraud");
    }

    #[test]
    fn a_manifest_is_read_back() {
        let manifest = two_versions();
        let json = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    }
}
