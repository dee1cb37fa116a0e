//! What other services send: predictions and labels into the log, references beside the models.

use std::fmt;
use std::sync::Arc;
use tidemark::data::{Column, Dataset, Values};
use tidemark::schema::{ColumnType, Schema, SchemaOverrides};
use tidemark::validation::{Mode, Value as RuleValue, Violation};
use tidemark_log::{AppendError, BadId, Entry, Features, Id, Label, Origin, Outcome, Stream, Value};

pub mod columnar;
pub mod parquet_table;

use crate::problem::FieldError;
use crate::registry::manifest::{Declaration, DeclaredFeature, DeclaredTask};
use crate::service::slot::{Elsewhere, PREDICTION, Slot};
use crate::service::{Service, violation_codes};
use crate::wire::records::{Incoming, IncomingLabel, Said, is_reserved, scored_class};

/// The version of predictions whose sender names none.
pub const UNNAMED_VERSION: &str = "unnamed";

/// What became of rows that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Rows that were new.
    pub accepted: usize,
    /// Rows that were there already, with the same content.
    pub repeated: usize,
    /// Values of new rows that broke a rule.
    pub violations: usize,
}

/// Why rows were not taken; then none of them was.
#[derive(Debug, Clone, PartialEq)]
pub enum IngestError {
    /// Rows are wrong, each named.
    Rows(Vec<FieldError>),
    /// The log did not take them.
    Log(AppendError),
}

impl fmt::Display for IngestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(errors) => write!(f, "{} values are wrong", errors.len()),
            Self::Log(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IngestError {}

impl From<AppendError> for IngestError {
    fn from(error: AppendError) -> Self {
        Self::Log(error)
    }
}

/// Errors named in one answer, at most.
const MAX_NAMED: usize = 100;

fn wrong_id(row: usize, error: &BadId) -> FieldError {
    FieldError { pointer: format!("/{row}/id"), detail: error.to_string() }
}

/// Takes predictions of a model that is served elsewhere: all of them or none. Blocks until they are on disk.
///
/// Rows of one request may be of several versions; then each version's rows are taken together.
///
/// # Errors
/// A row's id cannot be one or stands for something else, a row breaks a rule and the model is strict, or the log cannot be
/// written.
pub fn predictions(
    service: &Service,
    slot: &Slot,
    elsewhere: &Elsewhere,
    rows: &[Incoming],
) -> Result<Taken, IngestError> {
    let now = service.now();
    let mut taken = Taken::default();
    let mut errors = Vec::new();
    let mut ids = Vec::with_capacity(rows.len());
    let mut codes = Vec::with_capacity(rows.len());
    let mut broken_rules = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let id = row.id.as_ref().map_or_else(|| Ok(Id::fresh(now)), |id| Id::given(id));
        ids.push(id.unwrap_or_else(|error| {
            errors.push(wrong_id(place, &error));
            Id::fresh(now)
        }));
        let violations = violations_of(elsewhere, row);
        if slot.mode() == Mode::Strict {
            slot.violations.count(&violations);
            errors.extend(violations.iter().map(|violation| broken(elsewhere, place, row, *violation)));
        }
        codes.push(violation_codes(&violations));
        broken_rules.push(violations);
    }
    if !errors.is_empty() {
        errors.truncate(MAX_NAMED);
        return Err(IngestError::Rows(errors));
    }
    let mut streams: Vec<Arc<Stream>> = Vec::with_capacity(rows.len());
    for row in rows {
        let version = row.version.as_deref().unwrap_or(UNNAMED_VERSION);
        streams.push(elsewhere.stream(&service.log, slot.name(), version)?);
    }
    let scores_of = |row: &Incoming| match row.scores.as_slice() {
        [] => row.score.into_iter().collect(),
        scores => scores.to_vec(),
    };
    let scores: Vec<Vec<f64>> = rows.iter().map(scores_of).collect();
    let entry = |place: usize| Entry {
        id: ids[place].clone(),
        is_fresh: rows[place].id.is_none(),
        time: rows[place].time.unwrap_or(now),
        origin: Origin::Ingested,
        features: Features::Values(&rows[place].features),
        outcome: match &rows[place].prediction {
            Said::Class(name) => Outcome::Label(name.as_str().into()),
            Said::Number(number) => Outcome::Number(*number),
        },
        scores: &scores[place],
        violations: &codes[place],
        request_id: None,
    };
    // Rows of one stream go together, in their order; nearly always there is one stream.
    let mut versions: Vec<&Arc<Stream>> = Vec::new();
    for stream in &streams {
        if !versions.iter().any(|known| Arc::ptr_eq(known, stream)) {
            versions.push(stream);
        }
    }
    for stream in versions {
        let of_stream = || (0..rows.len()).filter(|place| Arc::ptr_eq(&streams[*place], stream));
        let entries: Vec<Entry<'_>> = of_stream().map(entry).collect();
        for (place, appended) in of_stream().zip(service.log.append_all_blocking(stream, &entries)?) {
            if appended.is_new {
                taken.accepted += 1;
                taken.violations += broken_rules[place].len();
                slot.violations.count(&broken_rules[place]);
            } else {
                taken.repeated += 1;
            }
        }
    }
    slot.pulse.beats(now, taken.accepted as u64);
    Ok(taken)
}

