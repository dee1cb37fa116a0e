//! Correlation coefficients with how far chance can carry them.

use serde::{Deserialize, Serialize};

use crate::num::Sum;
use crate::stattest::proportions::Z_95;
use crate::stattest::tails::normal_sf;
use crate::stattest::{Current, Reference};

/// Rows with both values that a correlation needs.
pub const MIN_PAIRS: usize = 20;

/// How two columns are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MultivariateCorrelationKind"))]
#[serde(rename_all = "snake_case")]
pub enum CorrelationKind {
    /// Of the ranks: do the two rise together, by whatever curve? An outlier is one rank among others.
    #[default]
    Spearman,
    /// Of the values: do the two rise together along a straight line?
    Pearson,
}

impl CorrelationKind {
    /// The name before "correlation".
    pub const fn label(self) -> &'static str {
        match self {
            Self::Spearman => "Spearman",
            Self::Pearson => "Pearson",
        }
    }
}

/// A correlation coefficient, and the variance of its Fisher transform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrelationEstimate {
    /// The coefficient, -1 to 1.
    pub r: f64,
    /// Rows with both values.
    pub n: u64,
    /// The variance of `atanh r`.
    pub variance: f64,
}

impl CorrelationEstimate {
    /// How far two columns rise together, and how far chance can carry that.
    ///
    /// ```text
    /// r   = C / sqrt(V W),    z = atanh r
    /// Var z = max( sum of (I_i / (1 - h_i))^2 / n^2 / (1 - r^2)^2,  c / (n - 3) )
    /// I_i = I_i(C) / sqrt(V W) - r/2 (I_i(V)/V + I_i(W)/W),    h_i = (1 + x^2/(2 V) + y^2/(2 W)) / n
    /// ```
    /// `C` is the covariance, `V` and `W` are the variances of the values (Pearson) or of their ranks, tied values
    /// sharing their mean rank (Spearman). `I_i` is the influence of row `i`: how much the coefficient moves when the
    /// row weighs a little more. `h_i` is its leverage: a row far out has pulled the means and variances to itself, and
    /// would move more than its influence says if it were not there. `x` and `y` are the row's values, less the means.
    /// For values `I_i(C) = x y - C`, from the means. For ranks a row moves those of the rows above it too: with `F`
    /// the distribution function (half of the ties counted), `I_i(C) = f g + A_i + B_i - 3 C`, `f = F(x_i) - 1/2`, `g =
    /// G(y_i) - 1/2`, `A_i` the mean over all rows of `g_j` where `x_j` is above `x_i` (half where equal), `B_i` the
    /// same the other way round.
    ///
    /// The second variance is that of the normal distribution, `c = 1` for Pearson and `1 + r^2/2` for Spearman. It
    /// alone is the textbook's test, and takes chance for a change wherever tails are heavy: of Pearson's coefficients
    /// of lognormal values with 40 and 80 rows it calls 24% changed at 5%, with a thousand rows 40%. The first alone is
    /// too small in small samples. The larger of both calls 4% and 5%.
    ///
    /// Inputs: two slices of equal length; rows in which either value is not finite are left out. Score: `r`, -1 to 1,
    /// with `variance`. `None` with fewer than [`MIN_PAIRS`] rows, a constant column, or values too large to compute
    /// with.
    ///
    /// ```
    /// use tidemark::multivariate::{CorrelationEstimate, CorrelationKind};
    /// let x: Vec<f64> = (0..50).map(f64::from).collect();
    /// let y: Vec<f64> = x.iter().map(|x| (x - 10.0) * (x - 10.0)).collect();
    /// let found = CorrelationEstimate::of(CorrelationKind::Spearman, &x, &y).unwrap();
    /// // scipy 1.17.1: spearmanr(range(50), [(x - 10)**2 for x in range(50)])
    /// assert!((found.r - 0.926_272_841_312_182_1).abs() < 1e-14);
    /// ```
    ///
    /// Source: Fisher, Metron 1 (1921); Bonett and Wright, Psychometrika 65 (2000), for `c`; Hampel, J. Am. Stat.
    /// Assoc. 69 (1974), for influence; MacKinnon and White, J. Econometrics 29 (1985), for leverage; Croux and Dehon,
    /// Stat. Methods Appl. 19 (2010), for that of ranks. `r` agrees with `scipy.stats.pearsonr` and `spearmanr`.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(kind: CorrelationKind, x: &[f64], y: &[f64]) -> Option<Self> {
        assert_eq!(x.len(), y.len(), "the two columns have the same rows");
        Self::of_prepared(&Prepared::new(kind, x.to_vec()), &Prepared::new(kind, y.to_vec()))
    }

    /// The same for columns that were prepared in the same way.
    pub(super) fn of_prepared(x: &Prepared, y: &Prepared) -> Option<Self> {
        if x.is_complete && y.is_complete {
            return estimate(x, y);
        }
        let keep: Vec<bool> = x.values.iter().zip(&y.values).map(|(x, y)| x.is_finite() && y.is_finite()).collect();
        estimate(&x.only(&keep), &y.only(&keep))
    }

    /// `atanh r`, where `r` is held `1 / n` away from 1: so much a single row can move it.
    fn z(&self) -> f64 {
        libm::atanh(held_from_one(self.r, self.n as f64))
    }

    /// The 95% interval of the coefficient.
    pub fn interval(&self) -> (f64, f64) {
        let half = Z_95 * self.variance.sqrt();
        // Not further in than the coefficient itself, where that was held away from 1.
        (libm::tanh(self.z() - half).min(self.r), libm::tanh(self.z() + half).max(self.r))
    }
}

