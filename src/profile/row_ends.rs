//! The first and the last rows of a column of numbers, in their order: what the dependence of neighbouring rows is taken from.

use crate::stattest::serial_dependence::{Dependence, MAX_ROWS};

const HALF: usize = MAX_ROWS / 2;

/// Every value while there are at most [`MAX_ROWS`], then the first half and the last half of so many. Ends merge: those of
/// two parts, one after the other, are those of the whole.
#[derive(Debug, Clone)]
pub(crate) struct RowEnds {
    rows: u64,
    /// In row order; NaN is a missing value.
    kept: Vec<f64>,
}

impl RowEnds {
    pub fn of(values: &[f64]) -> Self {
        Self { rows: values.len() as u64, kept: ends(&[values]) }
    }

    /// The ends of so many rows without a value.
    pub fn of_missing(rows: u64) -> Self {
        Self { rows, kept: vec![f64::NAN; Self::n_kept(rows)] }
    }

    /// The values kept, in row order; NaN is a missing one.
    pub fn kept(&self) -> &[f64] {
        &self.kept
    }

    /// How many values of so many rows are kept.
    pub fn n_kept(rows: u64) -> usize {
        usize::try_from(rows).map_or(MAX_ROWS, |rows| rows.min(MAX_ROWS))
    }

    /// What [`kept`](Self::kept) gave of so many rows; `None` where that is another number of values.
    pub fn of_kept(rows: u64, kept: Vec<f64>) -> Option<Self> {
        (kept.len() == Self::n_kept(rows)).then_some(Self { rows, kept })
    }

    /// The ends of both parts together, `other` after this one.
    pub fn merge(&self, other: &Self) -> Self {
        Self { rows: self.rows + other.rows, kept: ends(&[&self.kept, &other.kept]) }
    }

    /// How the rows depend on their neighbours; `sorted` are the values of all rows.
    pub fn dependence(&self, sorted: &[f64]) -> Dependence {
        let (first, last) = if self.holds_all_rows() { (&self.kept[..], &[][..]) } else { self.kept.split_at(HALF) };
        Dependence::of_stretches(first, last, sorted)
    }

    pub const fn holds_all_rows(&self) -> bool {
        self.rows == self.kept.len() as u64
    }
}

/// The ends of parts that lie one after the other; a part that lacks its middle is longer than the ends.
fn ends(parts: &[&[f64]]) -> Vec<f64> {
    let n: usize = parts.iter().map(|part| part.len()).sum();
    let mut kept = Vec::with_capacity(n.min(MAX_ROWS));
    let mut place = 0;
    for part in parts {
        // From `HALF` to `n - HALF` lies what is left out.
        let from_start = HALF.saturating_sub(place).min(part.len());
        let to_end = (n.saturating_sub(HALF)).saturating_sub(place).clamp(from_start, part.len());
        if n <= MAX_ROWS {
            kept.extend_from_slice(part);
        } else {
            kept.extend_from_slice(&part[..from_start]);
            kept.extend_from_slice(&part[to_end..]);
        }
        place += part.len();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn the_ends_of_parts_are_those_of_the_whole() {
        let mut rng = Rng::new(1);
        for n in [0, 1, HALF, MAX_ROWS - 1, MAX_ROWS, MAX_ROWS + 1, 3 * MAX_ROWS] {
            let rows: Vec<f64> = (0..n).map(|row| row as f64).collect();
            for _ in 0..20 {
                let mut cuts: Vec<usize> = (0..1 + rng.below(5)).map(|_| rng.below(n as u64 + 1) as usize).collect();
                cuts.extend([0, n]);
                cuts.sort_unstable();
                let parts = cuts.windows(2).map(|cut| RowEnds::of(&rows[cut[0]..cut[1]]));
                let merged = parts.reduce(|all, part| all.merge(&part)).unwrap();
                let expected = RowEnds::of(&rows);
                assert_eq!((merged.rows, merged.kept), (expected.rows, expected.kept), "{cuts:?}");
            }
            assert_eq!(RowEnds::of(&rows).holds_all_rows(), n <= MAX_ROWS);
        }
        let missing = RowEnds::of_missing(3 * MAX_ROWS as u64);
        assert_eq!((missing.kept.len(), missing.rows), (MAX_ROWS, 3 * MAX_ROWS as u64));
    }
}