fn rule_value(value: &Value) -> RuleValue<'_> {
    match value {
        Value::Missing => RuleValue::Missing,
        Value::Number(number) => RuleValue::Number(*number),
        Value::Text(text) => RuleValue::Text(text),
    }
}

fn violations_of(elsewhere: &Elsewhere, row: &Incoming) -> Vec<Violation> {
    let rules = elsewhere.rules.columns().iter().zip(&row.features).enumerate();
    let broken = |(column, (rule, value)): (usize, (&tidemark::validation::ColumnRule, &Value))| {
        rule.broken_by(rule_value(value)).map(|rule| Violation { column, rule })
    };
    rules.filter_map(broken).collect()
}

fn broken(elsewhere: &Elsewhere, place: usize, row: &Incoming, violation: Violation) -> FieldError {
    let name = &elsewhere.declaration.features[violation.column].name;
    let detail = elsewhere.rules.describe(violation, rule_value(&row.features[violation.column]));
    FieldError { pointer: format!("/{place}{}", FieldError::new(name, "").pointer), detail }
}

/// Labels as the log takes them. They may come before their predictions, and again: the last one counts.
///
/// # Errors
/// An id cannot be one.
pub fn labels(rows: Vec<IncomingLabel>) -> Result<Vec<Label>, IngestError> {
    let mut errors = Vec::new();
    let mut labels = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        match Id::given(&row.id) {
            Ok(id) => labels.push(Label { id, value: row.value }),
            Err(error) => errors.push(wrong_id(place, &error)),
        }
    }
    errors.truncate(MAX_NAMED);
    if errors.is_empty() { Ok(labels) } else { Err(IngestError::Rows(errors)) }
}

/// A model as its reference shows it: every column is a feature, but those with a meaning of their own in a row (`prediction`,
/// `score`, `id` …), those with the scores of a class (`scores.CLASS`), which show the classes, and those that are `left_out` (the target).
///
/// # Errors
/// There is no feature, or a column of that name to leave out.
pub fn declaration_of(reference: &Dataset, left_out: &[String]) -> Result<Declaration, FieldError> {
    if let Some(unknown) = left_out.iter().find(|name| reference.column(name).is_none()) {
        return Err(FieldError::new("ignore", format!("the reference has no column {unknown:?}")));
    }
    let schema = Schema::infer(reference, &SchemaOverrides::default()).expect("nothing is overridden");
    let is_feature = |name: &str| !is_reserved(name) && !left_out.iter().any(|other| other == name);
    let feature = |(spec, column): (&tidemark::schema::ColumnSpec, &Column)| DeclaredFeature {
        name: spec.name.clone(),
        column_type: spec.column_type,
        numbers: Some(matches!(column.values, Values::Numbers(_))),
    };
    let features = schema.columns.iter().zip(reference.columns());
    let features: Vec<_> = features.filter(|(spec, _)| is_feature(&spec.name)).map(feature).collect();
    if features.is_empty() {
        return Err(FieldError::new("", "the reference has no column that is a feature"));
    }
    let is_regression = reference
        .column(PREDICTION)
        .is_some_and(|column| tidemark::schema::infer_type(column) == ColumnType::Numerical);
    let task = if is_regression { DeclaredTask::Regression } else { DeclaredTask::Classification };
    Ok(Declaration { features, task, classes: scored_classes(reference), reference: None, target: None })
}

/// The classes whose scores a table holds, in the order of its columns.
pub fn scored_classes(data: &Dataset) -> Vec<String> {
    data.columns().iter().filter_map(|column| scored_class(&column.name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::data::csv;

    #[test]
    fn a_reference_shows_what_a_model_takes_and_answers_with() {
        let rows = |prediction: fn(u32) -> String| {
            (0..50).fold("id,age,job,target,prediction,score\n".to_owned(), |text, i| {
                format!("{text}{i},{}.5,{},0,{},0.5\n", i % 40, ["x", "y"][i as usize % 2], prediction(i))
            })
        };
        let classes = csv::read(rows(|i| (i % 2).to_string()).as_bytes()).unwrap();
        let declaration = declaration_of(&classes, &["target".to_owned()]).unwrap();
        let features: Vec<_> =
            declaration.features.iter().map(|feature| (feature.name.as_str(), feature.is_number())).collect();
        assert_eq!(features, [("age", true), ("job", false)]);
        assert_eq!(declaration.task, DeclaredTask::Classification);
        let values = csv::read(rows(|i| format!("{i}.25")).as_bytes()).unwrap();
        assert_eq!(declaration_of(&values, &[]).unwrap().task, DeclaredTask::Regression);
        assert!(declaration_of(&values, &["no".to_owned()]).is_err());
        let nothing = csv::read(&b"prediction\n1\n"[..]).unwrap();
        assert!(declaration_of(&nothing, &[]).is_err());
    }
}
