//! What is fuzzed: any bytes go in, nothing panics, and what comes out obeys a law.

use sha2::{Digest, Sha256};
use tidemark::data::{Dataset, csv};
use tidemark::judge::Settings;
use tidemark::model::{ImportOptions, Model};
use tidemark::profile::TableProfile;
use tidemark::render;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

/// Between the two files of the target [`report`].
pub const BETWEEN: &[u8] = b"\n--8<--\n";

/// Bytes of the SHA-256 at the end of model files and stored profiles.
const CHECKSUM: usize = 32;

/// No fuzzed profile may unfold to more.
const MOST_VALUES: u64 = 1 << 20;

/// Reading a table: what was read has the shape of a table, and writing it and reading it again loses no row and no name.
pub fn csv(data: &[u8]) {
    let Ok(table) = csv::read(data) else { return };
    let names = names(&table);
    let distinct: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len(), "a name occurs once");
    assert!(table.columns().iter().all(|column| column.len() == table.n_rows()), "columns are equally long");
    let again = csv::read(&written(&table)).unwrap_or_else(|error| panic!("what was written can't be read: {error}"));
    assert_eq!(self::names(&again), names, "names survive");
    // An empty line is no row: a table of one column with missing values can't be told from one without them.
    if names.len() > 1 {
        assert_eq!(again.n_rows(), table.n_rows(), "rows survive");
        assert_eq!(written(&again), written(&table), "what was read from what was written is written the same");
    }
}

/// Types: any table has a schema, it comes back from JSON as it was, and a part of the rows has as many columns.
pub fn schema(data: &[u8]) {
    // The same bytes as settings and as a schema: no text of a stranger's makes them panic.
    let _ = serde_json::from_slice::<Settings>(data);
    let _ = serde_json::from_slice::<Schema>(data);
    let Ok(table) = csv::read(data) else { return };
    let schema = infer(&table);
    assert_eq!(schema.columns.len(), table.columns().len());
    let json = serde_json::to_string(&schema).expect("a schema is JSON");
    assert_eq!(serde_json::from_str::<Schema>(&json).expect("and back"), schema);
    let half = infer(&table.slice(0..table.n_rows() / 2));
    assert_eq!(half.columns.len(), schema.columns.len());
}

/// Two files make a report that holds finite numbers only and can be shown in every form; a file compared with itself has
/// not drifted.
pub fn report(data: &[u8]) {
    let cut = data.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (first, second) = cut.map_or((data, data), |at| (&data[..at], &data[at + BETWEEN.len()..]));
    let (Ok(reference), Ok(current)) = (csv::read(first), csv::read(second)) else { return };
    let found = compared(&reference, &current);
    let json = serde_json::to_string(&found).expect("a report is JSON");
    // A number that is not finite is written as null, and does not come back.
    let back: DriftReport = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
    assert_eq!(back, found, "a report comes back from JSON as it was");
    let html = render::html::report(&found);
    assert!(html.contains("</html>"), "the page is whole");
    let text = render::text::report(&found);
    assert!(found.columns.iter().all(|column| text.contains(first_line(&column.name))), "every column is listed");
    let itself = compared(&reference, &reference);
    assert!(!itself.is_drifted(), "a file has not drifted from itself: {}", itself.sentence);
}

fn compared(reference: &Dataset, current: &Dataset) -> DriftReport {
    let source = |data| Source { label: "file", data, sha256: None };
    compare(Reference(source(reference)), Current(source(current)), &infer(reference), &Settings::default())
}

fn infer(table: &Dataset) -> Schema {
    Schema::infer(table, &SchemaOverrides::default()).expect("nothing is overridden")
}

fn names(table: &Dataset) -> Vec<&str> {
    table.columns().iter().map(|column| column.name.as_str()).collect()
}

fn written(table: &Dataset) -> Vec<u8> {
    let mut bytes = Vec::new();
    csv::write(table, &mut bytes).expect("memory can be written");
    bytes
}

/// Names may hold line breaks; what shows one may break it there.
fn first_line(name: &str) -> &str {
    name.split(['\n', '\r']).next().unwrap_or_default()
}

/// An ONNX file: whatever was read predicts finite shares, the same again after the way through a model file.
pub fn onnx(data: &[u8]) {
    let Ok(read) = tidemark::onnx::read(data) else { return };
    let options = ImportOptions { name: "fuzzed".to_owned(), ..ImportOptions::default() };
    let Ok(model) = tidemark::model::import(read, String::new(), &options, None) else { return };
    let again = Model::from_bytes(&model.to_bytes()).expect("what was written is read");
    assert_eq!(again.to_bytes(), model.to_bytes());
    assert_answers(&model);
}

/// A model file whose length and checksum are right, so that what lies behind them is reached: whatever was read answers, and
/// is written and read as it was.
pub fn model(data: &[u8]) {
    let mut file = data.to_vec();
    let length = file.len() as u64 + CHECKSUM as u64;
    if let Some(field) = file.get_mut(12..20) {
        field.copy_from_slice(&length.to_le_bytes());
    }
    let checksum = Sha256::digest(&file);
    file.extend_from_slice(&checksum);
    let _ = Model::from_bytes(data);
    let Ok(model) = Model::from_bytes(&file) else { return };
    let written = model.to_bytes();
    let again = Model::from_bytes(&written).expect("what was written is read");
    assert_eq!(again.to_bytes(), written);
    assert_answers(&model);
}

/// Rows at the edges of what numbers are, one of them missing altogether.
fn assert_answers(model: &Model) {
    let n = model.forest.n_features();
    // More than a row would have in earnest.
    if n > 10_000 {
        return;
    }
    for value in [0.0, -1e300, f64::MIN_POSITIVE, f64::NAN] {
        let row = vec![value; n];
        let mut scores = vec![0.0; model.forest.n_scores()];
        let class = model.forest.predict(&row, &mut scores);
        let _ = model.probability(class, &scores);
    }
}

/// A stored profile whose checksum is right: whatever was read is written and read as it was, and goes together with itself.
pub fn profile(data: &[u8]) {
    let mut bytes = data.to_vec();
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    let _ = TableProfile::from_bytes(data, MOST_VALUES);
    let Ok(profile) = TableProfile::from_bytes(&bytes, MOST_VALUES) else { return };
    let written = profile.to_bytes();
    let again = TableProfile::from_bytes(&written, MOST_VALUES).expect("what was written is read");
    assert_eq!(again.to_bytes(), written);
    if let Ok(twice) = profile.merge(&profile) {
        assert_eq!(twice.rows(), 2 * profile.rows());
    }
}
