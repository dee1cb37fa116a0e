//! What the service tells the pages about how a model does, window by window. These types are what crosses the wire.

#[cfg(feature = "ssr")]
pub mod brief;
pub mod standing;

use serde::{Deserialize, Serialize};
use tidemark::anytime::Change;
use tidemark::performance::error_bias::FeatureBias;
use tidemark::performance::estimated::Estimated;
use tidemark::performance::ranking::Lift;
use tidemark::performance::reliability::Reliability;
use tidemark::performance::slices::Slice;
use tidemark::performance::value::Worth;
use tidemark::performance::windows::{BandsOf, Bounds, Split};
use tidemark::performance::{Confusion, Summary, Values};

use crate::monitor::{Millis, Window};

/// How a model does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// The model.
    pub model: String,
    /// The names of all models there are.
    pub models: Vec<String>,
    /// Of a model of two classes: the positive one.
    pub positive: Option<String>,
    /// Why nothing is estimated before labels come; `None` where it is.
    pub not_estimated: Option<String>,
    /// How the model did on the reference's rows whose truth is known.
    pub reference: Option<Summary>,
    /// Between which values each metric lay on the reference: three standard deviations around its mean over windows.
    pub thresholds: Vec<Bounds<String>>,
    /// The windows, oldest first. They lie one after the other; the last one may still fill.
    pub windows: Vec<PerformanceWindow>,
    /// How often the estimates' bands were right, in windows nearly all of whose labels came.
    pub bands: Vec<BandsOf<String>>,
    /// What is watched, event by event.
    pub watches: Vec<WatchLine>,
    /// The latest alarms, the latest first.
    pub alarms: Vec<Alarm>,
    /// More about the latest window with labels, of a model of two classes.
    pub latest: Option<LatestLabelled>,
    /// Where the model errs, in the latest window most of whose labels came.
    pub mistakes: Option<Mistakes>,
    /// The service's clock when this was put together.
    pub now: Millis,
}

/// Where a model errs in a window, by the rows whose label has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mistakes {
    /// The window.
    pub window: Window,
    /// The slices of a feature in which it errs more than elsewhere, at 5% over all of them together; the surest first.
    pub worse: Vec<Slice>,
    /// How many slices were looked at.
    pub n_slices: u64,
    /// Of numbers: what the features of rows with large errors are like; those that differ most first, and no more than ten.
    pub error_bias: Vec<FeatureBias>,
    /// Of more than two classes: their names, and the rows by truth (down) and word (across).
    pub confusion: Option<(Vec<String>, Vec<Vec<u64>>)>,
    /// Of two classes with scores: how many more positive rows there are among those of the highest scores.
    pub lift: Vec<Lift>,
}

/// How a model did in one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerformanceWindow {
    /// Its rows in the log.
    pub window: Window,
    /// Those whose label has come.
    pub n_labelled: u64,
    /// It still fills.
    pub is_open: bool,
    /// The model's version or the reference by which the estimates were made; empty without estimates.
    pub by: String,
    /// What the scores or the features of all of its rows let expect; empty where that cannot be said.
    pub estimated: Vec<Estimated<String>>,
    /// The figures of the labelled rows; `None` while there is none.
    pub realised: Option<Summary>,
    /// Where the change since the reference comes from, of the labelled rows; empty while they are too few.
    pub splits: Vec<Split<String>>,
}

/// What is watched event by event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Series {
    /// Of two classes: whether a row was called positive. Of numbers: the number that was said.
    Predictions,
    /// Of classes: whether a row was called wrong. Of numbers: by how much the truth was missed. In the order in which labels come.
    Errors,
}

impl Series {
    /// The name, as it is stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predictions => "predictions",
            Self::Errors => "errors",
        }
    }
}

