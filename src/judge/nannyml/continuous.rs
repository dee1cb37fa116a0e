//! NannyML's drift methods for columns of numbers.

use serde::{Deserialize, Serialize};
use std::f64::consts::SQRT_2;

use super::Method;
use crate::num::Sum;
use crate::stattest::binning::{count, equal_edges};
use crate::stattest::histogram::{self, Rule};
use crate::stattest::{Current, NotTested, Reference, jensen_shannon, ks, wasserstein};

/// Whether the Kolmogorov-Smirnov statistic and the Wasserstein distance see every reference value or only their numbers
/// in equal-width bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Estimation {
    /// Which of the two.
    pub calculation: Calculation,
    /// Bins of the estimate, at least 1.
    pub n_bins: u32,
}

impl Default for Estimation {
    fn default() -> Self {
        Self { calculation: Calculation::Auto, n_bins: 10_000 }
    }
}

/// What a statistic is worked out from.
///
/// NannyML 0.13.1 reads this setting from the wrong place, so that `{"wasserstein": {"calculation_method": "exact"}}`
/// leaves it at `auto` there. Here it does what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Calculation {
    /// Every value of a reference below [`MIN_ESTIMATED`] values, bins of a larger one.
    #[default]
    Auto,
    /// Every value.
    Exact,
    /// Bins.
    Estimated,
}

/// From this many reference values on, [`Calculation::Auto`] means an estimate.
pub const MIN_ESTIMATED: usize = 10_000;

impl Estimation {
    const fn is_estimate(self, n_reference: usize) -> bool {
        match self.calculation {
            Calculation::Auto => n_reference >= MIN_ESTIMATED,
            Calculation::Exact => false,
            Calculation::Estimated => true,
        }
    }
}

/// What a drift method keeps of a reference of numbers, to hold chunks against.
///
/// ```text
/// jensen_shannon      sqrt((KL(r, m) + KL(c, m)) / 2), m = (r + c) / 2, KL(p, m) = sum of p log2(p / m)
/// hellinger           sqrt(sum of (sqrt(r) - sqrt(c))^2) / sqrt(2)
/// kolmogorov_smirnov  max of |R(x) - C(x)|
/// wasserstein         integral of |R(x) - C(x)| dx
/// ```
/// where `r` and `c` are shares of reference and chunk in bins of equal width, whose number Doane's rule takes from the
/// reference, and one bin more for what of the chunk lies outside; `R` and `C` are the distribution functions. Both of
/// the latter are exact for a small reference; for a large one ([`Estimation`]) `R` and `C` are compared at the edges of
/// bins over the reference's range alone. The estimate of the Wasserstein distance keeps a quirk of upstream's: where
/// values lie below the reference's smallest one, the chunk's distribution function is too large by one value.
///
/// Inputs: ascending slices of finite numbers, missing ones left out; ties are welcome. Score: a distance from 0 on, up
/// to 1 for all but the Wasserstein distance, which has the unit of the values and is not divided by anything. Declines
/// when the reference is empty or the method is not for numbers; an empty chunk has no value.
///
/// ```
/// use tidemark::judge::nannyml::{ContinuousReference, Estimation, Method};
/// use tidemark::stattest::{Current, Reference};
/// let values = [0.0, 1.0, 2.0, 3.0];
/// let fitted =
///     ContinuousReference::fit(Method::KolmogorovSmirnov, Reference(&values), Estimation::default()).unwrap();
/// assert_eq!(fitted.measure(Current(&[2.0, 3.0])), Some(0.5));
/// assert_eq!(fitted.measure(Current(&[])), None);
/// ```
///
/// Source: Doane, "Aesthetic Frequency Classifications", The American Statistician 30 (1976), for the number of bins;
/// agrees with NannyML 0.13.1, `nannyml.drift.univariate.methods`.
#[derive(Debug, Clone)]
pub struct ContinuousReference {
    method: Method,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    /// Edges of bins, and the reference's shares in them.
    Shares { edges: Vec<f64>, shares: Vec<f64> },
    /// Every value.
    Values(Vec<f64>),
    /// Edges of bins, and the reference's distribution function at all but the first.
    Steps { edges: Vec<f64>, cdf: Vec<f64> },
}

