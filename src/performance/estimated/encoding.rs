//! A feature as small numbers whose order says something about the loss.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::boosting::BINS;
use crate::data::{Column, Values};

/// Bins of present values; one more is for missing ones.
const VALUE_BINS: usize = BINS - 1;
const MISSING: u8 = VALUE_BINS as u8;

/// A category of few rows is thought to have so many more of the usual loss.
const USUAL_ROWS: f64 = 10.0;

/// How a feature's values become bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Encoding {
    /// Numbers, in bins of equally many rows, one for each distinct value where these are few.
    Numbers {
        /// Where bins begin, ascending.
        starts: Vec<f64>,
        /// The bin of a missing number: its own if the reference had any, else that of the median.
        missing: u8,
    },
    /// Categories, by the mean loss of their rows.
    Categories {
        /// Bins by name.
        bins: BTreeMap<String, u8>,
        /// The bin of what the reference lacks: that of the category whose loss is nearest the usual one.
        other: u8,
    },
}

impl Encoding {
    /// Learns the bins from a column and the loss of each of its rows.
    pub fn fit(column: &Column, losses: &[f64]) -> Self {
        match &column.values {
            Values::Numbers(numbers) => of_numbers(numbers.as_slice()),
            _ => of_categories(&names(column), losses),
        }
    }

    /// The bin of every row.
    pub fn bins(&self, column: &Column) -> Vec<u8> {
        match (self, &column.values) {
            (Self::Numbers { starts, missing }, Values::Numbers(numbers)) => {
                let bin = |value: &f64| {
                    if value.is_nan() || starts.is_empty() {
                        return *missing;
                    }
                    starts.partition_point(|start| start <= value).saturating_sub(1) as u8
                };
                numbers.as_slice().iter().map(bin).collect()
            }
            (Self::Numbers { missing, .. }, _) => vec![*missing; column.len()],
            (Self::Categories { bins, other }, _) => {
                names(column).iter().map(|name| bins.get(name).copied().unwrap_or(*other)).collect()
            }
        }
    }
}

fn of_numbers(values: &[f64]) -> Encoding {
    let mut sorted: Vec<f64> = values.iter().filter(|value| !value.is_nan()).map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut starts = sorted.clone();
    starts.dedup();
    if starts.len() > VALUE_BINS {
        starts = (0..VALUE_BINS).map(|bin| sorted[bin * sorted.len() / VALUE_BINS]).collect();
        starts.dedup();
    }
    let has_missing = sorted.len() < values.len();
    let median = sorted.get(sorted.len() / 2).map_or(0, |median| starts.partition_point(|start| start <= median) - 1);
    Encoding::Numbers { starts, missing: if has_missing { MISSING } else { median as u8 } }
}

fn of_categories(names: &[String], losses: &[f64]) -> Encoding {
    let usual = losses.iter().sum::<f64>() / losses.len() as f64;
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (name, loss) in names.iter().zip(losses) {
        let (sum, n) = sums.entry(name).or_default();
        *sum += loss;
        *n += 1.0;
    }
    let mean = |(sum, n): (f64, f64)| (sum + USUAL_ROWS * usual) / (n + USUAL_ROWS);
    let mut by_loss: Vec<(f64, &str)> = sums.into_iter().map(|(name, sum)| (mean(sum), name)).collect();
    by_loss.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let n = by_loss.len();
    let bin = |rank: usize| if n > BINS { rank * BINS / n } else { rank } as u8;
    let distance = |(loss, _): &(f64, &str)| (loss - usual).abs();
    let nearest = (0..n).min_by(|&a, &b| distance(&by_loss[a]).total_cmp(&distance(&by_loss[b])));
    let bins = by_loss.iter().enumerate().map(|(rank, (_, name))| ((*name).to_owned(), bin(rank))).collect();
    Encoding::Categories { bins, other: nearest.map_or(0, bin) }
}

/// Every row's category; what is missing is one, too.
fn names(column: &Column) -> Vec<String> {
    match &column.values {
        Values::Strings(strings) => strings.iter().map(|name| name.map_or_else(String::new, str::to_owned)).collect(),
        Values::Booleans(values) => values.iter().map(bool::to_string).collect(),
        Values::Numbers(numbers) => numbers.as_slice().iter().map(f64::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_and_missing_ones_have_a_place() {
        let column = Column::fractions("x", vec![3.0, -0.0, 0.0, 7.0]);
        let encoding = Encoding::fit(&column, &[0.0; 4]);
        assert_eq!(encoding.bins(&column), [1, 0, 0, 2]);
        // Between two is the lower one's, beyond is the last one's, and missing is the median's.
        let others = Column::fractions("x", vec![2.9, -5.0, 99.0, f64::NAN]);
        assert_eq!(encoding.bins(&others), [0, 0, 2, 1]);
        let missing = Column::fractions("x", vec![f64::NAN, 1.0]);
        assert_eq!(Encoding::fit(&missing, &[0.0; 2]).bins(&missing), [MISSING, 0]);
        let many = Column::fractions("x", (0..10_000).map(f64::from).collect());
        let bins = Encoding::fit(&many, &[0.0; 10_000]).bins(&many);
        assert!(bins.is_sorted() && *bins.last().unwrap() == MISSING - 1);
        // Nothing but missing ones.
        let empty = Column::fractions("x", vec![f64::NAN; 3]);
        assert_eq!(Encoding::fit(&empty, &[0.0; 3]).bins(&column), [MISSING; 4]);
    }

    #[test]
    fn categories_are_ordered_by_their_loss() {
        let column = Column::strings("x", ["a", "b", "c", "a", "b", "c"].map(Some));
        let encoding = Encoding::fit(&column, &[9.0, 1.0, 4.0, 9.0, 1.0, 4.0]);
        assert_eq!(encoding.bins(&column), [2, 0, 1, 2, 0, 1]);
        // What is new is taken for the usual one, whose loss is nearest the mean of all.
        assert_eq!(encoding.bins(&Column::strings("x", [Some("new"), None])), [1, 1]);
        let names: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
        let many = Column::strings("x", names.iter().map(|name| Some(name.as_str())));
        let losses: Vec<f64> = (0..1000).map(f64::from).collect();
        let bins = Encoding::fit(&many, &losses).bins(&many);
        assert!(bins.is_sorted() && bins[999] == 255);
    }
}