/// A series and how far its watch has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchLine {
    /// The series.
    pub series: Series,
    /// Events taken in.
    pub n_events: u64,
    /// The mean of about the last hundred of them.
    pub recent: Option<f64>,
    /// Where the rate should lie, by the reference or by the first events; `None` while that is being learnt, and of numbers.
    pub expected: Option<(f64, f64)>,
    /// The probability of ever raising a false alarm, that the anytime-valid watch keeps below; `None` where there is no such watch.
    pub lifetime_alpha: Option<f64>,
    /// Events are 0 or 1, rather than numbers without bounds.
    pub is_rate: bool,
    /// What is usual is still being learnt, from the first events or from those after an alarm.
    pub is_learning: bool,
}

/// A detector says that a series changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// When the event came that raised it.
    pub at: Millis,
    /// The series.
    pub series: Series,
    /// The detector.
    pub detector: String,
    /// Which event of the series it was, from 1.
    pub event: u64,
    /// Which way, where the detector tells.
    pub change: Option<Change>,
    /// The mean of about the last hundred events.
    pub recent: f64,
}

/// The latest window with labels, as far as they have come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatestLabelled {
    /// The window.
    pub window: Window,
    /// The rows whose label has come.
    pub confusion: Confusion,
    /// Whether a probability of 0.3 comes true three times of ten.
    pub reliability: Option<Reliability>,
    /// What the rows are worth.
    pub money: Money,
}

/// What rows are worth by what is asked: see [`PerformanceQuery`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// What a row of each kind is worth.
    pub values: Values,
    /// What the rows were worth as they were called: all together, and per day.
    pub now: (f64, Option<f64>),
    /// The threshold that would have been best; of several as good, the highest.
    pub best: Worth,
    /// The same per day.
    pub best_per_day: Option<f64>,
    /// The threshold that was asked for.
    pub asked: Option<Worth>,
    /// Threshold and worth of all rows, by falling threshold: at most a hundred points.
    pub curve: Vec<(f64, f64)>,
}

/// What is asked of a model's performance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PerformanceQuery {
    /// The model; the default one where there is none.
    pub model: Option<String>,
    /// What rows are worth; a right call 1 and a wrong one -1 where it is not said.
    pub values: Option<Values>,
    /// A threshold to try.
    pub threshold: Option<f64>,
}

impl PerformanceWindow {
    /// The share of rows whose label has come, 0 to 1.
    pub fn share_labelled(&self) -> f64 {
        let rows = self.window.rows();
        if rows == 0 { 0.0 } else { self.n_labelled as f64 / rows as f64 }
    }

    /// The estimate of a metric.
    pub fn estimate_of(&self, metric: &str) -> Option<&Estimated<String>> {
        self.estimated.iter().find(|found| found.metric == metric)
    }
}

impl PerformanceQuery {
    /// A query as an address has it. What rows are worth stands under `true_positive`, `false_positive`, `false_negative` and
    /// `true_negative`; of those that are missing a right call is worth 1 and a wrong one -1. What is no finite number counts as missing.
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| get(name)?.trim().parse().ok().filter(|number: &f64| number.is_finite());
        let names = ["true_positive", "false_positive", "false_negative", "true_negative"];
        let found = names.map(number);
        let [true_positive, false_positive, false_negative, true_negative] = found;
        let values = found.iter().any(Option::is_some).then(|| Values {
            true_positive: true_positive.unwrap_or(1.0),
            false_positive: false_positive.unwrap_or(-1.0),
            false_negative: false_negative.unwrap_or(-1.0),
            true_negative: true_negative.unwrap_or(1.0),
        });
        Self { model: get("model").filter(|name| !name.is_empty()), values, threshold: number("threshold") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_passes_over_what_is_no_number() {
        let of = |query: &[(&str, &str)]| {
            let query: Vec<(String, String)> = query.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect();
            PerformanceQuery::of(|name| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(of(&[("model", ""), ("threshold", "NaN"), ("true_negative", "")]), PerformanceQuery::default());
        let found = of(&[("model", "m"), ("false_positive", " -5 "), ("threshold", "0.3"), ("false_negative", "x")]);
        assert_eq!((found.model.as_deref(), found.threshold), (Some("m"), Some(0.3)));
        let values = found.values.unwrap();
        assert_eq!((values.true_positive, values.false_positive, values.false_negative), (1.0, -5.0, -1.0));
    }
}
