//! How often something happens on both sides: exact tests and intervals that hold for rare events.

use super::tails::{binomial_at_least, binomial_at_most, clopper_pearson};
use super::{Alternative, Current, Reference, fisher};

/// Two rates of a rare event, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// How many times as frequent the event is in the current data. Infinite if the reference has none.
    pub ratio: f64,
    /// Lower 95% limit.
    pub low: f64,
    /// Upper 95% limit; infinite if the reference has none.
    pub high: f64,
    /// Two-sided exact p-value.
    pub p_value: f64,
}

/// Whether a rare event became more or less frequent, and by which factor.
///
/// Given that `k = k_r + k_c` events happened in all, the number among them that are current is binomial with
/// probability `m R / (n + m R)`, where `R` is the ratio of the rates. The p-value is that of `R = 1`, twice the smaller
/// tail; the limits of `R` come from Clopper and Pearson's for that probability.
///
/// Inputs: (events, rows) of each side, rows at least 1. `None` when the event happened on neither side: the data say
/// nothing about a ratio. Exact for Poisson counts, and conservative for shares that are not small.
///
/// ```
/// use tidemark::stattest::{Current, Reference, proportions};
/// // scipy 1.17: binomtest(38, 57, 0.5).pvalue
/// let found = proportions::rate_ratio(Reference((19, 10_000)), Current((38, 10_000))).unwrap();
/// assert_eq!(found.ratio, 2.0);
/// assert!((found.p_value - 0.016348103897376145).abs() < 1e-12);
/// assert!(found.low > 1.1 && found.high < 3.7);
/// ```
///
/// Source: Przyborowski and Wilenski, Biometrika 31 (1940).
pub fn rate_ratio(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>) -> Option<RateRatio> {
    let ((k_r, n), (k_c, m)) = (reference.0, current.0);
    let k = k_r + k_c;
    if k == 0 {
        return None;
    }
    let exposure = n as f64 / m as f64;
    let null = m as f64 / (n + m) as f64;
    let p_value = 2.0 * binomial_at_least(k_c, k, null).min(binomial_at_most(k_c, k, null));
    let (low, high) = clopper_pearson(k_c, k, 0.05);
    let ratio = |share: f64| if share >= 1.0 { f64::INFINITY } else { share / (1.0 - share) * exposure };
    Some(RateRatio {
        ratio: if k_r == 0 { f64::INFINITY } else { k_c as f64 / k_r as f64 * exposure },
        low: ratio(low),
        high: ratio(high),
        p_value: p_value.min(1.0),
    })
}

/// The difference of two shares, current minus reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareDifference {
    /// The difference, -1 to 1.
    pub difference: f64,
    /// Lower 95% limit.
    pub low: f64,
    /// Upper 95% limit.
    pub high: f64,
    /// Two-sided, by [`p_value`].
    pub p_value: f64,
}

/// How much more frequent something is in the current data, with Newcombe's hybrid score interval.
///
/// Inputs: (events, rows) of each side, rows at least 1.
///
/// ```
/// use tidemark::stattest::{Current, Reference, proportions};
/// // Newcombe's own example, table II (a), method 10: 56/70 less 48/80.
/// let found = proportions::share_difference(Reference((48, 80)), Current((56, 70)));
/// assert!((found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5, "{found:?}");
/// ```
///
/// Source: Newcombe, "Interval Estimation for the Difference Between Independent Proportions", Statistics in
/// Medicine 17 (1998), method 10; the p-value is [`p_value`].
pub fn share_difference(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>) -> ShareDifference {
    let ((k_r, n), (k_c, m)) = (reference.0, current.0);
    let (p_r, p_c) = (k_r as f64 / n as f64, k_c as f64 / m as f64);
    let ((low_r, high_r), (low_c, high_c)) = (wilson(p_r, n as f64), wilson(p_c, m as f64));
    let difference = p_c - p_r;
    let distance = |a: f64, b: f64| (a * a + b * b).sqrt();
    ShareDifference {
        difference,
        low: difference - distance(p_c - low_c, high_r - p_r),
        high: difference + distance(high_c - p_c, p_r - low_r),
        p_value: p_value(reference, current),
    }
}

/// The 97.5% point of the normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Wilson's 95% limits for a share `p` of `n`.
fn wilson(p: f64, n: f64) -> (f64, f64) {
    let zz = Z_95 * Z_95;
    let middle = p + zz / (2.0 * n);
    let half = Z_95 * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt();
    let scale = 1.0 + zz / n;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

/// Two-sided exact p-value for equal shares on both sides when counts are small, by the hypergeometric distribution:
/// the sum over all tables at most as likely as this one (Fisher's exact test).
///
/// Inputs: (events, rows) of each side. Agrees with `scipy.stats.fisher_exact` of scipy 1.17.
///
/// ```
/// use tidemark::stattest::{Current, Reference, proportions};
/// // scipy 1.17: fisher_exact([[8, 2], [1, 5]]).pvalue
/// let p = proportions::fisher_exact(Reference((8, 10)), Current((1, 6)));
/// assert!((p - 0.03496503496503495).abs() < 1e-12, "{p}");
/// ```
pub fn fisher_exact(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>) -> f64 {
    fisher::test(reference, current, Alternative::TwoSided).p_value
}

/// Two-sided p-value of the pooled z test where the normal approximation holds (all four expected counts at least 5),
/// Fisher's exact one elsewhere.
///
/// Inputs: (events, rows) of each side, rows at least 1.
///
/// ```
/// use tidemark::stattest::{Current, Reference, proportions, z};
/// let p = proportions::p_value(Reference((50, 100)), Current((65, 100)));
/// assert_eq!(p, z::test(Reference((50, 100)), Current((65, 100))).unwrap());
/// let few = proportions::p_value(Reference((8, 10)), Current((1, 6)));
/// assert_eq!(few, proportions::fisher_exact(Reference((8, 10)), Current((1, 6))));
/// ```
pub fn p_value(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>) -> f64 {
    let ((k_r, n), (k_c, m)) = (reference.0, current.0);
    let events = (k_r + k_c) as f64;
    let smallest = events.min((n + m) as f64 - events) * (n.min(m) as f64) / (n + m) as f64;
    if smallest >= 5.0 { super::z::test(reference, current).unwrap_or(1.0) } else { fisher_exact(reference, current) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenfold_fraud_rate_is_seen() {
        let found = rate_ratio(Reference((110, 57_000)), Current((1_140, 57_000))).unwrap();
        assert!(found.low > 8.0 && found.p_value < 1e-100, "{found:?}");
        let same = rate_ratio(Reference((110, 57_000)), Current((112, 57_000))).unwrap();
        assert!(same.low < 1.0 && same.high > 1.0 && same.p_value > 0.8, "{same:?}");
    }

    #[test]
    fn no_events_in_the_reference_leave_the_ratio_open_above() {
        let found = rate_ratio(Reference((0, 100)), Current((5, 100))).unwrap();
        assert_eq!((found.ratio, found.high), (f64::INFINITY, f64::INFINITY));
        assert!(found.low > 0.9);
        assert_eq!(rate_ratio(Reference((0, 100)), Current((0, 100))), None);
    }

    #[test]
    fn newcombe_equals_his_example() {
        // Newcombe (1998), table II, column (a), method 10: 56/70 - 48/80 gives 0.0524 to 0.3339
        let found = share_difference(Reference((48, 80)), Current((56, 70)));
        assert!((found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5, "{found:?}");
    }
}