fn held_from_one(r: f64, n: f64) -> f64 {
    let most = 1.0 - 1.0 / n;
    r.clamp(-most, most)
}

/// The change of a correlation coefficient between two independent samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrelationDifference {
    /// Current less reference coefficient, -2 to 2.
    pub difference: f64,
    /// Lower 95% confidence limit.
    pub low: f64,
    /// Upper 95% confidence limit.
    pub high: f64,
    /// Probability of coefficients at least as unlike, had the correlation not changed.
    pub p_value: f64,
}

impl CorrelationDifference {
    /// Whether a correlation changed from one sample to another.
    ///
    /// ```text
    /// Z = (z_2 - z_1) / sqrt(Var z_1 + Var z_2),   p = P(|N(0, 1)| >= |Z|)
    /// low  = d - sqrt((r_2 - l_2)^2 + (u_1 - r_1)^2),  high = d + sqrt((u_2 - r_2)^2 + (r_1 - l_1)^2),  d = r_2 - r_1
    /// ```
    /// `z`, `Var z` and `r` as in [`CorrelationEstimate::of`], `l` and `u` the limits of each coefficient's own
    /// interval.
    ///
    /// Inputs: two estimates of the same kind. Score: a p-value, 0 to 1; small speaks for drift. Never declines.
    ///
    /// ```
    /// use tidemark::multivariate::{CorrelationDifference, CorrelationEstimate};
    /// use tidemark::stattest::{Current, Reference};
    /// let estimate = |r| CorrelationEstimate { r, n: 103, variance: 0.01 };
    /// let found = CorrelationDifference::of(Reference(estimate(0.5)), Current(estimate(0.2)));
    /// // scipy 1.17.1: 2 * norm.sf(abs(arctanh(0.2) - arctanh(0.5)) / sqrt(0.02))
    /// assert!((found.p_value - 0.014_260_037_286_246_514).abs() < 1e-14);
    /// ```
    ///
    /// Source: Fisher, Metron 1 (1921); Zou, "Toward using confidence intervals to compare correlations", Psychological
    /// Methods 12 (2007), equation 15, for the interval.
    pub fn of(reference: Reference<CorrelationEstimate>, current: Current<CorrelationEstimate>) -> Self {
        let (a, b) = (reference.0, current.0);
        let z = (b.z() - a.z()) / (a.variance + b.variance).sqrt();
        let ((a_low, a_high), (b_low, b_high)) = (a.interval(), b.interval());
        let difference = b.r - a.r;
        Self {
            difference,
            low: (difference - libm::hypot(b.r - b_low, a_high - a.r)).max(-2.0),
            high: (difference + libm::hypot(b_high - b.r, a.r - a_low)).min(2.0),
            p_value: (2.0 * normal_sf(z.abs())).min(1.0),
        }
    }
}

