//! The model file.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `TIDEMARK` |
//! | 4 | format version, little-endian as all numbers |
//! | 8 | length of the file |
//! | 4 | length of the header |
//! | … | header: JSON with names, settings and the length of every array |
//! | … | the forest: nodes per tree (u32), features (u16), thresholds (f64), left and right children (u32), where a missing value goes (a byte, left is 1; only if the header says so), the leaves' numbers (f64) |
//! | … | the columns of the reference, then of the rows held back |
//! | 32 | SHA-256 of everything before |
//!
//! A column is f64 numbers (NaN is a missing one), or one byte per truth value, or strings: the length of each distinct one
//! (u32), their text in UTF-8, and one code per row (u32, [`MISSING`] for a missing one).
//!
//! Format 1 held forests of class shares only, trained here; it is still read ([`v1`]).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use super::{ModelError, ModelParts, Origin};
use crate::data::{Column, Dataset, Numbers, Strings, Values};
use crate::forest::{Forest, ForestParts, Scoring};
use crate::schema::Schema;
use reader::Reader;

mod reader;
mod v1;

const MAGIC: &[u8; 8] = b"TIDEMARK";

/// The format this version writes, and the newest it reads.
const FORMAT_VERSION: u32 = 2;

/// Bytes before the header.
const PREFIX: usize = 24;

/// Bytes of the checksum.
const CHECKSUM: usize = 32;

