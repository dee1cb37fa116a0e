//! Where a model is worse than elsewhere: its loss by slices of a feature.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::figure::{ALPHA, Figure, Undefined};
use crate::data::{Category, Column, Values};
use crate::profile::quantile;
use crate::stattest::t_test::{Spread, two_sample};
use crate::stattest::{Alternative, Current, Reference, proportions};

/// Slices that the numbers of a feature fall into, of about as many rows each.
const NUMBER_SLICES: usize = 5;
/// Categories that are shown; the rarer ones become one slice.
const MOST_CATEGORIES: usize = 20;

/// What a row costs.
#[derive(Debug, Clone, Copy)]
pub enum Losses<'a> {
    /// Whether it was called wrong.
    Wrong(&'a [bool]),
    /// Its loss, for example the absolute error; what is not finite is left out.
    Numbers(&'a [f64]),
}

/// Rows of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Part {
    /// Numbers from `from` to `to`, both among them; slices do not overlap.
    Numbers {
        /// The smallest.
        from: f64,
        /// The largest.
        to: f64,
    },
    /// One category.
    Category {
        /// Its name.
        name: String,
    },
    /// All rarer categories.
    Rarer {
        /// How many.
        n_categories: u64,
    },
    /// Rows whose value is missing.
    Missing,
}

/// The loss of a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The feature.
    pub feature: String,
    /// Which of its rows.
    pub part: Part,
    /// Rows with a loss.
    pub n_rows: u64,
    /// The mean loss, or the share of wrong rows, with its interval.
    pub loss: Figure,
    /// The same of all other rows.
    pub elsewhere: Figure,
    /// How probable so large a difference is, either way, if the slice is like the rest: the exact test of two proportions, or Welch's.
    /// `None` where that cannot be tested.
    pub p_value: Option<f64>,
    /// Worse than the rest, at 5% over all slices together (Holm).
    pub is_worse: bool,
}

/// The loss by every slice of every feature: numbers in five slices of about as many rows, categories one by one. Features come in their
/// order, slices by their numbers, or the most frequent first.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::performance::slices::{Losses, slices};
/// // Wrong in one of ten rows of the north, and in half of those of the south.
/// let region = Column::strings("region", (0..1000).map(|i| Some(if i % 5 == 0 { "south" } else { "north" })));
/// let wrong: Vec<bool> = (0..1000).map(|i| if i % 5 == 0 { i % 2 == 0 } else { i % 10 == 1 }).collect();
/// let found = slices(&[&region], Losses::Wrong(&wrong));
/// assert_eq!(found.iter().map(|slice| (slice.n_rows, slice.is_worse)).collect::<Vec<_>>(), [(800, false), (200, true)]);
/// ```
///
/// Holm, Scandinavian Journal of Statistics 6(2), 1979.
///
/// # Panics
/// When a feature has another number of rows than there are losses.
pub fn slices(features: &[&Column], losses: Losses<'_>) -> Vec<Slice> {
    let n = losses.len();
    assert!(features.iter().all(|feature| feature.len() == n), "one value per row and feature");
    let mut found: Vec<Slice> = Vec::new();
    for feature in features {
        for (part, is_in) in parts(feature, &losses) {
            found.push(losses.slice(feature.name.clone(), part, &is_in));
        }
    }
    mark(&mut found);
    found
}

impl Losses<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Wrong(wrong) => wrong.len(),
            Self::Numbers(losses) => losses.len(),
        }
    }

    fn is_known(&self, row: usize) -> bool {
        match self {
            Self::Wrong(_) => true,
            Self::Numbers(losses) => losses[row].is_finite(),
        }
    }

    fn slice(&self, feature: String, part: Part, is_in: &[bool]) -> Slice {
        let (n_rows, loss, elsewhere, p_value) = match self {
            Self::Wrong(wrong) => {
                // Wrong rows and all rows, outside and inside.
                let mut counts = [(0, 0); 2];
                for (wrong, is_in) in wrong.iter().zip(is_in) {
                    let (n_wrong, n) = &mut counts[usize::from(*is_in)];
                    *n_wrong += u64::from(*wrong);
                    *n += 1;
                }
                let [outside, inside] = counts;
                let share = |(n_wrong, n)| Figure::share(n_wrong, n, Undefined::NoRows);
                let has_both = inside.1 > 0 && outside.1 > 0;
                let p = has_both.then(|| proportions::p_value(Reference(outside), Current(inside)));
                (inside.1, share(inside), share(outside), p)
            }
            Self::Numbers(losses) => {
                let (mut inside, mut outside) = (Vec::new(), Vec::new());
                for (row, is_in) in is_in.iter().enumerate().filter(|(row, _)| losses[*row].is_finite()) {
                    if *is_in { inside.push(losses[row]) } else { outside.push(losses[row]) }
                }
                let test = two_sample(Reference(&outside), Current(&inside), Alternative::TwoSided, Spread::Unequal);
                let p = test.ok().map(|test| test.p_value);
                (inside.len() as u64, Figure::mean(&inside), Figure::mean(&outside), p)
            }
        };
        Slice { feature, part, n_rows, loss, elsewhere, p_value, is_worse: false }
    }
}