/// A column, made ready to be correlated with many others.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    kind: CorrelationKind,
    values: Vec<f64>,
    /// Whether every value is finite. Else only `values` and `order` are there, the latter of the finite ones.
    is_complete: bool,
    /// For ranks: the rows by ascending value.
    order: Vec<u32>,
    /// What stands for each row: the value from the mean, or the rank divided by n from 1/2.
    scores: Vec<f64>,
    /// The mean square of the scores.
    variance: f64,
    /// The influence of each row on that.
    influence: Vec<f64>,
}

impl Prepared {
    /// Prepares a column; what is not finite is missing.
    pub(super) fn new(kind: CorrelationKind, values: Vec<f64>) -> Self {
        let mut order: Vec<u32> = Vec::new();
        if kind == CorrelationKind::Spearman {
            order = (0..values.len() as u32).filter(|&row| values[row as usize].is_finite()).collect();
            order.sort_by(|&a, &b| (values[a as usize] + 0.0).total_cmp(&(values[b as usize] + 0.0)));
        }
        Self::ordered(kind, values, order)
    }

    fn ordered(kind: CorrelationKind, values: Vec<f64>, order: Vec<u32>) -> Self {
        let is_complete = values.iter().all(|value| value.is_finite());
        let (scores, variance, influence) = (Vec::new(), 0.0, Vec::new());
        let mut prepared = Self { kind, values, is_complete, order, scores, variance, influence };
        if is_complete && !prepared.values.is_empty() {
            prepared.score();
        }
        prepared
    }

    fn score(&mut self) {
        self.scores = match self.kind {
            CorrelationKind::Pearson => {
                let mean = mean(self.values.iter().copied());
                self.values.iter().map(|value| value - mean).collect()
            }
            CorrelationKind::Spearman => self.ranks(),
        };
        self.variance = mean(self.scores.iter().map(|score| score * score));
        self.influence = match self.kind {
            CorrelationKind::Pearson => self.scores.iter().map(|score| score * score - self.variance).collect(),
            CorrelationKind::Spearman => {
                let above = self.mean_above(&self.scores);
                let influences = self.scores.iter().zip(above);
                influences.map(|(score, above)| score * score + 2.0 * above - 3.0 * self.variance).collect()
            }
        };
    }

    /// The column without the rows that `keep` leaves out. The order is kept, so that nothing is sorted again.
    fn only(&self, keep: &[bool]) -> Self {
        let mut place = vec![0; keep.len()];
        let kept = place.iter_mut().zip(keep).filter(|(_, keep)| **keep);
        kept.zip(0_u32..).for_each(|((place, _), n_before)| *place = n_before);
        let kept = self.values.iter().zip(keep).filter(|(_, keep)| **keep);
        let values = kept.map(|(value, _)| *value).collect();
        let order = self.order.iter().map(|&row| row as usize).filter(|&row| keep[row]).map(|row| place[row]).collect();
        Self::ordered(self.kind, values, order)
    }

    /// The runs of equal values, ascending, each with its rows.
    fn ties(&self) -> impl DoubleEndedIterator<Item = &[u32]> {
        self.order.chunk_by(|&a, &b| self.values[a as usize] == self.values[b as usize])
    }

