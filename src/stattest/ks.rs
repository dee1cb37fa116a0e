//! Two-sample Kolmogorov-Smirnov test.

use super::steps::merge;
use super::{Current, NotTested, Reference, kolmogorov};
use crate::num::{Sum, gcd};

mod blocks;

/// What the test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// Largest gap between the two distribution functions, 0 to 1.
    pub d: f64,
    /// The value at which the gap is reached.
    pub at: f64,
    /// `P(current > reference) + P(current = reference) / 2` over all pairs, 0 to 1.
    pub exceeding: f64,
    /// `P(gap at least d)` if both samples come from one continuous distribution.
    pub p_value: f64,
}

/// Up to this size of the larger sample the p-value is exact, beyond it is the limit's (scipy's `mode="auto"`).
pub const SCIPY_MAX_EXACT: u64 = 10_000;

/// How the p-value is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PValue {
    /// By scipy's rule: exact while no sample is larger than [`SCIPY_MAX_EXACT`].
    Scipy,
    /// Exact while the product of the sizes is at most a million; the limit is good to three digits from there on, and
    /// the exact count would cost more than everything else together.
    Fast,
    /// Always exact, in time `n m`.
    Exact,
    /// Always the limit's.
    Limit,
}

impl PValue {
    const fn is_exact(self, n: u64, m: u64) -> bool {
        match self {
            Self::Scipy => n <= SCIPY_MAX_EXACT && m <= SCIPY_MAX_EXACT,
            Self::Fast => n.saturating_mul(m) <= 1_000_000,
            Self::Exact => true,
            Self::Limit => false,
        }
    }
}

/// Whether two samples come from one distribution.
///
/// ```text
/// D = max over x of |F(x) - G(x)|
/// ```
/// where `F(x)` and `G(x)` are the shares of reference and current values at most `x`. The gap is counted in whole
/// numbers, so that no rounding enters.
///
/// Inputs: two ascending slices of finite numbers; ties are welcome, and make the p-value too large rather than too
/// small. Score: a p-value, 0 to 1; small speaks for drift. Declines when a slice is empty.
///
/// ```
/// use tidemark::stattest::{Current, Reference, ks};
/// // scipy 1.17: ks_2samp([1, 2, 3], [2, 3, 4])
/// let found = ks::test(Reference(&[1.0, 2.0, 3.0]), Current(&[2.0, 3.0, 4.0]), ks::PValue::Scipy).unwrap();
/// assert_eq!((found.d, found.at), (1.0 / 3.0, 1.0));
/// assert!((found.p_value - 1.0).abs() < 1e-12);
/// ```
///
/// Source: Hodges, "The Significance Probability of the Smirnov Two-Sample Test", Arkiv för Matematik 3 (1958); agrees
/// with `scipy.stats.ks_2samp` of scipy 1.17.
///
/// # Errors
/// A slice is empty.
pub fn test(
    reference: Reference<&[f64]>,
    current: Current<&[f64]>,
    p_value: PValue,
) -> Result<KolmogorovSmirnov, NotTested> {
    Ok(of_walk(&walk(reference, current)?, p_value))
}

/// [`test`] of samples that were walked through before.
pub(crate) fn of_walk(walked: &Walked, p_value: PValue) -> KolmogorovSmirnov {
    let Walked { n, m, gap, at, exceeding, .. } = *walked;
    KolmogorovSmirnov { d: walked.d(), at, exceeding, p_value: p_of_gap(n, m, gap, p_value) }
}

/// The p-value of a gap, in units of `1 / (n m)`.
pub(crate) fn p_of_gap(n: u64, m: u64, gap: u128, p_value: PValue) -> f64 {
    let p_value = if gap == 0 {
        1.0
    } else if p_value.is_exact(n, m) {
        exact_p(n, m, gap)
    } else {
        let (n, m) = (n as f64, m as f64);
        kolmogorov::sf(round_half_even(n * m / (n + m)), gap as f64 / (n * m))
    };
    p_value.clamp(0.0, 1.0)
}

/// The statistic `D` of [`test`] alone.
///
/// # Errors
/// A slice is empty.
pub fn statistic(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<f64, NotTested> {
    walk(reference, current).map(|walked| walked.d())
}

/// What one walk through both samples gives: enough for the test, its effect, and the Wasserstein distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Walked {
    /// Reference values.
    n: u64,
    /// Current values.
    m: u64,
    /// The largest `|i m - j n|` after `i` of `n` reference and `j` of `m` current values.
    gap: u128,
    /// The value at which it is reached first.
    at: f64,
    /// `P(current > reference) + P(current = reference) / 2`.
    exceeding: f64,
    /// The area between both distribution functions, which is their Wasserstein distance.
    pub area: f64,
}

