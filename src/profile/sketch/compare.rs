//! Two sketched profiles of a column, compared: every quantity with its bounds.

use serde::{Deserialize, Serialize};

use super::{Bounded, Exactness, SketchedProfile};
use crate::data::Category;
use crate::judge::calibrated::alone;
use crate::judge::{Effect, EffectKind, EffectTest, Verdict, calibrated};
use crate::num::Sum;
use crate::profile::{ColumnProfile, Shape};
use crate::schema::ColumnType;
use crate::stattest::binning::align;
use crate::stattest::{Current, NotTested, Reference, Tested};

/// Settings of a comparison of sketches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Each quantity lies within its bounds with at least this probability, 0 to 1.
    pub confidence: f64,
    /// Where numbers stand for kinds, and the verdict is that of their shares.
    pub numbers_are_categories: bool,
    /// The quantiles that are looked up, each 0 to 1.
    pub quantiles: Vec<f64>,
    /// When a change is significant, and when it matters.
    pub calibrated: calibrated::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            confidence: 0.99,
            numbers_are_categories: false,
            quantiles: vec![0.05, 0.25, 0.5, 0.75, 0.95],
            calibrated: calibrated::Options::default(),
        }
    }
}

/// What two sketches of a column say together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SketchedComparison {
    /// The probability with which, at least, each quantity lies within its bounds.
    pub confidence: f64,
    /// Whether the reference was exact.
    pub reference: Exactness,
    /// Whether the current side was.
    pub current: Exactness,
    /// Largest gap of the two distribution functions, 0 to 1, of numbers.
    pub gap: Option<Bounded>,
    /// Wasserstein distance, in the unit of the values, of numbers.
    pub wasserstein: Option<Bounded>,
    /// Quantiles of both sides, of numbers.
    pub quantiles: Vec<QuantileBounds>,
    /// Total variation distance of the values as categories, 0 to 1; these bounds are certain.
    pub total_variation: Option<Bounded>,
    /// How many distinct values the reference holds.
    pub distinct_reference: Bounded,
    /// How many the current side holds.
    pub distinct_current: Bounded,
    /// The p-value of the test behind the verdict, at the estimate and at both ends of the interval: `low` belongs to the
    /// larger change. Not corrected for other columns.
    pub p_value: Option<Bounded>,
    /// What can be said about the values.
    pub verdict: SketchVerdict,
    /// The test of what is missing; it is exact, as missing values are counted.
    pub missing: Tested<EffectTest>,
}

/// One quantile of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileBounds {
    /// Which one, 0 to 1.
    pub q: f64,
    /// The reference's.
    pub reference: Bounded,
    /// The current side's.
    pub current: Bounded,
}

/// A verdict, where the sketches allow one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SketchVerdict {
    /// Every value within the bounds leads to this verdict.
    Reached(Verdict),
    /// The sketches are too coarse: the verdict hangs on where within the bounds the true value lies.
    TooCoarse {
        /// The verdict at the lower bound.
        at_low: Verdict,
        /// The verdict at the upper bound.
        at_high: Verdict,
    },
    /// There was no test, and this is why.
    NotTested(NotTested),
}

/// Compares two sketched profiles of a column.
///
/// What it measures: what the exact comparison measures, as far as sketches tell.
///
/// ```text
/// D      in  D^ -+ (e_r + e_c),       D^ = max over x of |F^(x) - G^(x)|
/// W      in  integral of max(0, |F^ - G^| - e(x)) dx  ..  integral of min(1, |F^ - G^| + e(x)) dx
/// TV     in  max(sum of (p_low - q_high)+, sum of (q_low - p_high)+)  ..  1 - sum of min(p_low, q_low)
/// ```
/// where `F^` and `G^` are the sketched distribution functions, `e_r` and `e_c` their rank errors (each at half the
/// allowed probability of a miss), `e(x)` their sum without the side whose range `x` lies outside of, `W` is moreover at
/// least the distance of the means, which are exact, and `p` and `q` are the shares of the categories that a side kept,
/// whose bounds are certain.
///
/// Inputs: sketches of any size and origin; missing and infinite values are counted beside. While both sides still hold
/// every value the verdict is the exact profiles' own. Else numbers are judged by `D` with the limit distribution of
/// Kolmogorov and Smirnov, categories by `TV` with an inequality that holds for any number of categories and is derived
/// at its code: it is careful, and a small change among many categories stays unnoticed.
///
/// Score: each quantity with its bounds; [`SketchVerdict::Reached`] where both ends of the interval have the same
/// verdict (all in between then have it too). Declines when a side is empty, holds another kind of values, or both are
/// one and the same value.
///
/// The example is in the module's documentation.
///
/// Source: the bounds follow from those of the sketches, see [`Quantiles`](super::Quantiles) and
/// [`Frequent`](super::Frequent); McDiarmid, "On the method of bounded differences", Surveys in Combinatorics (1989); the
/// tests hold the inequality against permutations.
pub fn compare(
    reference: Reference<&SketchedProfile>,
    current: Current<&SketchedProfile>,
    options: &Options,
) -> SketchedComparison {
    with_ends(reference, current, options).0
}

