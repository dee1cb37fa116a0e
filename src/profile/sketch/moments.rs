//! Mean and spread of a stream of numbers, part by part.

use serde::{Deserialize, Serialize};

use crate::num::sum_of;

/// Count, mean and sum of squared distances from the mean.
///
/// ```text
/// d = mean_b - mean_a,  n = n_a + n_b
/// mean = mean_a + d n_b / n,  squares = squares_a + squares_b + d^2 n_a n_b / n
/// ```
/// Exact up to rounding, so parts merge to the whole within a relative error of about 1e-14.
///
/// Source: Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances",
/// Stanford STAN-CS-79-773 (1979), eq. 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    n: u64,
    /// Mean and sum of squared distances; `None` once one of them left the finite numbers.
    found: Option<(f64, f64)>,
}

impl Moments {
    /// The moments of these numbers.
    pub fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let mean = sum_of(values, |value| value) / values.len() as f64;
        let squares = sum_of(values, |value| (value - mean) * (value - mean));
        Self::checked(values.len() as u64, mean, squares)
    }

    /// The moments of both parts together.
    pub fn merge(self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let n = self.n + other.n;
        let (Some((mean_a, squares_a)), Some((mean_b, squares_b))) = (self.found, other.found) else {
            return Self { n, found: None };
        };
        let share_b = other.n as f64 / n as f64;
        let d = mean_b - mean_a;
        let between = d * d * (self.n as f64 * share_b);
        Self::checked(n, mean_a + d * share_b, squares_a + squares_b + between)
    }

    fn checked(n: u64, mean: f64, squares: f64) -> Self {
        Self { n, found: Some((mean, squares)).filter(|_| mean.is_finite() && squares.is_finite()) }
    }

    /// How many numbers went in.
    pub const fn n(self) -> u64 {
        self.n
    }

    /// The mean; `None` of nothing, and of numbers too large to add up.
    pub fn mean(self) -> Option<f64> {
        self.found.map(|found| found.0)
    }

    /// The standard deviation, divided by n.
    pub fn std(self) -> Option<f64> {
        self.found.map(|found| (found.1 / self.n as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn parts_of_any_cut_merge_to_the_moments_of_the_whole() {
        let mut rng = Rng::new(1);
        let values: Vec<f64> = (0..5_000).map(|_| 1e6 + rng.normal()).collect();
        let (mean, std) = crate::profile::moments(&values);
        for parts in [1, 2, 7, 64, 5_000] {
            let chunks = values.chunks(5_000_usize.div_ceil(parts));
            let merged = chunks.map(Moments::of).fold(Moments::default(), Moments::merge);
            assert_eq!(merged.n(), 5_000);
            assert!((merged.mean().unwrap() / mean - 1.0).abs() < 1e-14);
            assert!((merged.std().unwrap() / std - 1.0).abs() < 1e-9, "{parts}");
        }
    }

    #[test]
    fn what_overflows_is_said_to_be_unknown_and_stays_so() {
        let large = Moments::of(&[f64::MAX, f64::MAX]);
        assert_eq!((large.n(), large.mean()), (2, None));
        assert_eq!(large.merge(Moments::of(&[1.0])).std(), None);
        assert_eq!(Moments::default().merge(Moments::of(&[2.0])).mean(), Some(2.0));
    }
}
