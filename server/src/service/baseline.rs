//! A model's reference, and how rows of the log are held against it.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use tidemark::data::{Column, Dataset, Numbers, Values};
use tidemark::judge::Settings;
use tidemark::model::{Model, PROBABILITY};
use tidemark::profile::TableProfile;
use tidemark::profile::table::ProfileMismatch;
use tidemark::report::{DriftReport, FittedReference, Input, Profiled, Source};
use tidemark::schema::{ColumnRole, ColumnSpec, Schema};
use tidemark::stattest::Current;
use tidemark_log::{Answers, Outcome, Rows};

/// The reference, fitted once, and the columns that a window has to have.
pub struct Baseline {
    reference: FittedReference,
    schema: Schema,
    columns: Vec<WindowColumn>,
    mark: Mark,
    importances: Vec<(String, f64)>,
    /// Rows of the reference.
    pub n_reference: u64,
}

/// Says by which columns, of which types and written how, a profile was taken: profiles of different marks do not go
/// together.
pub type Mark = [u8; 16];

/// How a column of a window is made from the log.
#[derive(Debug)]
struct WindowColumn {
    name: String,
    written: Written,
    source: WindowSource,
}

/// How the reference has the column's values; then a window has them in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    WholeNumbers,
    Numbers,
    Booleans,
    Strings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WindowSource {
    Feature,
    Prediction,
    Score,
}

impl Baseline {
    /// The baseline of a model that Tidemark serves; none if it came without a reference.
    pub fn of_model(model: &Model, settings: &Settings) -> Option<Self> {
        if model.reference.columns().is_empty() {
            return None;
        }
        let label = format!("training data of {}", model.name);
        let mut baseline = Self::new(label, &model.schema, PROBABILITY, settings, |name| model.reference_column(name));
        baseline.importances = model.importances.clone();
        baseline.n_reference = model.reference.n_rows() as u64;
        Some(baseline)
    }

    /// The baseline of a model that is served elsewhere. `schema` says which of the reference's columns are features and
    /// which hold what the model said: a score in the column `score`, anything else in the others.
    pub fn of_reference(name: &str, reference: &Dataset, schema: &Schema, score: &str, settings: &Settings) -> Self {
        let label = format!("reference of {name}");
        let mut baseline = Self::new(label, schema, score, settings, |name| reference.column(name));
        baseline.n_reference = reference.n_rows() as u64;
        baseline
    }

    fn new<'a>(
        label: String,
        schema: &Schema,
        score: &str,
        settings: &Settings,
        column: impl Fn(&str) -> Option<&'a Column> + Sync,
    ) -> Self {
        let rows = schema.columns.first().and_then(|spec| column(&spec.name)).map_or(0, |column| column.len() as u64);
        let input = Input { label, rows, sha256: None };
        let reference = FittedReference::fit_columns(input, schema, &column).with_embeddings(settings, &column);
        let watched = schema.columns.iter().filter_map(|spec| {
            let source = match spec.role {
                ColumnRole::Feature => WindowSource::Feature,
                ColumnRole::Prediction if spec.name == score => WindowSource::Score,
                ColumnRole::Prediction => WindowSource::Prediction,
                ColumnRole::Target | ColumnRole::Ignored => return None,
            };
            let written = match &column(&spec.name)?.values {
                Values::Numbers(numbers) if numbers.is_integer() => Written::WholeNumbers,
                Values::Numbers(_) => Written::Numbers,
                Values::Booleans(_) => Written::Booleans,
                Values::Strings(_) => Written::Strings,
            };
            Some(WindowColumn { name: spec.name.clone(), written, source })
        });
        let columns: Vec<WindowColumn> = watched.collect();
        let mark = mark_of(schema, &columns);
        let schema = schema.clone();
        Self { reference, schema, columns, mark, importances: Vec::new(), n_reference: rows }
    }

    /// The same columns, or of them these, held against other rows: those of the log.
    pub fn of_rows(&self, label: String, rows: Rows, settings: &Settings, columns: &[String]) -> Self {
        let data = self.window(rows);
        self.fitted(label, settings, columns, |name| data.column(name))
    }

    /// The same columns, or of them these, held against the rows of a segment in `column`. `None` where no column says which rows
    /// belong to the segment, or no row does.
    pub fn narrowed<'a>(
        &self,
        label: String,
        settings: &Settings,
        columns: &[String],
        segment: Option<(&str, &[String])>,
        column: impl Fn(&str) -> Option<&'a Column> + Sync,
    ) -> Option<Self> {
        let Some((name, values)) = segment else { return Some(self.fitted(label, settings, columns, column)) };
        let keep = column(name)?.is_any_of(values);
        if !keep.contains(&true) {
            return None;
        }
        let of_segment = |spec: &ColumnSpec| column(&spec.name).filter(|column| column.len() == keep.len());
        let kept = self.schema.columns.iter().filter_map(|spec| Some(of_segment(spec)?.keep(&keep)));
        let kept: Vec<Column> = kept.collect();
        let find = |name: &str| kept.iter().find(|column| column.name == name);
        Some(self.fitted(label, settings, columns, find))
    }

    /// The same columns, or of them these, as far as `column` has them.
    fn fitted<'a>(
        &self,
        label: String,
        settings: &Settings,
        columns: &[String],
        column: impl Fn(&str) -> Option<&'a Column> + Sync,
    ) -> Self {
        let mut schema = self.schema.clone();
        schema.columns.retain(|spec| column(&spec.name).is_some());
        for spec in &mut schema.columns {
            if !columns.is_empty() && !columns.contains(&spec.name) {
                spec.role = ColumnRole::Ignored;
            }
        }
        let score = self.columns.iter().find(|column| column.source == WindowSource::Score);
        let score = score.map_or("", |column| column.name.as_str());
        let importances = self.importances.clone();
        Self { importances, ..Self::new(label, &schema, score, settings, column) }
    }

    /// The columns that it looks at.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Holds rows of the log against the reference.
    pub fn compare(&self, rows: Rows, label: &str, settings: &Settings) -> DriftReport {
        let data = self.window(rows);
        let current = Current(Source { label, data: &data, sha256: None });
        self.reference.compare(current, &self.importances, settings, &|_| {})
    }

    /// The profile of rows of the log; none where the rows beside them would decide how a column is written.
    pub fn profile(&self, rows: Rows) -> Option<TableProfile> {
        let data = self.window(rows);
        let is_certain = |column: &WindowColumn| {
            let values = data.column(&column.name).map(|column| &column.values);
            column.written != Written::Booleans || matches!(values, Some(Values::Booleans(_)))
        };
        self.columns.iter().all(is_certain).then(|| TableProfile::of_owned(data, &self.schema))
    }

    /// Holds a window of which the profile is there against the reference. The report is the one of its rows, to the last
    /// byte, where the settings ask for nothing that takes rows.
    ///
    /// # Errors
    /// The profile is not one of this baseline's.
    pub fn compare_profile(
        &self,
        profile: &TableProfile,
        label: &str,
        settings: &Settings,
    ) -> Result<DriftReport, ProfileMismatch> {
        let current = Current(Profiled { label, profile, sha256: None });
        self.reference.compare_profile(current, &self.importances, settings, &|_| {})
    }

    /// What profiles of this baseline are marked with.
    pub const fn mark(&self) -> Mark {
        self.mark
    }

    /// Columns of a window.
    pub const fn n_columns(&self) -> usize {
        self.columns.len()
    }

    fn window(&self, mut rows: Rows) -> Dataset {
        let features = std::mem::take(&mut rows.features).into_columns().into_iter();
        let mut features: HashMap<String, Values> = features.map(|column| (column.name, column.values)).collect();
        let columns = self.columns.iter().map(|column| column.of(&rows, &mut features)).collect();
        Dataset::new(columns).expect("the columns have the log's length and the schema's distinct names")
    }
}