/// [`compare`], with the test of the values at the lower and at the upper bound, where there is one.
pub(super) fn with_ends(
    reference: Reference<&SketchedProfile>,
    current: Current<&SketchedProfile>,
    options: &Options,
) -> (SketchedComparison, Option<[EffectTest; 2]>) {
    let (r, c) = (reference.0, current.0);
    let confidence = options.confidence.clamp(0.5, 1.0 - 1e-12);
    // A bound on two sides together is missed when one of them is.
    let of_each = 0.5 + confidence / 2.0;
    let mut comparison = SketchedComparison {
        confidence,
        reference: r.exactness(of_each),
        current: c.exactness(of_each),
        gap: None,
        wasserstein: None,
        quantiles: Vec::new(),
        total_variation: None,
        distinct_reference: r.distinct().count(confidence),
        distinct_current: c.distinct().count(confidence),
        p_value: None,
        verdict: SketchVerdict::NotTested(NotTested::Constant),
        missing: alone::of_missing(Reference(&rows_alone(r)), Current(&rows_alone(c)), &options.calibrated).into(),
    };
    if let Err(reason) = comparable(r, c) {
        comparison.verdict = SketchVerdict::NotTested(reason);
        return (comparison, None);
    }
    comparison.total_variation = Some(total_variation(r, c));
    if let (Some(a), Some(b)) = (r.quantiles(), c.quantiles()) {
        let steps = Steps::of(&a.weighted(), &b.weighted());
        let errors = [a.rank_error(of_each), b.rank_error(of_each)];
        comparison.gap = Some(steps.gap(errors));
        comparison.wasserstein = wasserstein(&steps, r, c, errors);
        comparison.quantiles = options
            .quantiles
            .iter()
            .filter_map(|&q| {
                let (reference, current) = (a.quantile(q, of_each)?, b.quantile(q, of_each)?);
                Some(QuantileBounds { q, reference, current })
            })
            .collect();
    }
    let ends = judge(&mut comparison, r, c, options);
    (comparison, ends)
}

fn comparable(r: &SketchedProfile, c: &SketchedProfile) -> Result<(), NotTested> {
    if r.n() == 0 || c.n() == 0 {
        return Err(NotTested::Empty { n_reference: r.n(), n_current: c.n() });
    }
    if r.frequent().kind() != c.frequent().kind() {
        let own_type = |side: &SketchedProfile| match side.quantiles() {
            Some(_) => ColumnType::Numerical,
            None => ColumnType::Categorical,
        };
        return Err(NotTested::TypeMismatch { reference: own_type(r), current: own_type(c) });
    }
    Ok(())
}

/// What the test of missing values needs.
fn rows_alone(side: &SketchedProfile) -> ColumnProfile {
    let shape = Shape::Categories { counts: Vec::new() };
    ColumnProfile { rows: side.rows(), missing: side.missing(), infinite: side.infinite(), shape }
}

