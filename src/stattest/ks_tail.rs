//! The two-sample Kolmogorov-Smirnov test where its p-value is too small for a number.

use super::kolmogorov;
use crate::num::gcd;

/// `ln p` of a gap `d` between samples of `n` and `m`, where `ks::test` has no number left for `p`.
///
/// Exact while `n m` is at most a million, as `ks::PValue::Fast` is, and for the largest gap there is, `d = 1`:
/// of all `C(n + m, n)` orders two have it. Elsewhere the limit, [`kolmogorov::ln_sf`] at `n m / (n + m)`.
///
/// Inputs: sizes of at least 1, and a gap above 0 that the two samples can have.
///
/// ```
/// use tidemark::stattest::ks_tail::ln_p;
/// // mpmath 1.4.1: log(2 / binomial(2000, 1000))
/// assert!((ln_p(1000, 1000, 1.0) / -1_381.574_846_356_920_1 - 1.0).abs() < 1e-12);
/// ```
///
/// Source: Hodges, Arkiv för Matematik 3 (1958).
pub fn ln_p(n: u64, m: u64, d: f64) -> f64 {
    let product = n as f64 * m as f64;
    if d >= 1.0 {
        return std::f64::consts::LN_2 - ln_orders(n, m);
    }
    if product > 1_000_000.0 {
        return kolmogorov::ln_sf((product / (n + m) as f64).round_ties_even() as u64, d);
    }
    let gap = (d * product).round() as u64 / gcd(n, m);
    share_outside(n.max(m), n.min(m), gap).ln().min(0.0)
}

/// `ln C(n + m, n)`, by the ratios of its factors: no digit is lost to differences of large logarithms.
fn ln_orders(n: u64, m: u64) -> f64 {
    let (few, many) = (n.min(m), n.max(m) as f64);
    (1..=few).map(|k| libm::log1p(many / k as f64)).collect::<crate::num::Sum>().value()
}

/// A positive number, or zero, of any size: `value * 2^(-512 * scale)`.
#[derive(Debug, Clone, Copy)]
struct Scaled {
    value: f64,
    scale: u32,
}

impl Scaled {
    const ZERO: Self = Self { value: 0.0, scale: u32::MAX };
    const ONE: Self = Self { value: 1.0, scale: 0 };
    /// `2^512`.
    const STEP: f64 = 1.340_780_792_994_259_7e154;

    /// `factor` is a ratio of small whole numbers: far from the edges of what a number holds.
    fn times(self, factor: f64) -> Self {
        let value = self.value * factor;
        if value == 0.0 {
            Self::ZERO
        } else if value < 1.0 / Self::STEP {
            Self { value: value * Self::STEP, scale: self.scale + 1 }
        } else {
            Self { value, scale: self.scale }
        }
    }

    fn plus(self, other: Self) -> Self {
        let (large, small) = if self.scale <= other.scale { (self, other) } else { (other, self) };
        match small.scale - large.scale {
            0 => Self { value: large.value + small.value, scale: large.scale },
            1 => Self { value: large.value + small.value / Self::STEP, scale: large.scale },
            _ => large,
        }
    }

    fn ln(self) -> f64 {
        if self.value == 0.0 {
            return f64::NEG_INFINITY;
        }
        libm::log(self.value) - f64::from(self.scale) * 512.0 * std::f64::consts::LN_2
    }
}

/// The share of all orders of `n >= m` values in which the gap reaches `gap`, in units of 1 over the least common multiple.
///
/// The walk of `ks::test`, with numbers that do not run out: with `q(i, j)` the share of paths to (i, j) that have left the
/// band, the last step came from (i-1, j) with probability `i / (i + j)`, else from (i, j-1); outside the band `q = 1`.
fn share_outside(n: u64, m: u64, gap: u64) -> Scaled {
    let divisor = gcd(n, m);
    let (per_row, per_column) = (m / divisor, n / divisor);
    let is_outside = |i: u64, j: u64| (i * per_row).abs_diff(j * per_column) >= gap;
    let mut row = vec![Scaled::ZERO; m as usize + 1];
    for i in 0..=n {
        for j in 0..=m {
            let above = row[j as usize];
            row[j as usize] = if is_outside(i, j) {
                Scaled::ONE
            } else if (i, j) == (0, 0) {
                Scaled::ZERO
            } else if j == 0 {
                above
            } else {
                let left = row[j as usize - 1];
                let total = (i + j) as f64;
                if i == 0 { left } else { above.times(i as f64 / total).plus(left.times(j as f64 / total)) }
            };
        }
    }
    row[m as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stattest::{Current, Reference, ks};

    #[test]
    fn where_the_test_has_a_number_its_logarithm_is_found() {
        for (n, m, shift) in [(20_u32, 20, 6.0), (13, 39, 20.5), (100, 150, 20.5), (100, 101, 60.5), (700, 900, 500.5)]
        {
            let range = |n: u32, shift: f64| (0..n).map(|i| f64::from(i) + shift).collect::<Vec<_>>();
            let (a, b) = (range(n, 0.0), range(m, shift));
            let found = ks::test(Reference(&a), Current(&b), ks::PValue::Fast).unwrap();
            let ln_p = ln_p(u64::from(n), u64::from(m), found.d);
            assert!((ln_p - libm::log(found.p_value)).abs() < 1e-10, "{n} {m} {shift}: {ln_p}, {}", found.p_value);
        }
    }

    #[test]
    fn far_tails_equal_whole_numbers() {
        // Python 3, whole numbers: n = m: log(2 * sum((-1)**(k+1) * comb(2n, n - k*h) for k = 1..n//h) / comb(2n, n));
        // n != m: paths counted one by one. Fractions to 50 digits by mpmath 1.4.1.
        for (n, m, gap_of_lcm, expected) in EXACT {
            let lcm = (n / gcd(n, m) * m) as f64;
            let found = ln_p(n, m, gap_of_lcm as f64 / lcm);
            assert!((found - expected).abs() < 1e-9, "{n} {m} {gap_of_lcm}: {found}, not {expected}");
        }
    }
    const EXACT: [(u64, u64, u64, f64); 4] = [
        (1000, 1000, 800, -734.924_737_828_622_4),
        (300, 200, 590, -310.351_488_839_142_33),
        (901, 700, 600_000, -913.573_386_194_416_4),
        (1000, 800, 3990, -1_217.572_817_429_063_7),
    ];

    #[test]
    fn large_samples_go_by_the_limit_but_for_the_largest_gap() {
        assert_eq!(ln_p(20_000, 20_000, 0.5), kolmogorov::ln_sf(10_000, 0.5));
        // mpmath 1.4.1: log(2 / binomial(10101, 101))
        assert!((ln_p(10_000, 101, 1.0) - LN_TWO_ORDERS).abs() < 1e-9, "{}", ln_p(10_000, 101, 1.0));
    }
    const LN_TWO_ORDERS: f64 = -561.710_100_352_398_7;
}
