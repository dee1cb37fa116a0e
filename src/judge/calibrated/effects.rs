//! How large a change is, with its 95% interval.

use crate::judge::{Direction, Effect, EffectKind};
use crate::stattest::arrivals::ArrivalRates;
use crate::stattest::ks::KolmogorovSmirnov;
use crate::stattest::proportions::{RateRatio, Z_95};

impl Effect {
    /// Whether the estimate is at least the smallest effect that matters.
    pub fn reaches_minimum(&self) -> bool {
        match self.kind {
            EffectKind::LargestGap | EffectKind::TotalVariation => self.value >= self.minimum,
            EffectKind::ShareDifference => self.value.abs() >= self.minimum,
            EffectKind::RateRatio => self.value >= self.minimum || self.value <= 1.0 / self.minimum,
        }
    }

    /// Whether the interval leaves no room for an effect that matters.
    pub fn excludes_minimum(&self) -> bool {
        let Some(high) = self.high else { return false };
        match self.kind {
            EffectKind::LargestGap | EffectKind::TotalVariation => high < self.minimum,
            EffectKind::ShareDifference => high < self.minimum && self.low > -self.minimum,
            EffectKind::RateRatio => high < self.minimum && self.low > 1.0 / self.minimum,
        }
    }

    /// The size in units of the minimum, at least 0: what columns are ranked by.
    pub fn relative_size(&self) -> f64 {
        match self.kind {
            EffectKind::RateRatio => libm::log(self.value.max(1e-9)).abs() / libm::log(self.minimum),
            _ => self.value.abs() / self.minimum,
        }
    }
}

/// The 95% point of the scaled two-sample Kolmogorov-Smirnov statistic: `sqrt(-ln(0.025) / 2)`.
const KOLMOGOROV_95: f64 = 1.358_101_5;

/// The largest gap `d` between two distribution functions. The whole difference of the empirical functions lies within
/// the statistic's 95% point of the true one, and so does its maximum. `n` and `m` are effective sizes where rows depend on
/// their neighbours.
pub(super) fn largest_gap(d: f64, n: u64, m: u64, minimum: f64) -> Effect {
    let (n, m) = (n as f64, m as f64);
    let half = KOLMOGOROV_95 * ((n + m) / (n * m)).sqrt();
    Effect {
        kind: EffectKind::LargestGap,
        value: d,
        low: (d - half).max(0.0),
        high: Some((d + half).min(1.0)),
        minimum,
    }
}

/// The total variation distance of rows that come in clusters: half the sum of the differences of the shares, which are
/// `overdispersion` times as uncertain (as a variance) on each side as those of independent rows.
///
/// It is the difference of the shares of one set of categories, those that gained; the interval is that difference's.
/// As the set is chosen by the data, the estimate is too large rather than too small.
pub(super) fn clustered_total_variation(
    [reference, current]: [&[u64]; 2],
    overdispersion: [f64; 2],
    minimum: f64,
) -> Effect {
    let n = reference.iter().sum::<u64>() as f64;
    let m = current.iter().sum::<u64>() as f64;
    let shares = reference.iter().zip(current).map(|(&r, &c)| (r as f64 / n, c as f64 / m));
    let (p, q) = shares.filter(|(r, c)| c > r).fold((0.0, 0.0), |(p, q), (r, c)| (p + r, q + c));
    let value = q - p;
    let [n, m] = [n / overdispersion[0], m / overdispersion[1]];
    let half = Z_95 * (p * (1.0 - p).max(0.0) / n + q * (1.0 - q).max(0.0) / m).sqrt();
    Effect {
        kind: EffectKind::TotalVariation,
        value,
        low: (value - half).max(0.0),
        high: Some((value + half).min(1.0)),
        minimum,
    }
}

/// The factor by which a rare value became more frequent. Over a reference without a single one the factor has no
/// upper limit, and half a case is added on both sides to have an estimate at all.
pub(super) fn rate_ratio(found: &RateRatio, minimum: f64) -> Effect {
    let is_finite = found.ratio.is_finite();
    Effect {
        kind: EffectKind::RateRatio,
        value: if is_finite { found.ratio } else { found.low.max(minimum) },
        low: found.low,
        high: Some(found.high).filter(|high| high.is_finite()),
        minimum,
    }
}

/// The factor by which rows arrive more often.
pub(super) fn arrival_ratio(found: &ArrivalRates, minimum: f64) -> Effect {
    Effect {
        kind: EffectKind::RateRatio,
        value: found.ratio,
        low: found.low,
        high: Some(found.high).filter(|high| high.is_finite()),
        minimum,
    }
}

/// Categories expected fewer times than this on a side are pooled for the test (Cochran, Biometrics 10 (1954)).
const MIN_EXPECTED: f64 = 5.0;

/// Puts all categories that are expected fewer than [`MIN_EXPECTED`] times on the smaller side into one, at the end.
pub(super) fn pool_rare(reference: &[u64], current: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let n: u64 = reference.iter().sum();
    let m: u64 = current.iter().sum();
    let scale = n.min(m) as f64 / (n + m) as f64;
    let (mut r, mut c) = (Vec::new(), Vec::new());
    let mut pooled = (0, 0);
    for (&a, &b) in reference.iter().zip(current) {
        if (a + b) as f64 * scale < MIN_EXPECTED {
            pooled = (pooled.0 + a, pooled.1 + b);
        } else {
            r.push(a);
            c.push(b);
        }
    }
    if pooled != (0, 0) {
        r.push(pooled.0);
        c.push(pooled.1);
    }
    (r, c)
}

/// Which way the values went, by the probability that a current value exceeds a reference one (ties count half).
/// When that is close to even beside the gap, the shape changed rather than the size.
pub(super) fn direction(found: &KolmogorovSmirnov) -> Option<Direction> {
    if found.d == 0.0 {
        return None;
    }
    let excess = found.exceeding - 0.5;
    // A pure shift of a normal distribution has about 0.7 of the gap, a pure change of scale has none.
    Some(if excess.abs() < found.d / 4.0 {
        Direction::Both
    } else if excess > 0.0 {
        Direction::Up
    } else {
        Direction::Down
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stattest::{Current, Reference, ks};

    #[test]
    fn direction_is_signed_and_a_change_of_spread_is_neither() {
        let a = [1.0, 2.0, 3.0, 4.0];
        let direction = |b: &[f64]| direction(&ks::test(Reference(&a), Current(b), ks::PValue::Fast).unwrap());
        assert_eq!(direction(&[3.0, 4.0, 5.0, 6.0]), Some(Direction::Up));
        assert_eq!(direction(&[-1.0, 0.0, 1.0, 2.0]), Some(Direction::Down));
        assert_eq!(direction(&[-5.0, 0.0, 5.0, 10.0]), Some(Direction::Both));
        assert_eq!(direction(&a), None);
    }

    #[test]
    fn rare_categories_are_pooled() {
        assert_eq!(pool_rare(&[100, 1, 2, 50], &[100, 2, 0, 60]), (vec![100, 50, 3], vec![100, 60, 2]));
    }

    #[test]
    fn a_rate_that_halves_reaches_the_minimum_as_one_that_doubles() {
        let effect = |value| Effect { kind: EffectKind::RateRatio, value, low: 0.0, high: None, minimum: 1.5 };
        assert!(effect(2.0).reaches_minimum() && effect(0.5).reaches_minimum());
        assert!(!effect(1.2).reaches_minimum() && !effect(0.8).reaches_minimum());
        assert_eq!(effect(2.0).relative_size(), effect(0.5).relative_size());
    }
}