/// Puts verdict and p-value into the comparison; gives the test at both bounds.
fn judge(
    comparison: &mut SketchedComparison,
    r: &SketchedProfile,
    c: &SketchedProfile,
    options: &Options,
) -> Option<[EffectTest; 2]> {
    let is_numerical = r.quantiles().is_some() && !options.numbers_are_categories;
    let column_type = if is_numerical { ColumnType::Numerical } else { ColumnType::Categorical };
    if let (Some(a), Some(b)) = (exact(r, is_numerical), exact(c, is_numerical)) {
        match alone::of_values(column_type, Reference(&a), Current(&b), &options.calibrated) {
            Ok(test) => {
                comparison.p_value = Some(Bounded::exactly(test.p_value));
                comparison.verdict = SketchVerdict::Reached(test.verdict);
                return Some([test.clone(), test]);
            }
            Err(reason) => comparison.verdict = SketchVerdict::NotTested(reason),
        }
        return None;
    }
    let is_one_value = |side: &SketchedProfile| range(side).is_some_and(|(low, high)| low == high);
    if is_one_value(r) && range(r) == range(c) {
        return None;
    }
    let together = r.distinct().merge(c.distinct()).map(|both| both.count(comparison.confidence).high);
    let of_sides = comparison.distinct_reference.high + comparison.distinct_current.high;
    let n_distinct = together.unwrap_or(of_sides);
    let sizes = [r.n(), c.n()];
    let test = |effect: f64| match is_numerical {
        true => alone::of_gap(effect, sizes[0], sizes[1], &options.calibrated),
        false => variation_test(effect, n_distinct, sizes, &options.calibrated),
    };
    let bounds = if is_numerical { comparison.gap } else { comparison.total_variation };
    let bounds = bounds?;
    let [estimate, low, high] = [bounds.estimate, bounds.low, bounds.high].map(test);
    comparison.p_value = Some(Bounded { estimate: estimate.p_value, low: high.p_value, high: low.p_value });
    comparison.verdict = if low.verdict == high.verdict {
        SketchVerdict::Reached(low.verdict)
    } else {
        SketchVerdict::TooCoarse { at_low: low.verdict, at_high: high.verdict }
    };
    Some([low, high])
}

/// The exact profile of a side, where what the test needs of it is complete.
fn exact(side: &SketchedProfile, is_numerical: bool) -> Option<ColumnProfile> {
    let of_counts = || {
        let (counts, error) = counts(side);
        (error == 0).then(|| ColumnProfile { shape: Shape::Categories { counts }, ..rows_alone(side) })
    };
    side.to_exact().or_else(|| if is_numerical { None } else { of_counts() })
}

/// The counts of a side's categories, and by how much a true count exceeds one at most.
fn counts(side: &SketchedProfile) -> (Vec<(Category, u64)>, u64) {
    match side.to_exact() {
        Some(exact) => (exact.counts().into_owned(), 0),
        None => (side.frequent().counts(), side.frequent().error()),
    }
}

/// The smallest and the largest number.
fn range(side: &SketchedProfile) -> Option<(f64, f64)> {
    side.quantiles().and_then(super::Quantiles::range)
}

/// The test of a total variation distance between sides of `n` and `m` rows with `n_distinct` categories together.
///
/// ```text
/// E(TV) <= 1/2 sqrt(d s),   P(TV >= E(TV) + t) <= exp(-2 t^2 / s * (1 - 1/(2 N)) (1 - 1/(2 max(n, m))))
/// ```
/// when the `N = n + m` rows are dealt out to both sides at random, with `d` categories and `s = 1/n + 1/m`.
///
/// The mean: of a category with the share `f` of all rows the difference of both sides' shares has the variance
/// `s f (1 - f) N / (N - 1)` (hypergeometric). So `E(TV)` is at most half the sum of the roots of these, by Cauchy and
/// Schwarz at most `1/2 sqrt(d s (1 - sum of f^2) N / (N - 1))`, and the sum of squares is at least `1/d`, with `d <= N`.
///
/// The tail: deal out one side's `a` rows one by one; the other has `b = N - a`. Had the `k`-th been row `y` instead of
/// `x`, then swapping the two in all that follows gives the same sides wherever `y` still comes to this side, and else moves one
/// row each way, which changes `TV` by at most `s`. It does not come with the probability `b / (N - k)`. So the `k`-th
/// row moves the conditional mean within an interval of length `s b / (N - k)`, and by McDiarmid's inequality for martingales
/// `P <= exp(-2 t^2 / sum of squared lengths)`. The sum of `1 / j^2` from `b` to `N - 1` is at most the integral of
/// `x^-2` from `b - 1/2` to `N - 1/2`, which gives `s` divided by both factors next to 1; `b` is the larger side.
fn variation_test(distance: f64, n_distinct: f64, [n, m]: [u64; 2], options: &calibrated::Options) -> EffectTest {
    let scale = 1.0 / n as f64 + 1.0 / m as f64;
    let by_chance = 0.5 * (n_distinct * scale).sqrt();
    let excess = (distance - by_chance).max(0.0);
    let sharpness = (1.0 - 0.5 / (n + m) as f64) * (1.0 - 0.5 / n.max(m) as f64);
    let p_value = libm::exp(-2.0 * excess * excess / scale * sharpness);
    // Chance takes the distance further than this from its mean, which is no less than the true one, once in 40 times.
    let half = (0.5 * scale * libm::log(40.0)).sqrt();
    let effect = Effect {
        kind: EffectKind::TotalVariation,
        value: distance,
        low: (excess - half).max(0.0),
        high: Some((distance + half).min(1.0)),
        minimum: options.min_total_variation,
    };
    alone::of_effect("Total variation, by an inequality", p_value, effect, options)
}

