//! Embeddings: named groups of columns that are compared together.

use clap::Args as ClapArgs;
use std::collections::BTreeMap;
use tidemark::judge::evidently::{EmbeddingMethod, EmbeddingSettings};

use super::{OVERRIDES, split, split_optional};

/// Which columns mean something only together.
#[derive(ClapArgs)]
pub(super) struct Embeddings {
    /// Numerical columns that are compared row by row, as Evidently compares embeddings: --embedding title=t0,t1,t2. Said again, it
    /// adds columns
    #[arg(long, value_name = "NAME=COLUMN,…", value_parser = parse_embedding, help_heading = OVERRIDES)]
    embedding: Vec<(String, Vec<String>)>,
    /// How embeddings are compared, one or, without a name, all: model (the default), distance, ratio or mmd
    #[arg(long, value_name = "[NAME=]METHOD", value_parser = parse_method, help_heading = OVERRIDES)]
    embedding_method: Vec<(Option<String>, EmbeddingMethod)>,
}

impl Embeddings {
    /// What the flags add up to. A method for an embedding that no flag names makes one without columns:
    /// [`without_columns`] finds it.
    pub(super) fn settings(&self) -> BTreeMap<String, EmbeddingSettings> {
        let mut settings: BTreeMap<String, EmbeddingSettings> = BTreeMap::new();
        for (name, columns) in &self.embedding {
            settings.entry(name.clone()).or_default().columns.extend_from_slice(columns);
        }
        for (_, method) in self.embedding_method.iter().filter(|(name, _)| name.is_none()) {
            settings.values_mut().for_each(|embedding| embedding.method = Some(*method));
        }
        for (name, method) in &self.embedding_method {
            if let Some(name) = name {
                settings.entry(name.clone()).or_default().method = Some(*method);
            }
        }
        settings
    }
}

/// The first embedding that no flag gave columns.
pub(super) fn without_columns(embeddings: &BTreeMap<String, EmbeddingSettings>) -> Option<&str> {
    embeddings.iter().find(|(_, embedding)| embedding.columns.is_empty()).map(|(name, _)| name.as_str())
}

fn parse_embedding(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, columns) = split(text)?;
    let columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
    if name.is_empty() || columns.iter().any(String::is_empty) {
        return Err("expected NAME=COLUMN,COLUMN".to_owned());
    }
    match columns.iter().enumerate().find(|(i, column)| columns[..*i].contains(column)) {
        Some((_, twice)) => Err(format!("names the column {twice} twice")),
        None => Ok((name, columns)),
    }
}

fn parse_method(text: &str) -> Result<(Option<String>, EmbeddingMethod), String> {
    let (name, method) = split_optional(text);
    let known = ["model", "distance", "ratio", "mmd"].contains(&method);
    // The settings' own names and defaults.
    let method = serde_json::from_value(serde_json::json!({ "method": method })).ok().filter(|_| known);
    method.map(|method| (name, method)).ok_or_else(|| "the methods are model, distance, ratio, mmd".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_add_up_and_a_methods_own_name_goes_first() {
        let embedding = ["title=t0,t1", "body=b0", "title=t2"].map(|text| parse_embedding(text).unwrap()).to_vec();
        let embedding_method = ["title=mmd", "ratio"].map(|text| parse_method(text).unwrap()).to_vec();
        let settings = Embeddings { embedding, embedding_method }.settings();
        assert_eq!(settings["title"].columns, ["t0", "t1", "t2"]);
        assert!(matches!(settings["title"].method, Some(EmbeddingMethod::Mmd { .. })));
        assert!(matches!(settings["body"].method, Some(EmbeddingMethod::Ratio { .. })));
        assert_eq!(without_columns(&settings), None);
    }

    #[test]
    fn what_is_no_embedding_is_said() {
        assert!(parse_embedding("t0,t1").is_err());
        assert!(parse_embedding("title=").is_err() && parse_embedding("=t0").is_err());
        assert!(parse_embedding("title=t0,t1,t0").unwrap_err().contains("t0 twice"));
        assert!(parse_method("title=psi").unwrap_err().contains("model, distance"));
        let embedding_method = vec![parse_method("titel=mmd").unwrap()];
        let settings = Embeddings { embedding: Vec::new(), embedding_method }.settings();
        assert_eq!(without_columns(&settings), Some("titel"));
    }
}
