//! Dependence of a few rows: how much closer neighbours are to each other than rows some way apart.

use super::{quartiles, scores};

/// Fewer rows than this tell nothing.
const MIN_ROWS: usize = 16;
/// Rows this far apart count as unrelated, but for what the fitted coefficient leaves at such a distance. Near enough that a trend
/// or a jump has hardly moved the level in between.
const FAR: std::ops::RangeInclusive<usize> = 6..=12;
/// Standard deviations by which neighbours have to be closer than far rows. One of two sides of fifty rows in random order, or both
/// together, pass this in eight comparisons of a hundred, and count for a little less then: of shifts by half a standard deviation
/// 51 of 100 are found instead of 53. A stricter bound leaves a correlation of 0.3 unseen more often than not.
const SIGNIFICANT: f64 = 2.0;
/// A correlation of neighbours up to this changes hardly a verdict, and is left alone.
const MIN_CORRELATION: f64 = 0.15;
/// Where rows far apart differ by less than this share of the whole variance, a trend or an order makes them alike.
const MIN_FAR_SHARE: f64 = 0.4;
/// Where one score makes up a larger share, the few others are next to each other by chance too easily.
const MAX_SHARE_OF_ONE: f64 = 0.75;
/// No coefficient is taken to be larger: the time is 66 rows there.
const MAX_COEFFICIENT: f64 = 0.97;

/// The mean square distance of neighbouring rows and of rows 6 to 12 apart, from which the autocorrelation time of a short
/// series follows. Variograms of two series add up to that of both.
///
/// ```text
/// gamma(k) = mean of (s(i + k) - s(i))^2 / 2
/// gamma(1) / mean of gamma(6..12) = (1 - r) / (1 - mean of r^k over k = 6..12),  time = (1 + r) / (1 - r)
/// ```
/// where `s` is the score of a row, which quarter of the column its value lies in, and `r` the coefficient of the autoregressive
/// series of first order that has this ratio. Differences know no mean, so that the estimate has none of the bias that a short
/// series' autocorrelation has from being taken around its own mean.
///
/// Inputs: values in row order, and the same without missing and infinite ones in ascending order. Fewer than 16 values, or one
/// value that fills three quarters of the column, make none.
///
/// ```
/// use tidemark::stattest::serial_dependence::Variogram;
/// // A level that stays for five rows at a time.
/// let rows: Vec<f64> = (0..50).map(|row| f64::from(row / 5 * 7 % 10)).collect();
/// let mut sorted = rows.clone();
/// sorted.sort_by(f64::total_cmp);
/// let time = Variogram::of(&rows, &sorted).unwrap().autocorrelation_time().unwrap();
/// assert!(time > 3.0, "{time}");
/// ```
///
/// Sources: von Neumann, Ann. Math. Stat. 12 (1941), for the ratio of neighbours' distances to the variance, and its standard
/// deviation `1 / sqrt(n)`; Matheron, Economic Geology 58 (1963), for the variogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Variogram {
    rows: u64,
    near: Squares,
    far: Squares,
    /// The variance of the scores times twice the rows, of each series around its own mean.
    spread: Squares,
}

/// A sum of squares and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Squares {
    sum: u64,
    count: u64,
}

impl Squares {
    fn apart(scores: &[i32], lag: usize) -> Self {
        let pairs = scores.iter().zip(scores.iter().skip(lag));
        let sum = pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
        Self { sum, count: scores.len().saturating_sub(lag) as u64 }
    }

    const fn plus(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, count: self.count + other.count }
    }

    fn mean(self) -> f64 {
        self.sum as f64 / self.count as f64
    }
}

impl Variogram {
    /// That of one series.
    pub fn of(rows: &[f64], sorted: &[f64]) -> Option<Self> {
        if sorted.len() < MIN_ROWS {
            return None;
        }
        let scores = scores(rows, quartiles(sorted));
        let n = scores.len() as u64;
        let count = |score: i32| scores.iter().filter(|other| **other == score).count() as f64;
        if (-3..=3).any(|score| count(score) > MAX_SHARE_OF_ONE * n as f64) {
            return None;
        }
        let sum: i64 = scores.iter().map(|&score| i64::from(score)).sum();
        let squares: u64 = scores.iter().map(|&score| u64::from(score.unsigned_abs()).pow(2)).sum();
        // Twice the variance is what two rows differ by.
        let spread = Squares { sum: 2 * (squares - (sum.unsigned_abs().pow(2) / n).min(squares)), count: n };
        let far = FAR.map(|lag| Squares::apart(&scores, lag)).fold(Squares::default(), Squares::plus);
        Some(Self { rows: n, near: Squares::apart(&scores, 1), far, spread })
    }