/// Both sketched distribution functions at each value that either kept.
struct Steps {
    /// Value, and what lies up to it: `i m - j n` after `i` of `n` and `j` of `m`.
    values: Vec<(f64, i128)>,
    /// `n m`.
    product: f64,
}

impl Steps {
    fn of(a: &[(f64, u64)], b: &[(f64, u64)]) -> Self {
        let sum = |side: &[(f64, u64)]| side.iter().map(|(_, weight)| i128::from(*weight)).sum::<i128>();
        let (n, m) = (sum(a), sum(b));
        let (mut i, mut j, mut difference) = (0, 0, 0_i128);
        let mut values = Vec::with_capacity(a.len() + b.len());
        while i < a.len() || j < b.len() {
            let value = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) => x.0.min(y.0),
                (Some(x), None) | (None, Some(x)) => x.0,
                (None, None) => break,
            };
            if let Some((_, weight)) = a.get(i).filter(|step| step.0 == value) {
                difference += i128::from(*weight) * m;
                i += 1;
            }
            if let Some((_, weight)) = b.get(j).filter(|step| step.0 == value) {
                difference -= i128::from(*weight) * n;
                j += 1;
            }
            values.push((value, difference));
        }
        Self { values, product: n as f64 * m as f64 }
    }

    fn gap(&self, errors: [f64; 2]) -> Bounded {
        let largest = self.values.iter().map(|(_, difference)| difference.unsigned_abs()).max().unwrap_or(0);
        let estimate = largest as f64 / self.product;
        let error = errors[0] + errors[1];
        Bounded { estimate, low: (estimate - error).max(0.0), high: (estimate + error).min(1.0) }
    }
}

/// The Wasserstein distance; `None` where it left the finite numbers.
fn wasserstein(steps: &Steps, r: &SketchedProfile, c: &SketchedProfile, errors: [f64; 2]) -> Option<Bounded> {
    let ranges = [range(r)?, range(c)?];
    // The ends of both ranges are known, whether or not the sketch kept them.
    let mut points: Vec<(f64, Option<i128>)> = steps.values.iter().map(|&(at, step)| (at, Some(step))).collect();
    points.extend(ranges.iter().flat_map(|&(low, high)| [(low, None), (high, None)]));
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut estimate, mut low, mut high) = (Sum::default(), Sum::default(), Sum::default());
    let mut difference = 0_i128;
    for pair in points.windows(2) {
        difference = pair[0].1.unwrap_or(difference);
        let (from, to) = (pair[0].0, pair[1].0);
        let width = to - from;
        let gap = difference.unsigned_abs() as f64 / steps.product;
        // Below its smallest and from its largest value on a side's function is 0 or 1.
        let error = ranges.iter().zip(errors).filter(|((low, high), _)| *low <= from && from < *high);
        let error: f64 = error.map(|(_, error)| error).sum();
        estimate.add(gap * width);
        low.add((gap - error).max(0.0) * width);
        high.add((gap + error).min(1.0) * width);
    }
    let [estimate, mut low, high] = [estimate, low, high].map(Sum::value);
    if let (Some(a), Some(b)) = (r.moments()?.mean(), c.moments()?.mean()) {
        // Less than the means can have lost by rounding.
        let between = (a - b).abs() - 1e-12 * (a.abs() + b.abs());
        low = low.max(between).min(high);
    }
    let bounded = Bounded { estimate: estimate.clamp(low, high), low, high };
    (estimate.is_finite() && high.is_finite()).then_some(bounded)
}

