//! How detectors of change fare on a model's own numbers: what `/detectors` shows.

use std::collections::BTreeSet;
use std::sync::Arc;
use tidemark::data::Values;
use tidemark::stream::bench::{Injected, bench};
use tidemark_app::detectors::{Detectors, DetectorsQuery};
use tidemark_log::{Answers, Id, Outcome, ReadError, Rows, Stream, Value};
use tidemark_watch::store::StoreError;

use super::{name_of, text_of};
use crate::service::Service;
use crate::service::slot::Slot;

/// The latest predictions that make the series.
const EVENTS: u64 = 10_000;
/// Runs with a change put in.
const RUNS: u64 = 20;
/// Where the random numbers begin.
const SEED: u64 = 1;
/// A feature's series has this before its name.
const FEATURE: &str = "feature.";

impl Service {
    /// Puts a change into a series of a model, again and again, and runs every detector on it.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(in crate::service) fn detectors_page(
        &self,
        slot: &Slot,
        query: &DetectorsQuery,
    ) -> Result<Detectors, StoreError> {
        let unread = |error: ReadError| StoreError::Log(error.to_string());
        let rows = self.log.reader().latest(&slot.line(), EVENTS).map_err(unread)?;
        let numbers = |name: &str| match &rows.features.column(name)?.values {
            Values::Numbers(numbers) => Some(numbers.as_slice().to_vec()),
            _ => None,
        };
        let features = rows.features.columns().iter().map(|column| column.name.as_str());
        let features = features.filter(|name| numbers(name).is_some()).map(|name| format!("{FEATURE}{name}"));
        let series: Vec<String> =
            ["errors", "predictions", "score"].map(str::to_owned).into_iter().chain(features).collect();
        let found = match query.series.as_str() {
            "errors" => self.errors(slot, &rows).map_err(unread)?,
            "predictions" => predictions(&rows),
            "score" => rows.scores.iter().filter_map(|scores| scores.last().copied()).collect(),
            feature => feature.strip_prefix(FEATURE).and_then(numbers).unwrap_or_default(),
        };
        let found: Vec<f64> = found.into_iter().filter(|x| x.is_finite()).collect();
        let is_rate = !found.is_empty() && found.iter().all(|x| [0.0, 1.0].contains(x));
        // What was asked may not suit another series.
        let injected = match query.injected {
            Some(Injected::Errors(_)) if !is_rate => None,
            Some(Injected::Shift(_) | Injected::Scale(_)) if is_rate => None,
            asked => asked,
        };
        let injected = injected.unwrap_or(if is_rate { Injected::Errors(0.2) } else { Injected::Shift(1.0) });
        let differs = found.iter().any(|x| *x != found[0]);
        Ok(Detectors {
            model: slot.name().to_owned(),
            models: self.model_names(),
            series,
            shown: query.series.clone(),
            n_events: found.len() as u64,
            mean: (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64),
            bench: differs.then(|| bench(&found, injected, RUNS, query.before, SEED)).flatten(),
        })
    }

    /// Of classes whether each labelled row was called wrong, of numbers by how much.
    fn errors(&self, slot: &Slot, rows: &Rows) -> Result<Vec<f64>, ReadError> {
        let mut labels = self.log.reader().labels_of(slot.name(), &rows.ids)?;
        let error = |(row, id): (usize, &Id)| {
            let truth = labels.remove(id)?.label.value;
            match (&rows.outcomes[row], truth) {
                (Outcome::Number(said), Value::Number(truth)) => Some((truth - said).abs()),
                (Outcome::Number(_), _) => None,
                (outcome, truth) => Some(f64::from(u8::from(
                    class_of(outcome, &rows.streams[row].layout().answers)? != text_of(&truth)?,
                ))),
            }
        };
        Ok(rows.ids.iter().enumerate().filter_map(error).collect())
    }
}

/// Of two classes whether each row was called the later one, of numbers the number; none of more classes.
fn predictions(rows: &Rows) -> Vec<f64> {
    let names: BTreeSet<String> = rows
        .outcomes
        .iter()
        .zip(&rows.streams)
        .filter_map(|(outcome, stream)| class_of(outcome, &stream.layout().answers))
        .collect();
    let said = |(outcome, stream): (&Outcome, &Arc<Stream>)| match outcome {
        Outcome::Number(number) => Some(*number),
        outcome if names.len() <= 2 => {
            let positive = match &stream.layout().answers {
                Answers::Classes(classes) | Answers::Scored(classes) => classes.last(),
                _ => names.last(),
            };
            Some(f64::from(u8::from(class_of(outcome, &stream.layout().answers).as_ref() == positive)))
        }
        _ => None,
    };
    rows.outcomes.iter().zip(&rows.streams).filter_map(said).collect()
}

fn class_of(outcome: &Outcome, answers: &Answers) -> Option<String> {
    match answers {
        Answers::Classes(classes) => name_of(outcome, classes),
        _ => name_of(outcome, &[]),
    }
}