/// The code of a missing string.
const MISSING: u32 = u32::MAX;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    target: String,
    classes: Vec<String>,
    schema: Schema,
    importances: Vec<(String, f64)>,
    metrics: Vec<(String, f64)>,
    origin: Origin,
    forest: ForestHeader,
    reference: TableHeader,
    held_out: TableHeader,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForestHeader {
    n_features: usize,
    n_outputs: usize,
    scoring: Scoring,
    n_trees: usize,
    n_nodes: usize,
    n_numbers: usize,
    has_missing_left: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableHeader {
    n_rows: usize,
    columns: Vec<ColumnHeader>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnHeader {
    name: String,
    kind: Kind,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Kind {
    Numbers { is_integer: bool },
    Booleans,
    Strings { n_distinct: usize },
}

/// Writes a model file.
pub fn write(parts: &ModelParts) -> Vec<u8> {
    let forest = parts.forest.to_parts();
    let tables = [&parts.reference, &parts.held_out];
    let [reference, held_out] = tables.map(table_header);
    let header = Header {
        name: parts.name.clone(),
        target: parts.target.clone(),
        classes: parts.classes.clone(),
        schema: parts.schema.clone(),
        importances: parts.importances.clone(),
        metrics: parts.metrics.clone(),
        origin: parts.origin.clone(),
        forest: ForestHeader {
            n_features: forest.n_features,
            n_outputs: forest.n_outputs,
            scoring: forest.scoring.clone(),
            n_trees: forest.tree_lengths.len(),
            n_nodes: forest.features.len(),
            n_numbers: forest.leaves.len(),
            has_missing_left: !forest.missing_left.is_empty(),
        },
        reference,
        held_out,
    };
    let header = serde_json::to_vec(&header).expect("the header has only string keys and finite numbers");

    let mut file = MAGIC.to_vec();
    file.extend(FORMAT_VERSION.to_le_bytes());
    // The length is filled in when it is known.
    file.extend([0; 8]);
    file.extend(u32::try_from(header.len()).expect("a header is smaller than 4 GB").to_le_bytes());
    file.extend(header);
    write_forest(&forest, &mut file);
    for column in tables.into_iter().flat_map(Dataset::columns) {
        write_column(&column.values, &mut file);
    }
    let length = (file.len() + CHECKSUM) as u64;
    file[12..20].copy_from_slice(&length.to_le_bytes());
    let checksum = Sha256::digest(&file);
    file.extend(checksum);
    file
}

fn table_header(table: &Dataset) -> TableHeader {
    let columns = table.columns().iter().map(|column| ColumnHeader {
        name: column.name.clone(),
        kind: match &column.values {
            Values::Numbers(numbers) => Kind::Numbers { is_integer: numbers.is_integer() },
            Values::Booleans(_) => Kind::Booleans,
            Values::Strings(strings) => Kind::Strings { n_distinct: strings.n_distinct() },
        },
    });
    TableHeader { n_rows: table.n_rows(), columns: columns.collect() }
}

fn write_forest(forest: &ForestParts, file: &mut Vec<u8>) {
    file.extend(forest.tree_lengths.iter().flat_map(|length| length.to_le_bytes()));
    file.extend(forest.features.iter().flat_map(|feature| feature.to_le_bytes()));
    file.extend(forest.thresholds.iter().flat_map(|threshold| threshold.to_le_bytes()));
    file.extend(forest.lefts.iter().flat_map(|left| left.to_le_bytes()));
    file.extend(forest.rights.iter().flat_map(|right| right.to_le_bytes()));
    file.extend(forest.missing_left.iter().map(|&goes_left| u8::from(goes_left)));
    file.extend(forest.leaves.iter().flat_map(|number| number.to_le_bytes()));
}

fn write_column(values: &Values, file: &mut Vec<u8>) {
    match values {
        Values::Numbers(numbers) => file.extend(numbers.as_slice().iter().flat_map(|value| value.to_le_bytes())),
        Values::Booleans(values) => file.extend(values.iter().map(|&value| u8::from(value))),
        Values::Strings(strings) => {
            // In order of appearance, as they were collected.
            let mut distinct = Vec::new();
            let mut code_of = BTreeMap::new();
            let mut codes = Vec::with_capacity(strings.len());
            for string in strings.iter() {
                let code = string.map(|string| {
                    *code_of.entry(string).or_insert_with(|| {
                        distinct.push(string);
                        distinct.len() as u32 - 1
                    })
                });
                codes.push(code.unwrap_or(MISSING));
            }
            file.extend(distinct.iter().flat_map(|string| (string.len() as u32).to_le_bytes()));
            file.extend(distinct.iter().flat_map(|string| string.bytes()));
            file.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
        }
    }
}

/// Reads a model file. Believes no length before the bytes are there.
pub fn read(bytes: &[u8]) -> Result<ModelParts, ModelError> {
    let (format, content) = check_frame(bytes)?;
    let mut reader = Reader::new(&content[PREFIX - 4..]);
    let header_length = reader.u32s("length of the header", 1)?[0] as usize;
    let header = reader.bytes("header", header_length)?;
    let header = if format == 1 { v1::header(header) } else { serde_json::from_slice::<Header>(header) };
    let header = header.map_err(|error| ModelError::Header { message: error.to_string() })?;

    let forest = read_forest(&header.forest, &mut reader)?;
    let reference = read_table(&header.reference, &mut reader)?;
    let held_out = read_table(&header.held_out, &mut reader)?;
    reader.finish()?;
    Ok(ModelParts {
        name: header.name,
        target: header.target,
        classes: header.classes,
        schema: header.schema,
        forest,
        importances: header.importances,
        metrics: header.metrics,
        origin: header.origin,
        reference,
        held_out,
    })
}

/// Checks magic, format, length and checksum, and returns the format and what lies before the checksum.
fn check_frame(bytes: &[u8]) -> Result<(u32, &[u8]), ModelError> {
    let start = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(start) {
        return Err(ModelError::NotAModel { found: start.to_vec() });
    }
    let found = bytes.len() as u64;
    if bytes.len() < PREFIX + CHECKSUM {
        return Err(ModelError::Truncated { expected: (PREFIX + CHECKSUM) as u64, found });
    }
    let mut reader = Reader::new(&bytes[MAGIC.len()..]);
    let format = reader.u32s("format version", 1)?[0];
    if !(1..=FORMAT_VERSION).contains(&format) {
        return Err(ModelError::FormatVersion { expected: FORMAT_VERSION, found: format });
    }
    let expected = reader.u64("length of the file")?;
    if found < expected {
        return Err(ModelError::Truncated { expected, found });
    }
    if found > expected {
        return Err(ModelError::TrailingBytes { expected, found });
    }
    let (content, expected) = bytes.split_at(bytes.len() - CHECKSUM);
    let found = Sha256::digest(content);
    if found.as_slice() != expected {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        return Err(ModelError::Checksum { expected: hex(expected), found: hex(&found) });
    }
    Ok((format, content))
}

fn read_forest(header: &ForestHeader, reader: &mut Reader<'_>) -> Result<Forest, ModelError> {
    let mut parts = ForestParts {
        n_features: header.n_features,
        n_outputs: header.n_outputs,
        scoring: header.scoring.clone(),
        tree_lengths: reader.u32s("nodes per tree", header.n_trees)?,
        features: reader.u16s("features of the nodes", header.n_nodes)?,
        thresholds: reader.f64s("thresholds", header.n_nodes)?,
        lefts: reader.u32s("left children", header.n_nodes)?,
        rights: reader.u32s("right children", header.n_nodes)?,
        ..ForestParts::default()
    };
    if header.has_missing_left {
        parts.missing_left = reader.bools("ways of missing values", header.n_nodes)?;
    }
    parts.leaves = reader.f64s("numbers in the leaves", header.n_numbers)?;
    Forest::new(&parts).map_err(ModelError::Forest)
}

fn read_table(header: &TableHeader, reader: &mut Reader<'_>) -> Result<Dataset, ModelError> {
    let mut columns = Vec::new();
    for column in &header.columns {
        let values = read_column(column, header.n_rows, reader)?;
        columns.push(Column { name: column.name.clone(), values });
    }
    Dataset::new(columns).map_err(ModelError::Dataset)
}

fn read_column(header: &ColumnHeader, n_rows: usize, reader: &mut Reader<'_>) -> Result<Values, ModelError> {
    let part = format!("column {:?}", header.name);
    match header.kind {
        Kind::Numbers { is_integer } => {
            let values = reader.f64s(&part, n_rows)?;
            let is_whole = |value: &f64| value.is_finite() && value.fract() == 0.0;
            if is_integer && !values.iter().all(is_whole) {
                return Err(ModelError::Value { part, expected: "whole numbers" });
            }
            Ok(Values::Numbers(Numbers::new(values, is_integer)))
        }
        Kind::Booleans => Ok(Values::Booleans(reader.bools(&part, n_rows)?)),
        Kind::Strings { n_distinct } => {
            let lengths = reader.u32s(&part, n_distinct)?;
            let mut distinct = Vec::with_capacity(lengths.len());
            for length in lengths {
                let text = std::str::from_utf8(reader.bytes(&part, length as usize)?);
                let Ok(text) = text else {
                    return Err(ModelError::Value { part, expected: "text in UTF-8" });
                };
                distinct.push(text);
            }
            let codes = reader.u32s(&part, n_rows)?;
            if codes.iter().any(|&code| code != MISSING && code as usize >= distinct.len()) {
                return Err(ModelError::Value { part, expected: "codes of strings there are" });
            }
            let strings = codes.iter().map(|&code| distinct.get(code as usize).copied());
            Ok(Values::Strings(Strings::from_options(strings)))
        }
    }
}

#[cfg(test)]
mod tests;