/// The total variation distance. In whole numbers, so that exact counts give one number three times.
fn total_variation(r: &SketchedProfile, c: &SketchedProfile) -> Bounded {
    let (n, m) = (u128::from(r.n()), u128::from(c.n()));
    let ((kept_r, error_r), (kept_c, error_c)) = (counts(r), counts(c));
    let (_, kept_r, kept_c) = align(Reference(&kept_r), Current(&kept_c));
    // Sums of shares, times n m.
    let (mut fewer, mut more, mut common) = (0_u128, 0_u128, 0_u128);
    let (mut apart, mut middle_r, mut middle_c) = (0_u128, 0_u128, 0_u128);
    for (kept_r, kept_c) in kept_r.into_iter().zip(kept_c) {
        let (low_r, low_c) = (u128::from(kept_r) * m, u128::from(kept_c) * n);
        let (high_r, high_c) = (low_r + u128::from(error_r) * m, low_c + u128::from(error_c) * n);
        fewer += low_r.saturating_sub(high_c);
        more += low_c.saturating_sub(high_r);
        common += low_r.min(low_c);
        // Twice the middle of the bounds.
        apart += (low_r + high_r).abs_diff(low_c + high_c);
        middle_r += low_r + high_r;
        middle_c += low_c + high_c;
    }
    let whole = n * m;
    let rest = (2 * whole).saturating_sub(middle_r).abs_diff((2 * whole).saturating_sub(middle_c));
    let share = |part: u128| part as f64 / (n as f64 * m as f64);
    let (low, high) = (share(fewer.max(more)), share(whole - common.min(whole)));
    let estimate = (share(apart + rest) / 4.0).clamp(low, high);
    Bounded { estimate, low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use crate::stattest::total_variation;

    #[test]
    fn the_inequality_never_claims_more_than_permutations_do() {
        let mut rng = Rng::new(1);
        let mut smallest: f64 = 1.0;
        for trial in 0..60 {
            let n_categories = [2, 3, 10, 40][trial % 4];
            let moved = trial as u64;
            let mut counts = |extra: u64| {
                (0..n_categories).map(|i| 20 + rng.below(20) + if i == 0 { extra } else { 0 }).collect::<Vec<u64>>()
            };
            let (r, c) = (counts(0), counts(4 * moved));
            let sizes = [r.iter().sum(), c.iter().sum()];
            let permuted = total_variation::permutation_test(Reference(&r), Current(&c)).unwrap();
            let options = calibrated::Options::default();
            let found = variation_test(permuted.statistic, n_categories as f64, sizes, &options).p_value;
            // Five standard errors of 1000 permutations.
            let noise = 5.0 * (permuted.p_value * (1.0 - permuted.p_value) / 1000.0).sqrt();
            assert!(found >= permuted.p_value - noise, "{r:?} {c:?}: {found} is below {}", permuted.p_value);
            smallest = smallest.min(found);
        }
        // It does notice what is large.
        assert!(smallest < 1e-6, "{smallest}");
    }

    #[test]
    fn the_bounds_of_a_distance_follow_from_the_ranges_where_nothing_else_is_known() {
        // One function is 1 from 1 on, the other 0 up to 3: whatever the sketches, all of the way between lies apart.
        let steps = Steps::of(&[(0.0, 2), (1.0, 2)], &[(3.0, 4)]);
        assert_eq!(steps.gap([0.1, 0.2]), Bounded { estimate: 1.0, low: 0.7, high: 1.0 });
        assert_eq!(steps.values, [(0.0, 8), (1.0, 16), (3.0, 0)]);
    }
}
