//! NannyML's estimated (CBPE) and realised performance, chunk by chunk.

use serde_json::Value;
use std::ops::Range;
use std::path::Path;
use tidemark::data::Dataset;
use tidemark::judge::nannyml::{OffsetFrom, Threshold};
use tidemark::performance::RegressionPerformance;
use tidemark::performance::estimated::{Cbpe, Metric, Rows};

use super::files;
use super::metrics::numbers;
use super::tally::{Tally, agrees};

/// numpy orders rows of one score as its sort happens to leave them, which moves the sampling error of the area a little.
const AREA_ERROR: f64 = 0.01;
/// NannyML resamples 50 times for the sampling error of the average precision, and so do we, from other draws: each has a tenth of it as its
/// own standard error.
const RESAMPLED_ERROR: f64 = 0.5;

/// The columns of a case.
struct Side {
    truths: Option<Vec<f64>>,
    said: Vec<f64>,
    scores: Vec<f64>,
}

impl Side {
    fn new(data: &Dataset, truths: Option<Vec<f64>>) -> Self {
        let scores = data.column("y_pred_proba").map(|_| numbers(data, "y_pred_proba").to_vec()).unwrap_or_default();
        Self { truths, said: numbers(data, "y_pred").to_vec(), scores }
    }

    fn chunks(&self, size: usize) -> Vec<Range<usize>> {
        let n = self.said.len();
        (0..n.div_ceil(size)).map(|chunk| chunk * size..n.min((chunk + 1) * size)).collect()
    }
}

fn is_one(values: &[f64]) -> Vec<bool> {
    values.iter().map(|value| *value == 1.0).collect()
}

pub fn run_case(case: &Value, kind: &str, directory: &Path, tally: &mut Tally) {
    let id = case["id"].as_str().expect("an id");
    let file = |side: &str| files::data(directory, case["data"][side].as_str().expect("a file"));
    let (Some(reference), Some(current), Some(targets)) = (file("reference"), file("analysis"), file("targets")) else {
        return tally.skip("the data file is not there", 1);
    };
    let target = targets.columns().iter().find(|column| column.name != "id").expect("a target");
    let reference = Side::new(&reference, Some(numbers(&reference, &target.name).to_vec()));
    let current = Side::new(&current, (kind == "realized").then(|| numbers(&targets, &target.name).to_vec()));
    let size = usize::try_from(case["params"]["chunk_size"].as_u64().expect("a size")).expect("a size");
    if reference.scores.is_empty() {
        return regression(case, &reference, &current, size, tally);
    }
    let named = |metric: &&Metric| !case["result"][format!("{}.value", metric.name())].is_null();
    let metrics: Vec<Metric> = Metric::ALL.iter().filter(named).copied().collect();
    tally.check(id, !metrics.is_empty(), || "no metric that is known".to_owned());

    let (said, truths) = (is_one(&reference.said), is_one(reference.truths.as_ref().expect("targets")));
    let rows = Rows { said: &said, scores: &reference.scores };
    let estimator = Cbpe::fit(rows, &truths, &reference.chunks(size), 1).expect("rows");
    let mut at = 0;
    for side in [&reference, &current] {
        let said = is_one(&side.said);
        let rows = Rows { said: &said, scores: &side.scores };
        let truths = side.truths.as_ref().map(|truths| is_one(truths));
        for chunk in side.chunks(size) {
            let estimates = estimator.estimate(rows.slice(chunk.clone()));
            for metric in &metrics {
                let fitted =
                    estimator.metrics().iter().find(|fitted| fitted.metric == *metric).expect("all are fitted");
                let estimate = estimates.iter().find(|found| found.metric == *metric).expect("all are estimated");
                let realised = truths
                    .as_ref()
                    .and_then(|truths| metric.realised(rows.slice(chunk.clone()), &truths[chunk.clone()]));
                let result = Table { case, tally, metric: metric.name(), at };
                let (lower, upper) = (fitted.lower_threshold, fitted.upper_threshold);
                result.bounds(lower, upper);
                let result = Table { case, tally, metric: metric.name(), at };
                if kind == "realized" {
                    let is_beyond = realised.is_some_and(|value| lower.is_some_and(|bound| value < bound));
                    let is_above = realised.is_some_and(|value| upper.is_some_and(|bound| value > bound));
                    result.value(realised, estimate.sampling_error, is_beyond || is_above);
                } else {
                    result.value(estimate.value, estimate.sampling_error, estimate.alert);
                    Table { case, tally, metric: metric.name(), at }.number("realized", realised, None);
                    let loose = |value: Option<f64>| {
                        value.and(loosely(*metric)).map(|share| share * 3.0 * estimate.sampling_error)
                    };
                    for (name, end) in
                        [("lower_confidence_boundary", estimate.lower), ("upper_confidence_boundary", estimate.upper)]
                    {
                        Table { case, tally, metric: metric.name(), at }.number(name, end, loose(end));
                    }
                }
            }
            at += 1;
        }
    }
}