impl ContinuousReference {
    /// Keeps what `method` needs of the ascending values of the reference.
    ///
    /// # Errors
    /// There is no value, the method is not for numbers, or the range of the values is no finite number.
    pub fn fit(method: Method, reference: Reference<&[f64]>, estimation: Estimation) -> Result<Self, NotTested> {
        let sorted = reference.0;
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Err(NotTested::Empty { n_reference: 0, n_current: 0 });
        };
        if !(max - min).is_finite() {
            return Err(NotTested::NotFinite);
        }
        let n = sorted.len() as f64;
        let is_estimate = estimation.is_estimate(sorted.len());
        let n_bins = estimation.n_bins.max(1) as usize;
        let kept = match method {
            Method::JensenShannon | Method::Hellinger => {
                let edges = histogram::edges(sorted, Rule::Doane, false);
                let shares = count(sorted, &edges).into_iter().map(|count| count as f64 / n).collect();
                Kept::Shares { edges, shares }
            }
            Method::KolmogorovSmirnov if is_estimate => steps(sorted, equal_edges(min, max, n_bins)),
            Method::Wasserstein if is_estimate => {
                let (min, max) = around_a_constant(min, max);
                steps(sorted, equal_edges(min, max, n_bins))
            }
            Method::KolmogorovSmirnov | Method::Wasserstein => Kept::Values(sorted.to_vec()),
            Method::Chi2 | Method::LInfinity => {
                let column_type = crate::schema::ColumnType::Numerical;
                return Err(NotTested::TypeNotCovered { column_type });
            }
        };
        Ok(Self { method, kept })
    }

    /// How far a chunk lies from the reference; `None` for a chunk without values.
    pub fn measure(&self, chunk: Current<&[f64]>) -> Option<f64> {
        if chunk.0.is_empty() {
            return None;
        }
        Some(match (&self.kept, self.method) {
            (Kept::Shares { edges, shares }, method) => distance_of_shares(method, shares, edges, chunk.0),
            (Kept::Values(values), Method::Wasserstein) => wasserstein::distance(Reference(values), chunk),
            (Kept::Values(values), _) => ks::statistic(Reference(values), chunk).ok()?,
            (Kept::Steps { edges, cdf }, Method::Wasserstein) => estimated_wasserstein(edges, cdf, chunk.0),
            (Kept::Steps { edges, cdf }, _) => estimated_kolmogorov_smirnov(edges, cdf, chunk.0),
        })
    }
}

fn distance_of_shares(method: Method, reference: &[f64], edges: &[f64], chunk: &[f64]) -> f64 {
    let n = chunk.len() as u64;
    let counts = count(chunk, edges);
    let outside = n - counts.iter().sum::<u64>();
    let mut shares: Vec<f64> = counts.into_iter().map(|count| count as f64 / n as f64).collect();
    let mut reference = reference.to_vec();
    if outside > 0 {
        shares.push(outside as f64 / n as f64);
        reference.push(0.0);
    }
    shares_apart(method, Reference(&reference), Current(&shares))
}

/// Jensen-Shannon distance to base 2, or Hellinger distance.
pub(super) fn shares_apart(method: Method, reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    if method == Method::Hellinger {
        let squares = reference.0.iter().zip(current.0).map(|(r, c)| {
            let difference = r.sqrt() - c.sqrt();
            difference * difference
        });
        squares.collect::<Sum>().value().sqrt() / SQRT_2
    } else {
        jensen_shannon::distance_in_base(reference, current, 2.0)
    }
}

/// The largest gap at an edge.
fn estimated_kolmogorov_smirnov(edges: &[f64], reference: &[f64], chunk: &[f64]) -> f64 {
    let gaps = cumulative(chunk, edges).into_iter().zip(reference).map(|(c, r)| (r - c).abs());
    gaps.fold(0.0, f64::max)
}

/// The area between the distribution functions: in steps within the reference's range, exactly outside.
fn estimated_wasserstein(edges: &[f64], reference: &[f64], chunk: &[f64]) -> f64 {
    let n = chunk.len();
    let (min, max) = (edges[0], edges[edges.len() - 1]);
    let (n_below, n_up_to_max) = (chunk.partition_point(|x| *x < min), chunk.partition_point(|x| *x <= max));
    let mut area = Sum::default();
    // Left of the range, the reference's distribution function is 0 ...
    for i in 0..n_below {
        let next = if i + 1 < n_below { chunk[i + 1] } else { min };
        area.add((i + 1) as f64 / n as f64 * (next - chunk[i]));
    }
    // ... right of it, 1.
    for i in n_up_to_max..n {
        let previous = if i > n_up_to_max { chunk[i - 1] } else { max };
        area.add((n - i) as f64 / n as f64 * (chunk[i] - previous));
    }
    let width = edges[1] - edges[0];
    // Upstream counts the range's own smallest value among those below it.
    let too_many = if n_below > 0 { 1.0 / n as f64 } else { 0.0 };
    for (c, r) in cumulative(chunk, edges).into_iter().zip(reference) {
        area.add((r - (c + too_many)).abs() * width);
    }
    area.value()
}

