//! What the service tells `/detectors`: how detectors of change fare on a model's own numbers.

use serde::{Deserialize, Serialize};
use tidemark::stream::bench::{Bench, Injected};

/// Events before the change in every run where nothing is asked for.
const BEFORE: u64 = 1000;
/// The most of them.
const MOST_BEFORE: u64 = 5000;

/// What is asked: which series, and which change is put into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectorsQuery {
    /// The model; the default one where there is none.
    pub model: Option<String>,
    /// `errors`, `predictions`, `score`, or `feature.` and a feature's name.
    pub series: String,
    /// What is put into it; what suits the series where there is none.
    pub injected: Option<Injected>,
    /// Events of a run before the change, and as many after it.
    pub before: u64,
}

/// How the detectors fare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detectors {
    /// The model.
    pub model: String,
    /// The names of all models there are.
    pub models: Vec<String>,
    /// The series that there are, by the names of [`DetectorsQuery::series`].
    pub series: Vec<String>,
    /// The one that was looked at.
    pub shown: String,
    /// Its events: those of the latest predictions.
    pub n_events: u64,
    /// Their mean.
    pub mean: Option<f64>,
    /// What was put in, how often, and how each detector fared; `None` where there are too few events, or all are the same.
    pub bench: Option<Bench>,
}

impl DetectorsQuery {
    /// A query as an address has it: `model`, `series`, `change` (`shift`, `scale` or `errors`), `size` and `before`. What cannot be is
    /// passed over.
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| get(name)?.trim().parse().ok().filter(|number: &f64| number.is_finite());
        let injected = match (get("change").as_deref(), number("size")) {
            (Some("shift"), Some(size)) => Some(Injected::Shift(size)),
            (Some("scale"), Some(size)) => Some(Injected::Scale(size)),
            (Some("errors"), Some(share)) => Some(Injected::Errors(share.clamp(0.0, 1.0))),
            _ => None,
        };
        let before = get("before").and_then(|before| before.trim().parse().ok()).unwrap_or(BEFORE);
        Self {
            model: get("model").filter(|name| !name.is_empty()),
            series: get("series").filter(|name| !name.is_empty()).unwrap_or_else(|| "errors".to_owned()),
            injected,
            before: before.clamp(100, MOST_BEFORE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_passes_over_what_cannot_be() {
        let of = |query: &[(&str, &str)]| {
            let query: Vec<(String, String)> = query.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect();
            DetectorsQuery::of(|name| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        };
        let plain = of(&[("change", "shift"), ("size", "NaN"), ("before", "x")]);
        assert_eq!((plain.series.as_str(), plain.injected, plain.before), ("errors", None, 1000));
        let asked = of(&[("series", "feature.x"), ("change", "errors"), ("size", "7"), ("before", "1000000")]);
        assert_eq!((asked.injected, asked.before), (Some(Injected::Errors(1.0)), 5000));
    }
}
