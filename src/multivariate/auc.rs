//! The area under the ROC curve as a test and with its interval.

use crate::stattest::proportions::Z_95;
use crate::stattest::tails::normal_sf;

/// What Mann and Whitney's U is made of, over one or more independent sets of rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Wins {
    /// Pairs of a current and a reference row in which the current one has the higher score, ties counting half.
    u: f64,
    /// All such pairs.
    pairs: f64,
    /// The variance of `u`, had the labels been dealt out at random.
    variance: f64,
}

impl Wins {
    /// Counts the pairs among rows with a `score` and a label each.
    ///
    /// ```text
    /// U = R - n(n+1)/2,   Var U = n m / 12 * (n + m + 1 - sum(t^3 - t) / ((n + m)(n + m - 1)))
    /// ```
    /// `R` the sum of the current rows' ranks (tied rows share their mean rank), `n` and `m` the numbers of current and
    /// reference rows, `t` the sizes of the tied groups.
    pub(super) fn count(is_current: &[bool], scores: &[f64]) -> Self {
        let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(is_current.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut rank_sum, mut ties, mut n_before, mut n) = (0.0, 0.0, 0.0, 0.0);
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let size = group.len() as f64;
            let n_current = group.iter().filter(|(_, is_current)| *is_current).count() as f64;
            rank_sum += n_current * (n_before + (size + 1.0) / 2.0);
            ties += size * size * size - size;
            n_before += size;
            n += n_current;
        }
        let (total, m) = (n_before, n_before - n);
        if n == 0.0 || m == 0.0 {
            return Self::default();
        }
        let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
        Self { u: rank_sum - n * (n + 1.0) / 2.0, pairs: n * m, variance }
    }

    /// Both sets' pairs together. Their variances add up, so the sets have to be independent of each other under the
    /// hypothesis that is tested.
    pub(super) fn add(&mut self, other: Self) {
        self.u += other.u;
        self.pairs += other.pairs;
        self.variance += other.variance;
    }

    /// The share of pairs that the current row wins: the area under the ROC curve. 0.5 without pairs.
    pub(super) fn auc(&self) -> f64 {
        if self.pairs == 0.0 { 0.5 } else { self.u / self.pairs }
    }

    /// The probability of winning so many pairs or more by chance; the normal approximation with continuity correction.
    pub(super) fn p_value(&self) -> f64 {
        if self.variance <= 0.0 {
            return 1.0;
        }
        normal_sf((self.u - self.pairs / 2.0 - 0.5) / self.variance.sqrt())
    }
}

/// The 95% interval of an area `auc` under the ROC curve that was found with `n` and `m` rows of the two kinds.
///
/// ```text
/// |auc - t| = 1.96 sqrt(V(t)),   V(t) = t (1 - t) (1 + N (1 - t) / (2 - t) + N t / (1 + t)) / (n m)
/// N = (n + m)/2 - 1
/// ```
/// solved for `t` on both sides. `V` is Hanley and McNeil's variance, taken at the limit and not at the estimate, so
/// that the interval stays within 0 and 1 and has a width at 0 and 1 too.
///
/// Source: Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2",
/// Statistics in Medicine 25 (2006), method 5.
pub(super) fn interval(auc: f64, n: f64, m: f64) -> (f64, f64) {
    let excess = |t: f64| {
        let half = (n + m) / 2.0 - 1.0;
        let variance = t * (1.0 - t) * (1.0 + half * (1.0 - t) / (2.0 - t) + half * t / (1.0 + t)) / (n * m);
        (auc - t).abs() - Z_95 * variance.sqrt()
    };
    (bisect(0.0, auc, |t| excess(t) >= 0.0), bisect(1.0, auc, |t| excess(t) >= 0.0))
}