/// Marks the slices that are worse than the rest.
fn mark(slices: &mut [Slice]) {
    let mut order: Vec<(f64, usize)> =
        slices.iter().enumerate().filter_map(|(place, slice)| Some((slice.p_value?, place))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let m = order.len();
    for (rank, (p, place)) in order.into_iter().enumerate() {
        if p > ALPHA / (m - rank) as f64 {
            break;
        }
        let slice = &mut slices[place];
        slice.is_worse = slice.loss.value() > slice.elsewhere.value();
    }
}

/// The slices of a feature, and which rows lie in each.
fn parts(feature: &Column, losses: &Losses<'_>) -> Vec<(Part, Vec<bool>)> {
    let n = losses.len();
    let mut found = Vec::new();
    let mut missing = vec![false; n];
    match &feature.values {
        Values::Numbers(numbers) => {
            let values = numbers.as_slice();
            let mut sorted: Vec<f64> =
                (0..n).filter(|&row| losses.is_known(row)).map(|row| values[row]).filter(|x| x.is_finite()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            // A slice reaches to its quantile, which goes with it.
            let mut ends: Vec<f64> = (1..=NUMBER_SLICES)
                .filter_map(|slice| quantile(&sorted, slice as f64 / NUMBER_SLICES as f64))
                .map(|end| sorted[sorted.partition_point(|value| *value <= end) - 1])
                .collect();
            ends.dedup();
            let mut first = 0;
            for end in ends {
                let last = sorted.partition_point(|value| *value <= end) - 1;
                let (from, to) = (sorted[first], sorted[last]);
                let is_in = values.iter().map(|value| (from..=to).contains(value)).collect();
                found.push((Part::Numbers { from, to }, is_in));
                first = last + 1;
            }
            missing.iter_mut().zip(values).for_each(|(missing, value)| *missing = value.is_nan());
        }
        Values::Booleans(values) => {
            for value in [false, true] {
                let is_in: Vec<bool> = values.iter().map(|known| *known == value).collect();
                if is_in.contains(&true) {
                    found.push((Part::Category { name: Category::Boolean(value).to_string() }, is_in));
                }
            }
        }
        Values::Strings(strings) => {
            let names: Vec<Option<&str>> = strings.iter().collect();
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            names.iter().flatten().for_each(|name| *counts.entry(name).or_default() += 1);
            let mut by_count: Vec<(&str, u64)> = counts.into_iter().collect();
            by_count.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            let shown: Vec<&str> = by_count.iter().take(MOST_CATEGORIES).map(|(name, _)| *name).collect();
            for name in &shown {
                let is_in = names.iter().map(|known| known == &Some(*name)).collect();
                found.push((Part::Category { name: (*name).to_owned() }, is_in));
            }
            if by_count.len() > shown.len() {
                let is_in = names.iter().map(|known| known.is_some_and(|known| !shown.contains(&known))).collect();
                found.push((Part::Rarer { n_categories: (by_count.len() - shown.len()) as u64 }, is_in));
            }
            missing.iter_mut().zip(&names).for_each(|(missing, name)| *missing = name.is_none());
        }
    }
    if missing.contains(&true) {
        found.push((Part::Missing, missing));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn numbers_fall_into_slices_that_hold_every_row_once() {
        let values: Vec<f64> = (0..103).map(|i| if i % 10 == 0 { f64::NAN } else { f64::from(i % 7) }).collect();
        let losses: Vec<f64> = (0..103).map(f64::from).collect();
        let found = slices(&[&Column::fractions("x", values)], Losses::Numbers(&losses));
        assert_eq!(found.iter().map(|slice| slice.n_rows).sum::<u64>(), 103);
        let parts: Vec<&Part> = found.iter().map(|slice| &slice.part).collect();
        assert!(matches!(parts[0], Part::Numbers { from: 0.0, .. }), "{parts:?}");
        assert_eq!(*parts[parts.len() - 1], Part::Missing);
        // The same number never lies in two slices.
        let ends: Vec<(f64, f64)> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Numbers { from, to } => Some((*from, *to)),
                _ => None,
            })
            .collect();
        assert!(ends.windows(2).all(|two| two[0].1 < two[1].0) && ends.last().unwrap().1 == 6.0, "{ends:?}");
    }

    #[test]
    fn noise_is_called_worse_about_as_seldom_as_stated() {
        let mut rng = Rng::new(6);
        let n_alarms = (0..400)
            .filter(|_| {
                let a = Column::fractions("a", (0..300).map(|_| rng.normal()).collect());
                let names: Vec<String> = (0..300).map(|_| rng.below(6).to_string()).collect();
                let b = Column::strings("b", names.iter().map(|name| Some(name.as_str())));
                let losses: Vec<f64> = (0..300).map(|_| rng.normal().abs()).collect();
                slices(&[&a, &b], Losses::Numbers(&losses)).iter().any(|slice| slice.is_worse)
            })
            .count();
        assert!(n_alarms <= 28, "{n_alarms} of 400 at 5%");
    }

    #[test]
    fn rare_categories_go_together_and_a_lone_slice_is_not_tested() {
        let names: Vec<String> =
            (0..500).map(|i| if i < 250 { "often".into() } else { format!("rare {}", i % 25) }).collect();
        let column = Column::strings("x", names.iter().map(|name| Some(name.as_str())));
        let wrong: Vec<bool> = (0..500).map(|i| i >= 250).collect();
        let found = slices(&[&column], Losses::Wrong(&wrong));
        assert_eq!(found.len(), 21);
        assert_eq!(found[20].part, Part::Rarer { n_categories: 6 });
        assert_eq!((found[0].loss.value(), found[0].is_worse, found[20].is_worse), (Some(0.0), false, true));
        let one = Column::strings("x", vec![Some("one"); 500]);
        let found = slices(&[&one], Losses::Wrong(&wrong));
        assert_eq!((found[0].p_value, found[0].is_worse), (None, false));
    }
}