fn mark_of(schema: &Schema, columns: &[WindowColumn]) -> Mark {
    let mut text = serde_json::to_string(schema).expect("a schema is names and enums");
    write!(text, "{columns:?}").expect("writing to a string does not fail");
    let digest: [u8; 32] = Sha256::digest(text).into();
    let (mark, _) = digest.split_first_chunk().expect("32 bytes hold 16");
    *mark
}

/// The score that stands beside an outcome: as [`Model::probability`] has it, of more than two classes that of the class
/// named, else the last one.
fn score_of(outcome: &Outcome, scores: &[f64], answers: &Answers) -> f64 {
    let score = match (outcome, answers) {
        (Outcome::Class(class), _) if scores.len() > 2 => scores.get(*class as usize),
        (Outcome::Label(name), Answers::Scored(classes)) if scores.len() > 2 => {
            classes.iter().zip(scores).find(|(class, _)| **class == **name).map(|(_, score)| score)
        }
        _ => scores.last(),
    };
    score.copied().unwrap_or(f64::NAN)
}

impl WindowColumn {
    /// The column of these rows, taken from their `features` if it is one.
    fn of(&self, rows: &Rows, features: &mut HashMap<String, Values>) -> Column {
        let values = match self.source {
            WindowSource::Feature => features
                .remove(&self.name)
                .unwrap_or_else(|| Values::Numbers(Numbers::new(vec![f64::NAN; rows.len()], false))),
            WindowSource::Prediction => self.predictions(rows),
            WindowSource::Score => {
                let said = rows.outcomes.iter().zip(&rows.scores).zip(&rows.streams);
                let scores =
                    said.map(|((outcome, scores), stream)| score_of(outcome, scores, &stream.layout().answers));
                Values::Numbers(Numbers::new(scores.collect(), false))
            }
        };
        Column { name: self.name.clone(), values: self.as_written(values) }
    }

    fn predictions(&self, rows: &Rows) -> Values {
        if matches!(self.written, Written::Numbers | Written::WholeNumbers) {
            let number = |outcome: &Outcome| match outcome {
                Outcome::Class(class) => f64::from(*class),
                Outcome::Number(number) => *number,
                Outcome::Label(label) => label.parse().unwrap_or(f64::NAN),
            };
            return Values::Numbers(Numbers::new(rows.outcomes.iter().map(number).collect(), false));
        }
        let text = |outcome: &Outcome| match outcome {
            Outcome::Class(class) => class.to_string(),
            Outcome::Number(number) => number.to_string(),
            Outcome::Label(label) => label.to_string(),
        };
        let texts: Vec<String> = rows.outcomes.iter().map(text).collect();
        Column::strings("", texts.iter().map(|text| Some(text.as_str()))).values
    }

    /// The values as the reference writes them, where they can be written so.
    fn as_written(&self, values: Values) -> Values {
        match (self.written, values) {
            (Written::WholeNumbers, Values::Numbers(numbers)) => {
                let is_whole = numbers.as_slice().iter().all(|value| value.fract() == 0.0);
                Values::Numbers(Numbers::new(numbers.into_vec(), is_whole))
            }
            (Written::Numbers, Values::Numbers(numbers)) => Values::Numbers(Numbers::new(numbers.into_vec(), false)),
            (Written::Booleans, Values::Strings(strings)) => {
                let truths: Option<Vec<bool>> = strings.iter().map(|text| text?.parse().ok()).collect();
                truths.map_or(Values::Strings(strings), Values::Booleans)
            }
            (_, values) => values,
        }
    }
}
