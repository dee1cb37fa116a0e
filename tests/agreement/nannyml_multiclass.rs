//! `golden-nannyml-multiclass/1`: NannyML's estimated performance of several classes, chunk by chunk.

use serde_json::Value;
use std::ops::Range;
use tidemark::performance::estimated::Metric;
use tidemark::performance::estimated::multiclass::{ClassRows, METRICS, MulticlassCbpe, realised};

use super::nannyml_performance::loosely;
use super::tally::{Tally, agrees};

struct Side {
    truths: Vec<u32>,
    said: Vec<u32>,
    scores: Vec<f64>,
}

impl Side {
    fn read(side: &Value, classes: &[&str]) -> Self {
        let list = |name: &str| side[name].as_array().expect("a column");
        let place = |name: &Value| classes.iter().position(|class| name == class).expect("a class") as u32;
        let n = list("truth").len();
        let score = |row: usize, class: &str| list(class)[row].as_f64().expect("a score");
        Self {
            truths: list("truth").iter().map(place).collect(),
            said: list("said").iter().map(place).collect(),
            scores: (0..n).flat_map(|row| classes.iter().map(move |class| score(row, class))).collect(),
        }
    }

    fn rows(&self) -> ClassRows<'_> {
        ClassRows { said: &self.said, scores: &self.scores, n_classes: self.scores.len() / self.said.len() }
    }

    fn chunks(&self, size: usize) -> Vec<Range<usize>> {
        let n = self.said.len();
        (0..n.div_ceil(size)).map(|chunk| chunk * size..n.min((chunk + 1) * size)).collect()
    }
}

pub fn run(file: &Value, tally: &mut Tally) {
    for case in file["cases"].as_array().expect("cases") {
        run_case(case, tally);
    }
}

fn run_case(case: &Value, tally: &mut Tally) {
    let id = &case["id"];
    let classes: Vec<&str> =
        case["classes"].as_array().expect("classes").iter().map(|class| class.as_str().expect("a name")).collect();
    let size = usize::try_from(case["chunk_size"].as_u64().expect("a size")).expect("a size");
    let (reference, analysis) = (Side::read(&case["reference"], &classes), Side::read(&case["analysis"], &classes));
    let estimator =
        MulticlassCbpe::fit(reference.rows(), &reference.truths, &reference.chunks(size), 1).expect("there are rows");
    let calibrated = estimator.is_calibrated();
    tally.check(&format!("{id} calibrated"), case["calibrated"] == serde_json::json!(calibrated), || {
        format!("{calibrated:?}, not {}", case["calibrated"])
    });
    let mut at = 0;
    for side in [&reference, &analysis] {
        let all = side.rows();
        for chunk in side.chunks(size) {
            let rows = all.slice(chunk.clone());
            for (found, fitted) in estimator.estimate(rows).into_iter().zip(estimator.metrics()) {
                let name = found.metric.name();
                let told = |what: &str| &case["result"][format!("{name}.{what}")][at];
                let came = realised(found.metric, rows, &side.truths[chunk.clone()]);
                let slack = loosely(found.metric).map(|share| share * found.sampling_error);
                let band = slack.map(|slack| 3.0 * slack);
                for (what, found, slack) in [
                    ("value", found.value, None),
                    ("realized", came, None),
                    ("lower_threshold", fitted.lower_threshold, None),
                    ("upper_threshold", fitted.upper_threshold, None),
                    ("sampling_error", Some(found.sampling_error), slack),
                    ("lower_confidence_boundary", found.lower, band),
                    ("upper_confidence_boundary", found.upper, band),
                ] {
                    let is_same = match (found, told(what).as_f64()) {
                        (Some(found), Some(expected)) => match slack {
                            Some(slack) => (found - expected).abs() <= slack,
                            None => agrees(found, expected),
                        },
                        (found, expected) => found.is_none() && expected.is_none(),
                    };
                    tally.check(&format!("{id} {name} {what} chunk {at}"), is_same, || {
                        format!("{found:?}, not {}", told(what))
                    });
                }
                tally.check(&format!("{id} {name} alert chunk {at}"), *told("alert") == found.alert, || {
                    format!("{}", found.alert)
                });
            }
            at += 1;
        }
    }
    let n_chunks = reference.chunks(size).len() + analysis.chunks(size).len();
    let names = METRICS.map(Metric::name);
    let is_all = names.iter().all(|name| case["result"][format!("{name}.value")].as_array().map(Vec::len) == Some(at));
    tally.check(&format!("{id} chunks"), at == n_chunks && is_all, || format!("{at} chunks"));
}