/// The share of the sampling error that is left to chance.
pub const fn loosely(metric: Metric) -> Option<f64> {
    match metric {
        Metric::RocAuc => Some(AREA_ERROR),
        Metric::AveragePrecision => Some(RESAMPLED_ERROR),
        _ => None,
    }
}

/// One row of a metric in NannyML's table.
struct Table<'a> {
    case: &'a Value,
    tally: &'a mut Tally,
    metric: &'a str,
    at: usize,
}

impl Table<'_> {
    fn number(self, name: &str, found: Option<f64>, slack: Option<f64>) {
        let expected = &self.case["result"][format!("{}.{name}", self.metric)][self.at];
        let is_same = match (found, expected.as_f64()) {
            (Some(found), Some(expected)) => match slack {
                Some(slack) => (found - expected).abs() <= slack,
                None => agrees(found, expected),
            },
            (found, expected) => found.is_none() && expected.is_none(),
        };
        let what = format!("{} {} {name} chunk {}", self.case["id"], self.metric, self.at);
        self.tally.check(&what, is_same, || format!("{found:?}, not {expected}"));
    }

    fn bounds(self, lower: Option<f64>, upper: Option<f64>) {
        let Self { case, tally, metric, at } = self;
        Table { case, tally, metric, at }.number("lower_threshold", lower, None);
        Table { case, tally, metric, at }.number("upper_threshold", upper, None);
    }

    fn value(self, value: Option<f64>, error: f64, alert: bool) {
        let Self { case, tally, metric, at } = self;
        Table { case, tally, metric, at }.number("value", value, None);
        let slack = Metric::ALL.into_iter().find(|known| known.name() == metric).and_then(loosely);
        Table { case, tally, metric, at }.number("sampling_error", Some(error), slack.map(|share| share * error));
        let expected = &case["result"][format!("{metric}.alert")][at];
        tally.check(&format!("{} {metric} alert chunk {at}", case["id"]), *expected == alert, || format!("{alert}"));
    }
}

/// Realised performance of a regression: values, thresholds and alerts.
fn regression(case: &Value, reference: &Side, current: &Side, size: usize, tally: &mut Tally) {
    type Figure = fn(&RegressionPerformance) -> Option<f64>;
    const FIGURES: [(&str, Figure); 6] = [
        ("mae", |found| found.mae.value()),
        ("mape", |found| found.mape.value()),
        ("mse", |found| found.mse.value()),
        ("rmse", |found| found.rmse.value()),
        ("msle", |found| found.msle.value()),
        ("rmsle", |found| found.rmsle.value()),
    ];
    let found = |side: &Side| -> Vec<RegressionPerformance> {
        let truths = side.truths.as_ref().expect("targets");
        let of_chunk = |chunk: Range<usize>| RegressionPerformance::of(&truths[chunk.clone()], &side.said[chunk]);
        side.chunks(size).into_iter().map(of_chunk).collect()
    };
    let (of_reference, of_current) = (found(reference), found(current));
    let threshold = Threshold::standard_deviations(Some(3.0), Some(3.0), OffsetFrom::Mean).expect("3 and 3");
    for (metric, figure) in FIGURES {
        let values: Vec<f64> = of_reference.iter().map(|found| figure(found).expect("a value")).collect();
        let (lower, upper) = threshold.bounds(&values);
        for (at, found) in of_reference.iter().chain(&of_current).enumerate() {
            Table { case, tally, metric, at }.number("value", figure(found), None);
            Table { case, tally, metric, at }.bounds(lower, upper);
            let value = figure(found).expect("a value");
            let alert = lower.is_some_and(|bound| value < bound) || upper.is_some_and(|bound| value > bound);
            let expected = &case["result"][format!("{metric}.alert")][at];
            tally.check(&format!("{} {metric} alert {at}", case["id"]), *expected == alert, || format!("{alert}"));
        }
    }
}