impl Walked {
    fn d(&self) -> f64 {
        self.gap as f64 / (self.n as f64 * self.m as f64)
    }
}

/// Walks through two ascending slices.
///
/// # Errors
/// A slice is empty.
pub(crate) fn walk(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<Walked, NotTested> {
    let (a, b) = (reference.0, current.0);
    let (Some(&first), Some(&other)) = (a.first(), b.first()) else {
        return Err(NotTested::Empty { n_reference: a.len() as u64, n_current: b.len() as u64 });
    };
    let mut state = State::at(first.min(other));
    let sizes = Sizes::of(a, b);
    let (i, j) = blocks::walk(a, b, sizes, &mut state);
    merge(&a[i..], &b[j..], |value, is_reference| state.visit(value, is_reference, sizes));
    Ok(state.end(sizes))
}

/// How large both samples are: lengths of slices that fit into memory.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    n: i64,
    m: i64,
    /// `1 / (n m)`.
    scale: f64,
}

impl Sizes {
    const fn of(a: &[f64], b: &[f64]) -> Self {
        let (n, m) = (a.len() as i64, b.len() as i64);
        Self { n, m, scale: 1.0 / (n as f64 * m as f64) }
    }
}

/// Where a walk stands.
#[derive(Debug, Clone, Copy)]
struct State {
    /// The last value.
    before: f64,
    /// `i m - j n` after `i` reference and `j` current values, the last one's equals so far included.
    difference: i64,
    /// The largest distance of `difference` from 0 below the last value.
    gap: i64,
    /// The value at which it was reached first.
    at: f64,
    /// Reference values so far.
    i: u64,
    /// Those below the last value.
    below: u64,
    /// Pairs so far in which the current value is at least as large as the reference's.
    at_least: u64,
    /// Pairs of equal values among them.
    ties: u64,
    area: Sum,
}

impl State {
    /// Before the first value, the smallest of both samples.
    fn at(first: f64) -> Self {
        Self {
            before: first,
            difference: 0,
            gap: 0,
            at: first,
            i: 0,
            below: 0,
            at_least: 0,
            ties: 0,
            area: Sum::default(),
        }
    }

    /// The next value of both samples together; of equal ones those of the reference come first.
    #[inline]
    fn visit(&mut self, value: f64, is_reference: bool, sizes: Sizes) {
        // Only once all equal values are counted the gap is one. A column is either full of ties or has next to none, so this
        // jump is foretold.
        if value != self.before {
            let here = self.difference.abs();
            if here > self.gap {
                (self.gap, self.at) = (here, self.before);
            }
            self.area.add(here as f64 * sizes.scale * (value - self.before));
            (self.before, self.below) = (value, self.i);
        }
        self.i += u64::from(is_reference);
        // All bits for a current value, none for one of the reference: which comes is not to be foretold.
        let if_current = u64::from(is_reference).wrapping_sub(1);
        self.at_least += self.i & if_current;
        self.ties += (self.i - self.below) & if_current;
        self.difference += if is_reference { sizes.m } else { -sizes.n };
    }

    /// What was found, after the last value.
    fn end(self, Sizes { n, m, .. }: Sizes) -> Walked {
        let exceeding = (u128::from(self.at_least) * 2 - u128::from(self.ties)) as f64 / (2.0 * n as f64 * m as f64);
        Walked {
            n: n.unsigned_abs(),
            m: m.unsigned_abs(),
            gap: u128::from(self.gap.unsigned_abs()),
            at: self.at,
            exceeding,
            area: self.area.value(),
        }
    }
}

/// As numpy rounds.
fn round_half_even(x: f64) -> u64 {
    x.round_ties_even() as u64
}

/// The share of all orders of `n` and `m` values in which the gap reaches `gap`, in units of `1 / (n m)`.
///
/// An order is a path from (0, 0) to (n, m). With `q(i, j)` the share of paths to (i, j) that have left the band, the
/// last step came from (i-1, j) with probability `i / (i + j)`, else from (i, j-1); outside the band `q = 1`. Only sums of
/// positive numbers occur, so that small probabilities keep their digits.
fn exact_p(n: u64, m: u64, gap: u128) -> f64 {
    let divisor = gcd(n, m);
    // In units of 1 / lcm(n, m) the gap is a whole number, and so is that of every point.
    let h = (gap / u128::from(divisor)) as i64;
    if n == m {
        return exact_p_equal_sizes(n, h as u64);
    }
    // Rows along the longer side keep the band, and the memory, small.
    let (n, m) = (n.max(m), n.min(m));
    let (per_row, per_column) = ((m / divisor) as i64, (n / divisor) as i64);
    let m = m as i64;
    let mut before: Vec<f64> = Vec::new();
    let mut before_low = 0_i64;
    for i in 0..=n as i64 {
        // Inside the band: |i * per_row - j * per_column| < h.
        let low = ((i * per_row - h).div_euclid(per_column) + 1).max(0);
        let high = ((i * per_row + h - 1).div_euclid(per_column)).min(m);
        if low > high {
            return 1.0;
        }
        let mut row = Vec::with_capacity((high - low + 1) as usize);
        let mut left = 1.0;
        for j in low..=high {
            let above =
                usize::try_from(j - before_low).ok().and_then(|index| before.get(index)).copied().unwrap_or(1.0);
            let share = match (i, j) {
                (0, 0) => 0.0,
                (0, _) => left,
                (_, 0) => above,
                _ => (above * i as f64 + left * j as f64) / (i + j) as f64,
            };
            row.push(share);
            left = share;
        }
        (before, before_low) = (row, low);
    }
    before.last().copied().unwrap_or(1.0)
}

