//! Pairs of categorical samples.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::Question;
use super::table::{Table, contingency};
use crate::golden::GoldenError;
use crate::golden::numbers::{not_tested, written};
use crate::stattest::chi_square::{Divergence, power_divergence};
use crate::stattest::{Current, Reference, jensen_shannon, kl_divergence, shares as distances};

/// The counts of both sides over the same keys.
pub(super) struct Pair {
    keys: Vec<String>,
    reference: Vec<u64>,
    current: Vec<u64>,
}

impl Pair {
    pub(super) fn read(case: &Value) -> Result<Self, GoldenError> {
        let mut counts: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        for (side, key) in [(0, "x"), (1, "y")] {
            let values = case[key].as_array().ok_or(GoldenError::Malformed { key, expected: "a list" })?;
            for value in values {
                counts.entry(name(value)).or_default()[side] += 1;
            }
        }
        let side = |side: usize| counts.values().map(|counts| counts[side]).collect();
        Ok(Self { reference: side(0), current: side(1), keys: counts.into_keys().collect() })
    }

    pub(super) fn answer(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let (reference, current) = (Reference(self.reference.as_slice()), Current(self.current.as_slice()));
        let (r, c) = (shares(&self.reference), shares(&self.current));
        let (r, c) = (Reference(r.as_slice()), Current(c.as_slice()));
        let value = match question.test() {
            "counts" => {
                return Ok(json!({ "keys": self.keys, "reference": self.reference, "current": self.current }));
            }
            "chisquare" => return Ok(self.divergence(Divergence::Pearson)),
            "power_divergence" => {
                let name = question.word("lambda_")?;
                let divergence = Divergence::from_name(name).ok_or_else(|| question.unknown("lambda_", name))?;
                return Ok(self.divergence(divergence));
            }
            "chi2_contingency" => return contingency(question, reference.0, current.0),
            "fisher_exact" => return Table::read(question.parameter("table"))?.fisher(question),
            "jensenshannon" => match question.parameter("base") {
                base if base == "e" => jensen_shannon::distance(r, c),
                base => {
                    let base =
                        base.as_f64().ok_or(GoldenError::Malformed { key: "base", expected: "e or a number" })?;
                    jensen_shannon::distance_in_base(r, c, base)
                }
            },
            "entropy_kl" => kl_divergence::relative_entropy(r, c),
            "tvd" => distances::total_variation(r, c),
            _ => return Err(question.unknown_test()),
        };
        Ok(json!({ "value": written(value) }))
    }

    fn divergence(&self, divergence: Divergence) -> Value {
        match power_divergence(Reference(&self.reference), Current(&self.current), divergence) {
            Ok(found) => json!({ "statistic": written(found.statistic), "pvalue": found.p_value }),
            Err(reason) => not_tested(&reason),
        }
    }
}

/// A category as Python writes it.
fn name(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let total: u64 = counts.iter().sum();
    counts.iter().map(|&count| count as f64 / total as f64).collect()
}