/// The share of values below each edge but the first; the last edge takes in the values that equal it.
fn cumulative(sorted: &[f64], edges: &[f64]) -> Vec<f64> {
    let n = sorted.len() as f64;
    let below = sorted.partition_point(|value| *value < edges[0]) as u64;
    let mut so_far = below;
    count(sorted, edges)
        .into_iter()
        .map(|count| {
            so_far += count;
            so_far as f64 / n
        })
        .collect()
}

fn steps(sorted: &[f64], edges: Vec<f64>) -> Kept {
    let cdf = cumulative(sorted, &edges);
    Kept::Steps { edges, cdf }
}

/// As numpy widens a range of no width.
fn around_a_constant(min: f64, max: f64) -> (f64, f64) {
    if min == max { (min - 0.5, max + 0.5) } else { (min, max) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(method: Method, reference: &[f64], chunk: &[f64], n_bins: Option<u32>) -> f64 {
        let calculation = if n_bins.is_some() { Calculation::Estimated } else { Calculation::Auto };
        let estimation = Estimation { calculation, n_bins: n_bins.unwrap_or(10_000) };
        let fitted = ContinuousReference::fit(method, Reference(reference), estimation).unwrap();
        fitted.measure(Current(chunk)).unwrap()
    }

    #[test]
    fn estimates_equal_nannymls() {
        let reference = [0.0, 1.0, 1.0, 2.0, 3.0, 4.0];
        let chunk = [-2.0, -1.0, 1.0, 1.5, 4.0, 7.0];
        // nannyml 0.13.1: m = WassersteinDistance(chunker=DefaultChunker(), threshold=ConstantThreshold(),
        //     computation_params={"wasserstein": {}, "calculation_method": "estimated", "n_bins": 4})
        // m._fit(pd.Series(reference))._calculate(pd.Series(chunk)); KolmogorovSmirnovStatistic alike
        assert!((measure(Method::Wasserstein, &reference, &chunk, Some(4)) - 1.833_333_333_333_333_3).abs() < 1e-15);
        assert!(
            (measure(Method::KolmogorovSmirnov, &reference, &chunk, Some(4)) - 0.166_666_666_666_666_74).abs() < 1e-15
        );
    }

    #[test]
    fn a_constant_reference_can_be_held_against() {
        // the same with reference = pd.Series([2.0] * 4), chunk = pd.Series([2.0, 3.0])
        let (reference, chunk) = ([2.0; 4], [2.0, 3.0]);
        assert_eq!(measure(Method::KolmogorovSmirnov, &reference, &chunk, Some(4)), 0.5);
        assert_eq!(measure(Method::Wasserstein, &reference, &chunk, Some(4)), 0.5);
        assert_eq!(measure(Method::Wasserstein, &reference, &chunk, None), 0.5);
        assert!((measure(Method::JensenShannon, &reference, &chunk, None) - 0.557_923_045_284_143_8).abs() < 1e-15);
        assert!((measure(Method::Hellinger, &reference, &chunk, None) - 0.541_196_100_146_197).abs() < 1e-15);
    }

    #[test]
    fn nothing_is_far_from_itself() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i * i % 37)).collect();
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        for method in [Method::JensenShannon, Method::Hellinger, Method::KolmogorovSmirnov, Method::Wasserstein] {
            for n_bins in [None, Some(7)] {
                assert_eq!(measure(method, &sorted, &sorted, n_bins), 0.0, "{}", method.name());
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_declined() {
        let fit = |method, values: &[f64]| ContinuousReference::fit(method, Reference(values), Estimation::default());
        assert_eq!(fit(Method::Wasserstein, &[]).unwrap_err(), NotTested::Empty { n_reference: 0, n_current: 0 });
        assert!(fit(Method::Chi2, &[1.0]).is_err());
        assert_eq!(fit(Method::Wasserstein, &[f64::MIN, f64::MAX]).unwrap_err(), NotTested::NotFinite);
    }
}