/// The border, between `outside` and `inside`, up to which `is_outside` holds.
fn bisect(mut outside: f64, mut inside: f64, is_outside: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = (outside + inside) / 2.0;
        if is_outside(middle) { outside = middle } else { inside = middle }
    }
    (outside + inside) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn labels(n: usize, m: usize) -> Vec<bool> {
        (0..n + m).map(|row| row < n).collect()
    }

    #[test]
    fn the_area_is_scikit_learns_and_the_p_value_scipys() {
        let is_current = [false, false, true, true, false, true, true, false, true, false, true];
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4, 0.2, 0.6, 0.6, 0.7];
        let found = Wins::count(&is_current, &scores);
        // sklearn 1.9.1: roc_auc_score(is_current, scores); scipy 1.17.1: mannwhitneyu(current, reference,
        // alternative="greater", method="asymptotic").pvalue
        assert!((found.auc() - 0.816_666_666_666_666_7).abs() < 1e-15, "{}", found.auc());
        assert!((found.p_value() - 0.048_239_901_754_479_19).abs() < 1e-14, "{}", found.p_value());
    }

    #[test]
    fn independent_sets_add_up() {
        let mut both = Wins::count(&labels(3, 3), &[4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        both.add(Wins::count(&labels(1, 1), &[1.0, 2.0]));
        assert_eq!(both.auc(), 0.9);
        assert_eq!(both.variance, 9.0 * 7.0 / 12.0 + 3.0 / 12.0);
        // One label alone makes no pair.
        both.add(Wins::count(&[true, true], &[1.0, 2.0]));
        assert_eq!(both.auc(), 0.9);
        assert_eq!((Wins::default().auc(), Wins::default().p_value()), (0.5, 1.0));
    }

    #[test]
    fn equal_scores_are_no_evidence() {
        let found = Wins::count(&labels(20, 30), &[0.5; 50]);
        assert_eq!((found.auc(), found.p_value()), (0.5, 1.0));
    }

    #[test]
    fn limits_solve_newcombes_equation() {
        // scipy 1.17.1: brentq of (auc - t)**2 - 1.959963984540054**2 * V(t), V as in `interval`
        let expected = [
            ((0.5, 100.0, 100.0), (0.421_009_613_763_305_87, 0.578_990_386_236_694_1)),
            ((0.8, 40.0, 60.0), (0.694_910_311_626_48, 0.872_357_805_777_717_9)),
            ((0.55, 10_000.0, 5_000.0), (0.540_238_676_532_547, 0.559_714_550_408_843_8)),
            ((1.0, 50.0, 50.0), (0.960_344_283_189_249_8, 1.0)),
        ];
        for ((auc, n, m), (low, high)) in expected {
            let found = interval(auc, n, m);
            assert!((found.0 - low).abs() < 1e-12 && (found.1 - high).abs() < 1e-12, "{found:?} for {low} to {high}");
        }
        // The mirror image of the last one.
        assert!((interval(0.0, 50.0, 50.0).1 - (1.0 - 0.960_344_283_189_249_8)).abs() < 1e-12);
    }

    #[test]
    fn the_interval_holds_the_area_95_times_in_100() {
        // Two normal distributions d apart have the area Φ(d / sqrt 2): here 0.5, 0.7602 and 0.9772.
        for (distance, area) in [(0.0, 0.5), (1.0, 0.760_249_9), (2.0 * std::f64::consts::SQRT_2, 0.977_249_9)] {
            let mut rng = Rng::new(17);
            let (n, m, runs) = (60, 90, 1_000);
            let mut held = 0;
            for _ in 0..runs {
                let scores: Vec<f64> =
                    (0..n + m).map(|row| rng.normal() + if row < n { distance } else { 0.0 }).collect();
                let auc = Wins::count(&labels(n, m), &scores).auc();
                let (low, high) = interval(auc, n as f64, m as f64);
                held += u32::from(low <= area && area <= high);
            }
            // Five standard deviations of a count of 1,000 at 95% are 34.
            assert!((916..=990).contains(&held), "{held} of {runs} at {area}");
        }
    }
}
