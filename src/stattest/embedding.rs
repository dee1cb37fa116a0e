//! Embeddings: several columns of numbers that mean something only together, compared row by row.

use super::{Current, NotTested, Reference};
use crate::data::{Column, Values};
use crate::random::seed_of;

pub mod classifier;
pub mod mean_distance;
pub mod mmd;

/// One side of an embedding: rows of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embedding {
    values: Vec<f64>,
    width: usize,
}

impl Embedding {
    /// Puts columns of numbers side by side. Rows with a missing or infinite value are left out. `None` when there is no
    /// column, when one holds no numbers, or when lengths differ.
    pub fn of(columns: &[&Column]) -> Option<Self> {
        let n_rows = columns.first()?.len();
        let columns: Option<Vec<&[f64]>> = columns.iter().map(|column| numbers(column, n_rows)).collect();
        let columns = columns?;
        let mut values = Vec::with_capacity(n_rows * columns.len());
        for row in 0..n_rows {
            if columns.iter().all(|column| column[row].is_finite()) {
                values.extend(columns.iter().map(|column| column[row]));
            }
        }
        Some(Self { values, width: columns.len() })
    }

    /// Columns.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub const fn n(&self) -> usize {
        // An embedding without columns has no rows, and no values either.
        self.values.len() / if self.width > 0 { self.width } else { 1 }
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// One row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// One column's values.
    pub fn column(&self, column: usize) -> Vec<f64> {
        self.rows().map(|row| row[column]).collect()
    }

    /// Some of the rows.
    fn choose(&self, rows: &[usize]) -> Self {
        Self { values: rows.iter().flat_map(|row| self.row(*row)).copied().collect(), width: self.width }
    }
}

fn numbers(column: &Column, n_rows: usize) -> Option<&[f64]> {
    match &column.values {
        Values::Numbers(numbers) if column.len() == n_rows => Some(numbers.as_slice()),
        _ => None,
    }
}

/// The seed of a method that draws random numbers, taken from both sides.
fn seed(reference: &Embedding, current: &Embedding) -> u64 {
    let sizes = [reference.width, reference.n(), current.n()].map(|size| size as u64);
    seed_of(sizes.into_iter().chain(reference.values.iter().chain(&current.values).map(|value| value.to_bits())))
}

/// Both sides have at least `needed` rows, of one width.
fn check(reference: Reference<&Embedding>, current: Current<&Embedding>, needed: u64) -> Result<(), NotTested> {
    let (n_reference, n_current) = (reference.0.n() as u64, current.0.n() as u64);
    assert_eq!(reference.0.width, current.0.width, "both sides come from the same columns");
    if n_reference == 0 || n_current == 0 {
        Err(NotTested::Empty { n_reference, n_current })
    } else if n_reference.min(n_current) < needed {
        Err(NotTested::TooFew { n_reference, n_current, needed })
    } else {
        Ok(())
    }
}

/// A score, what random numbers say it has to exceed (where asked for), and their seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The score.
    pub score: f64,
    /// The quantile of the scores of random halves of the reference, or of random classifiers.
    pub random_quantile: Option<f64>,
    /// The seed, where random numbers played a part.
    pub seed: Option<u64>,
    /// Rows that were used of each side: reference, current.
    pub n: (u64, u64),
}

/// How often chance is asked for its opinion.
pub const BOOTSTRAPS: usize = 100;

#[cfg(test)]
mod tests;