/// The same for equal sizes, by reflection at both edges of the band (Hodges, eq. 2.3).
fn exact_p_equal_sizes(n: u64, h: u64) -> f64 {
    let mut share = 0.0;
    for k in (0..=n / h).rev() {
        let (low, high) = (n - k * h, n + k * h);
        let mut ratio = 1.0;
        for j in 0..h.min(low + 1) {
            ratio *= (low - j) as f64 / (high + j + 1) as f64;
        }
        share = ratio * (1.0 - share);
    }
    2.0 * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(a: &[f64], b: &[f64]) -> KolmogorovSmirnov {
        test(Reference(a), Current(b), PValue::Scipy).unwrap()
    }

    #[test]
    fn identical_samples_return_at_once_with_p_one() {
        let found = run(&[1.0, 2.0], &[1.0, 2.0]);
        assert_eq!((found.d, found.p_value), (0.0, 1.0));
    }

    #[test]
    fn exact_p_values_equal_scipy() {
        let range = |n: u32, shift: f64| (0..n).map(|i| f64::from(i) + shift).collect::<Vec<_>>();
        // scipy 1.17: ks_2samp(np.arange(n), np.arange(m) + shift, method="exact").pvalue
        for (n, m, shift, expected) in EXACT {
            let found = run(&range(n, 0.0), &range(m, shift)).p_value;
            assert!((found / expected - 1.0).abs() < 1e-12, "{n} {m} {shift}: {found} is not {expected}");
        }
    }
    const EXACT: [(u32, u32, f64, f64); 8] = [
        (3, 3, 1.0, 1.0),
        (5, 7, 2.5, 0.06565656565656565),
        (20, 20, 6.0, 0.33559098126008213),
        (50, 50, 30.0, 1.0624962385385807e-08),
        (13, 39, 20.5, 3.1495390448982155e-12),
        (100, 150, 20.5, 1.2301728112902027e-12),
        (1000, 900, 150.5, 6.866473047175825e-10),
        (2, 9000, 4000.5, 4.936625941065902e-08),
    ];

    #[test]
    fn exceeding_counts_ties_half() {
        let exceeding = |a: &[f64], b: &[f64]| run(a, b).exceeding;
        assert_eq!(exceeding(&[1.0, 2.0], &[1.0, 2.0]), 0.5);
        assert_eq!(exceeding(&[1.0, 2.0], &[3.0]), 1.0);
        assert_eq!(exceeding(&[1.0, 2.0], &[0.0, 2.0]), 0.375);
        assert_eq!(exceeding(&[1.0, 1.0, 2.0, 2.0], &[1.0, 2.0, 2.0, 3.0]), 0.6875);
    }

    #[test]
    fn swapping_the_sides_changes_nothing() {
        let (a, b) = ([1.0, 2.0, 2.0, 9.0], [2.0, 3.0, 4.0]);
        assert_eq!(run(&a, &b).p_value, run(&b, &a).p_value);
    }

    #[test]
    fn an_empty_side_is_not_tested() {
        let empty = NotTested::Empty { n_reference: 0, n_current: 1 };
        assert_eq!(test(Reference(&[]), Current(&[1.0]), PValue::Scipy), Err(empty));
    }

    #[test]
    fn the_limit_is_close_to_the_exact_value() {
        let a: Vec<f64> = (0..900).map(f64::from).collect();
        let b: Vec<f64> = (0..1100).map(|i| f64::from(i) * 0.86).collect();
        let exact = run(&a, &b).p_value;
        let gap = walk(Reference(&a), Current(&b)).unwrap().gap;
        let limit = kolmogorov::sf(495, gap as f64 / (900.0 * 1100.0));
        assert!((limit / exact - 1.0).abs() < 0.05, "{limit} against {exact}");
    }
}
