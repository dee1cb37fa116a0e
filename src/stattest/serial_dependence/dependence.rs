//! How two sides depend on their order, each as far as it shows by itself and the other helps it out.

use super::{Variogram, ends, of_stretches};

/// A side of fewer rows than this shows its rows' dependence by chance only, when looked at as
/// [`autocorrelation_time`](super::autocorrelation_time) does.
const TELLING_LENGTH: usize = 1000;

/// Sides of fewer rows than this are looked at by their [`Variogram`], too. Longer ones have blocks enough to tell a cycle, which a
/// variogram of neighbours takes for dependence.
const SHORT: usize = 200;

/// What the order of a side's rows tells, to be held against another side's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Dependence {
    n: usize,
    time: Option<f64>,
    /// Of a short side.
    variogram: Option<Variogram>,
}

impl Dependence {
    /// That of values in row order; `sorted` are the same without missing and infinite ones, ascending.
    pub fn of(rows: &[f64], sorted: &[f64]) -> Self {
        let (first, last) = ends(rows);
        Self::of_stretches(first, last, sorted)
    }

    /// The same by the rows that are looked at: the first ones, and the last ones where not all are.
    pub(crate) fn of_stretches(first: &[f64], last: &[f64], sorted: &[f64]) -> Self {
        let n = sorted.len();
        let variogram = if n < SHORT && last.is_empty() { Variogram::of(first, sorted) } else { None };
        Self { n, time: of_stretches(first, last, sorted), variogram }
    }

    /// For each of two sides, about how many neighbouring rows are worth one independent row; `None` where there is no sign of
    /// dependence.
    ///
    /// The largest of what is found counts: by Allan's variance; for a side of fewer than 200 rows also by its
    /// [`Variogram`], by that of both sides together where both are that short; and for one of fewer than 1000 rows the
    /// time of the longer side. For what is compared is whether both sides are one population, and then they depend alike.
    /// At least two rows stay.
    ///
    /// ```
    /// use tidemark::stattest::serial_dependence::Dependence;
    /// let side = |rows: &[f64]| {
    ///     let mut sorted = rows.to_vec();
    ///     sorted.sort_by(f64::total_cmp);
    ///     Dependence::of(rows, &sorted)
    /// };
    /// // A level that stays for five rows at a time, and one that changes with every row.
    /// let (slow, fast): (Vec<f64>, Vec<f64>) =
    ///     (0..60).map(|row| (f64::from(row / 5 * 7 % 12), f64::from(row * 7 % 12))).unzip();
    /// let [time, _] = Dependence::times([side(&slow), side(&slow)]);
    /// assert!(time.unwrap() > 3.0);
    /// assert_eq!(Dependence::times([side(&fast), side(&fast)]), [None, None]);
    /// ```
    pub fn times(sides: [Self; 2]) -> [Option<f64>; 2] {
        let [a, b] = sides;
        let pooled = a.variogram.zip(b.variogram).and_then(|(a, b)| a.plus(b).autocorrelation_time());
        let shown = sides.map(|side| {
            let alone = side.variogram.and_then(Variogram::autocorrelation_time);
            larger(larger(side.time, alone), pooled)
        });
        let of_longer = |own: usize, other: usize| {
            let is_short = sides[own].n < TELLING_LENGTH && sides[own].n < sides[other].n;
            larger(shown[own], shown[other].filter(|_| is_short))
        };
        let times = [of_longer(0, 1), of_longer(1, 0)];
        [0, 1].map(|side| times[side].map(|time| time.min(sides[side].n as f64 / 2.0)))
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b)).or(a).or(b)
}
