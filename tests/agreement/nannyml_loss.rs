//! NannyML's directly estimated loss (DLE), chunk by chunk.
//!
//! Its trees are LightGBM's and ours are our own, so that values are close and not equal: within [`VALUE_BAND`], in the same order, with
//! the same alerts. Thresholds and sampling errors, which no tree has a part in, are equal.

use serde_json::Value;
use std::ops::Range;
use std::path::Path;
use tidemark::data::{Column, Dataset};
use tidemark::performance::RegressionPerformance;
use tidemark::performance::estimated::loss::{Dle, LossMetric};

use super::files;
use super::metrics::numbers;
use super::tally::{Tally, agrees};

/// How far an estimate may lie from NannyML's, as a share of it.
const VALUE_BAND: f64 = 0.04;
/// The least rank correlation of the chunks of a metric with NannyML's.
const RANKING: f64 = 0.9;

pub fn run_case(case: &Value, directory: &Path, tally: &mut Tally) {
    let id = case["id"].as_str().expect("an id");
    let file = |side: &str| files::data(directory, case["data"][side].as_str().expect("a file"));
    let (Some(reference), Some(analysis), Some(targets)) = (file("reference"), file("analysis"), file("targets"))
    else {
        return tally.skip("the data file is not there", 1);
    };
    let names = case["params"]["features"].as_array().expect("features");
    let features = |data: &Dataset| -> Vec<Column> {
        names.iter().map(|name| data.column(name.as_str().expect("a name")).expect("a column").clone()).collect()
    };
    let size = usize::try_from(case["params"]["chunk_size"].as_u64().expect("a size")).expect("a size");
    let chunks = |n: usize| -> Vec<Range<usize>> {
        (0..n.div_ceil(size)).map(|chunk| chunk * size..n.min((chunk + 1) * size)).collect()
    };
    let target = targets.columns().iter().find(|column| column.name != "id").expect("a target").name.clone();
    let (truths, said) = (numbers(&reference, &target), numbers(&reference, "y_pred"));
    let known = features(&reference);
    let known: Vec<&Column> = known.iter().collect();
    let estimator = Dle::fit(&known, said, truths, &chunks(said.len())).expect("there are rows");
    let mut estimates = Vec::new();
    let mut came = Vec::new();
    for (data, truths) in [(&reference, truths), (&analysis, numbers(&targets, &target))] {
        let (columns, said) = (features(data), numbers(data, "y_pred"));
        let expected = estimator.expected(&columns.iter().collect::<Vec<_>>(), said);
        for chunk in chunks(said.len()) {
            estimates.push(estimator.estimate(&expected, chunk.clone()));
            came.push(RegressionPerformance::of(&truths[chunk.clone()], &said[chunk]));
        }
    }
    let n_reference = chunks(said.len()).len();
    for (place, metric) in LossMetric::ALL.into_iter().enumerate() {
        let fitted = estimator.metrics()[place];
        let name = metric.name();
        let told = |what: &str, at: usize| &case["result"][format!("{name}.{what}")][at];
        let theirs: Vec<f64> = (0..estimates.len()).map(|at| told("value", at).as_f64().expect("a value")).collect();
        let ours: Vec<f64> = estimates.iter().map(|found| found[place].value.expect("a value")).collect();
        for (at, found) in estimates.iter().enumerate() {
            let found = found[place];
            let mut equal = |what: &str, found: Option<f64>| {
                let is_same = match (found, told(what, at).as_f64()) {
                    (Some(found), Some(expected)) => agrees(found, expected),
                    (found, expected) => found.is_none() && expected.is_none(),
                };
                tally.check(&format!("{id} {name} {what} {at}"), is_same, || {
                    format!("{found:?}, not {}", told(what, at))
                });
            };
            equal("sampling_error", Some(found.sampling_error));
            equal("lower_threshold", fitted.lower_threshold);
            equal("upper_threshold", fitted.upper_threshold);
            // NannyML is given the truths of the reference alone.
            equal("realized", (at < n_reference).then(|| metric.realised(&came[at])).flatten());
            let error = (ours[at] - theirs[at]).abs() / theirs[at];
            tally.worst(&format!("DLE {name}, share of NannyML's"), error);
            tally.check(&format!("{id} {name} value {at}"), error <= VALUE_BAND, || {
                format!("{}, not {} within {VALUE_BAND}", ours[at], theirs[at])
            });
            tally.check(&format!("{id} {name} alert {at}"), *told("alert", at) == found.alert, || {
                format!("{}", found.alert)
            });
        }
        // Chunks that NannyML tells apart by more than chance stand in the same order.
        for a in 0..ours.len() {
            for b in 0..ours.len() {
                if theirs[a] + 3.0 * fitted.sampling_error(size as u64) < theirs[b] {
                    tally.check(&format!("{id} {name} order of {a} and {b}"), ours[a] < ours[b], || {
                        format!("{} and {}", ours[a], ours[b])
                    });
                }
            }
        }
        let correlation = rank_correlation(&ours, &theirs);
        println!("DLE {name}: rank correlation {correlation:.3}");
        tally.check(&format!("{id} {name} ranking"), correlation >= RANKING, || format!("{correlation}"));
    }
}

/// Spearman's, of numbers without ties.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |values: &[f64]| -> Vec<f64> {
        values.iter().map(|value| values.iter().filter(|other| *other < value).count() as f64).collect()
    };
    let n = a.len() as f64;
    let squares: f64 = ranks(a).into_iter().zip(ranks(b)).map(|(a, b)| (a - b) * (a - b)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}