    /// That of two series that are taken to depend alike.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            near: self.near.plus(other.near),
            far: self.far.plus(other.far),
            spread: self.spread.plus(other.spread),
        }
    }

    /// About how many neighbouring rows are worth one independent row; `None` where the rows show no dependence, or a trend.
    pub fn autocorrelation_time(self) -> Option<f64> {
        let far = self.far.mean();
        let ratio = self.near.mean() / far;
        let is_trend = far < MIN_FAR_SHARE * self.spread.mean();
        let is_significant = 1.0 - ratio > (SIGNIFICANT / (self.rows as f64).sqrt()).max(MIN_CORRELATION);
        if is_trend || !is_significant {
            return None;
        }
        let coefficient = coefficient(ratio);
        Some((1.0 + coefficient) / (1.0 - coefficient))
    }
}

/// The coefficient with this ratio of near to far distances, by halving the interval; the ratio falls from 1 as it grows.
fn coefficient(ratio: f64) -> f64 {
    let ratio_of = |r: f64| {
        let left = FAR.map(|lag| libm::pow(r, lag as f64)).sum::<f64>() / FAR.count() as f64;
        (1.0 - r) / (1.0 - left)
    };
    let (mut low, mut high) = (0.0, MAX_COEFFICIENT);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if ratio_of(middle) > ratio {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use crate::stattest::serial_dependence::tests::autoregressive;

    fn variogram(rows: &[f64]) -> Option<Variogram> {
        let mut sorted: Vec<f64> = rows.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Variogram::of(rows, &sorted)
    }

    fn time(rows: &[f64]) -> Option<f64> {
        variogram(rows)?.autocorrelation_time()
    }

    #[test]
    fn fifty_dependent_rows_are_known_by_their_neighbours() {
        let mut rng = Rng::new(1);
        // (1 + r) / (1 - r) of the scores' own autocorrelation, which is a little below the rows'.
        for (coefficient, low, high, seen) in
            [(0.0, 1.0, 2.5, 0..=14), (0.5, 1.8, 4.0, 140..=175), (0.7, 3.0, 7.0, 185..=200)]
        {
            let mut times: Vec<f64> =
                (0..200).filter_map(|_| time(&autoregressive(&mut rng, 50, coefficient))).collect();
            assert!(seen.contains(&times.len()), "{coefficient}: {} of 200", times.len());
            times.sort_by(f64::total_cmp);
            let middle = times[times.len() / 2];
            assert!(low < middle && middle < high, "{coefficient}: {middle}");
        }
    }

    #[test]
    fn two_series_tell_more_than_one() {
        let mut rng = Rng::new(2);
        let (mut alone, mut together) = (0, 0);
        for _ in 0..200 {
            let [a, b] = [0, 1].map(|_| variogram(&autoregressive(&mut rng, 40, 0.35)).unwrap());
            alone += usize::from(a.autocorrelation_time().is_some());
            together += usize::from(a.plus(b).autocorrelation_time().is_some());
        }
        assert!(alone < 130 && together > 140, "{alone} {together}");
    }

    #[test]
    fn sorted_rows_and_a_jump_are_no_dependence() {
        let sorted: Vec<f64> = (0..50).map(f64::from).collect();
        assert_eq!(time(&sorted), None);
        let mut rng = Rng::new(3);
        let n_found = (0..200)
            .filter(|_| {
                let jump: Vec<f64> = (0..100).map(|row| rng.normal() + f64::from(row >= 50) * 2.0).collect();
                time(&jump).is_some_and(|time| time > 2.0)
            })
            .count();
        assert!(n_found < 20, "{n_found}");
    }

    #[test]
    fn too_little_is_nothing() {
        assert_eq!(variogram(&[1.0; 100]), None);
        assert_eq!(variogram(&[]), None);
        let rows: Vec<f64> = (0..100).map(|row| f64::from(row % 5)).collect();
        assert_eq!(variogram(&rows[..15]), None);
        // Two neighbours that stand out of fifty do so by chance.
        let few: Vec<f64> = (0..50).map(|row| f64::from(u8::from(row == 20 || row == 21))).collect();
        assert_eq!(variogram(&few), None);
        // Missing values are passed over.
        let mut gaps = rows.clone();
        gaps.insert(30, f64::NAN);
        assert_eq!(variogram(&gaps), variogram(&rows));
    }
}