    /// The distribution function at each row, half of the ties counted, less 1/2.
    fn ranks(&self) -> Vec<f64> {
        let n = self.values.len() as f64;
        let mut ranks = vec![0.0; self.values.len()];
        let mut n_below = 0.0;
        for tied in self.ties() {
            let size = tied.len() as f64;
            for &row in tied {
                ranks[row as usize] = (n_below + size / 2.0) / n - 0.5;
            }
            n_below += size;
        }
        ranks
    }

    /// For each row: the sum of `scores` over the rows with a larger value, and half of it over those with the same,
    /// divided by the number of rows.
    fn mean_above(&self, scores: &[f64]) -> Vec<f64> {
        let n = scores.len() as f64;
        let mut means = vec![0.0; scores.len()];
        let mut sum_above = 0.0;
        for tied in self.ties().rev() {
            let sum: f64 = tied.iter().map(|&row| scores[row as usize]).sum();
            for &row in tied {
                means[row as usize] = (sum_above + sum / 2.0) / n;
            }
            sum_above += sum;
        }
        means
    }
}

/// Of two complete columns.
fn estimate(x: &Prepared, y: &Prepared) -> Option<CorrelationEstimate> {
    let n = x.scores.len();
    let scale = (x.variance * y.variance).sqrt();
    if n < MIN_PAIRS || !(scale > 0.0 && scale.is_finite()) {
        return None;
    }
    let covariance = mean(x.scores.iter().zip(&y.scores).map(|(x, y)| x * y));
    let r = (covariance / scale).clamp(-1.0, 1.0);
    let of_covariance: Vec<f64> = match x.kind {
        CorrelationKind::Pearson => x.scores.iter().zip(&y.scores).map(|(x, y)| x * y - covariance).collect(),
        CorrelationKind::Spearman => {
            let (a, b) = (x.mean_above(&y.scores), y.mean_above(&x.scores));
            (0..n).map(|row| x.scores[row] * y.scores[row] + a[row] + b[row] - 3.0 * covariance).collect()
        }
    };
    let influence = |row: usize| {
        of_covariance[row] / scale - r / 2.0 * (x.influence[row] / x.variance + y.influence[row] / y.variance)
    };
    let leverage = |row: usize| {
        let squares = |column: &Prepared| column.scores[row] * column.scores[row] / column.variance;
        (1.0 + f64::midpoint(squares(x), squares(y))) / n as f64
    };
    // A leverage of 1 belongs to a row that alone makes the columns vary: there is no saying how far it could move.
    let without = |row: usize| influence(row) / (1.0 - leverage(row)).max(1.0 / n as f64);
    let held = held_from_one(r, n as f64);
    let spread = 1.0 - held * held;
    let by_influence = mean((0..n).map(|row| without(row) * without(row))) / n as f64 / (spread * spread);
    let factor = match x.kind {
        CorrelationKind::Pearson => 1.0,
        CorrelationKind::Spearman => 1.0 + r * r / 2.0,
    };
    let variance = by_influence.max(factor / (n as f64 - 3.0));
    (r.is_finite() && variance.is_finite()).then_some(CorrelationEstimate { r, n: n as u64, variance })
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.collect::<Sum>().value() / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use CorrelationKind::{Pearson, Spearman};

    /// Sixty rows with ties.
    fn columns() -> [Vec<f64>; 3] {
        let a: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 61) / 7.0).collect();
        let b =
            (0..60).map(
                |i: u32| if i.is_multiple_of(3) { a[i as usize] * a[i as usize] / 5.0 } else { f64::from(i * 11 % 17) },
            );
        let (b, c) = (b.collect(), a.iter().map(|a| (a / 2.0).round_ties_even()).collect());
        [a, b, c]
    }

    #[test]
    fn coefficients_are_scipys_and_variances_those_of_reweighted_rows() {
        let [a, b, c] = columns();
        // scipy 1.17.1: pearsonr, spearmanr. The variances with numpy 2.4.6: the weighted coefficient, weighted ranks
        // and all, differenced over a change of the weight of each row in turn: mean((I / (1 - h))**2) / 60 / (1 -
        // r**2)**2.
        let expected = [
            (Pearson, &b, 0.219_133_308_049_144_13, Some(0.021_750_367_885_842_93)),
            (Spearman, &b, 0.232_401_066_604_806_06, Some(0.022_368_142_756_720_773)),
            // Here the normal distribution's variance is the larger one.
            (Pearson, &c, 0.977_201_347_142_936_7, None),
            (Spearman, &c, 0.978_186_651_287_41, None),
        ];
        for (kind, other, r, variance) in expected {
            let found = CorrelationEstimate::of(kind, &a, other).unwrap();
            assert!((found.r - r).abs() < 1e-14, "{kind:?} {}", found.r);
            let normal = if kind == Pearson { 1.0 } else { 1.0 + r * r / 2.0 } / 57.0;
            assert!((found.variance / variance.unwrap_or(normal) - 1.0).abs() < 1e-8, "{kind:?} {}", found.variance);
            assert_eq!(CorrelationEstimate::of(kind, other, &a).map(|found| found.n), Some(60));
        }
    }

    #[test]
    fn ranks_stay_the_same_under_increasing_functions_and_values_under_scaling() {
        let [a, b, _] = columns();
        let close = |kind, x: &[f64], y: &[f64]| {
            let (one, other) =
                (CorrelationEstimate::of(kind, &a, &b).unwrap(), CorrelationEstimate::of(kind, x, y).unwrap());
            assert!(
                (one.r - other.r).abs() < 1e-13 && (one.variance / other.variance - 1.0).abs() < 1e-12,
                "{other:?}"
            );
        };
        let cubes: Vec<f64> = a.iter().map(|a| a * a * a - 2.0).collect();
        close(Spearman, &cubes, &b);
        close(Spearman, &b, &a);
        let scaled: Vec<f64> = a.iter().map(|a| 1e6 * a + 3.0).collect();
        close(Pearson, &scaled, &b);
        let backwards = |column: &[f64]| column.iter().rev().copied().collect::<Vec<_>>();
        close(Pearson, &backwards(&a), &backwards(&b));
        close(Spearman, &backwards(&a), &backwards(&b));
        let negative: Vec<f64> = a.iter().map(|a| -a).collect();
        let turned = CorrelationEstimate::of(Spearman, &negative, &b).unwrap();
        assert!((turned.r + CorrelationEstimate::of(Spearman, &a, &b).unwrap().r).abs() < 1e-14);
    }

    #[test]
    fn rows_with_a_missing_value_count_for_nothing() {
        let [mut a, mut b, _] = columns();
        for kind in [Pearson, Spearman] {
            let whole = CorrelationEstimate::of(kind, &a[2..], &b[2..]).unwrap();
            (a[0], b[1]) = (f64::NAN, f64::INFINITY);
            assert_eq!(CorrelationEstimate::of(kind, &a, &b), Some(whole));
        }
    }

    #[test]
    fn what_has_no_coefficient_is_declined() {
        let rising: Vec<f64> = (0..30).map(f64::from).collect();
        for kind in [Pearson, Spearman] {
            assert_eq!(CorrelationEstimate::of(kind, &[], &[]), None);
            assert_eq!(CorrelationEstimate::of(kind, &rising[..19], &rising[..19]), None);
            assert_eq!(CorrelationEstimate::of(kind, &rising, &[1.0; 30]), None);
            assert_eq!(CorrelationEstimate::of(kind, &rising, &[f64::NAN; 30]), None);
        }
        let huge: Vec<f64> = rising.iter().map(|x| x * 1e300).collect();
        assert_eq!(CorrelationEstimate::of(Pearson, &rising, &huge), None);
        assert_eq!(CorrelationEstimate::of(Spearman, &rising, &huge).map(|found| found.r), Some(1.0));
    }

    #[test]
    fn a_perfect_relation_that_breaks_is_found_and_one_stray_row_is_not() {
        let rising: Vec<f64> = (0..200).map(f64::from).collect();
        let of = |y: &[f64]| CorrelationEstimate::of(Spearman, &rising, y).unwrap();
        let whole = of(&rising);
        assert_eq!((whole.r, whole.interval().1), (1.0, 1.0));
        let scattered: Vec<f64> = (0..200).map(|i| f64::from(i * 77 % 200)).collect();
        let found = CorrelationDifference::of(Reference(whole), Current(of(&scattered)));
        assert!(found.p_value < 1e-12, "{found:?}");
        let mut stray = rising.clone();
        stray[0] = 100.5;
        let found = CorrelationDifference::of(Reference(whole), Current(of(&stray)));
        assert!(found.p_value > 0.05, "{found:?}");
        assert_eq!(CorrelationDifference::of(Reference(whole), Current(whole)).p_value, 1.0);
    }

    #[test]
    fn limits_are_zous() {
        // numpy 2.4.6, with tanh(arctanh(r) ± 1.959963984540054 * 0.1) as each coefficient's own limits.
        let estimate = |r| CorrelationEstimate { r, n: 103, variance: 0.01 };
        let found = CorrelationDifference::of(Reference(estimate(0.5)), Current(estimate(0.2)));
        assert!((found.low + 0.534_231_379_212_585_6).abs() < 1e-14, "{}", found.low);
        assert!((found.high + 0.059_556_063_360_803_546).abs() < 1e-14, "{}", found.high);
        let turned = CorrelationDifference::of(Reference(estimate(0.2)), Current(estimate(0.5)));
        assert!((turned.low + found.high).abs() < 1e-15 && turned.p_value == found.p_value);
    }

    /// False alarms among 2,000 pairs of samples of one distribution, at 5%.
    fn false_alarms(kind: CorrelationKind, n: usize, row: impl Fn(&mut Rng) -> (f64, f64)) -> u32 {
        let mut rng = Rng::new(29);
        let mut sample = |n: usize| {
            let (x, y): (Vec<f64>, Vec<f64>) = (0..n).map(|_| row(&mut rng)).unzip();
            CorrelationEstimate::of(kind, &x, &y).unwrap()
        };
        let found = (0..2_000).map(|_| CorrelationDifference::of(Reference(sample(n)), Current(sample(2 * n))));
        found.map(|found| u32::from(found.p_value <= 0.05)).sum()
    }

    #[test]
    fn chance_is_called_a_change_no_more_often_than_stated() {
        let related = |rng: &mut Rng| {
            let x = rng.normal();
            (x, 0.6 * x + 0.8 * rng.normal())
        };
        // Values times a common random size: tails as heavy as Student's with 5 degrees of freedom.
        let heavy = |rng: &mut Rng| {
            let size = (0..5).map(|_| rng.normal()).map(|z| z * z).sum::<f64>().sqrt();
            (rng.normal() / size, rng.normal() / size)
        };
        let lognormal = |rng: &mut Rng| {
            let (x, y) = related(rng);
            (libm::exp(x), libm::exp(y))
        };
        let five_values = |rng: &mut Rng| {
            let (x, y) = related(rng);
            (x.round_ties_even().clamp(-2.0, 2.0), y.round_ties_even().clamp(-2.0, 2.0))
        };
        // 100 of 2,000; five standard deviations are 49.
        for kind in [Pearson, Spearman] {
            for n in [40, 200] {
                for (name, found) in [
                    ("related", false_alarms(kind, n, related)),
                    ("heavy", false_alarms(kind, n, heavy)),
                    ("lognormal", false_alarms(kind, n, lognormal)),
                    ("five values", false_alarms(kind, n, five_values)),
                ] {
                    assert!((40..=149).contains(&found), "{kind:?}, {n} rows, {name}: {found} of 2,000");
                }
            }
        }
    }
}
