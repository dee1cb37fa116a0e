//! Both sides of a column over common bins or categories: what a picture of it needs.

use serde::{Deserialize, Serialize};

use crate::profile::{ColumnProfile, Shape};

/// Both sides' shares over the same bins or categories. Shares are of the values present on that side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Distribution {
    /// A numerical column, in bins from left to right. The outer bins take in everything beyond their edge.
    Histogram {
        /// The bins, at most [`N_BINS`].
        bins: Vec<Bin>,
    },
    /// A categorical column: the most frequent categories, then all others together.
    Categories {
        /// At most [`N_CATEGORIES`], by the larger of both shares.
        categories: Vec<CategoryShare>,
        /// How many further categories there are.
        n_others: u64,
        /// What the further categories add up to, reference then current.
        others: [f64; 2],
    },
    /// Nothing to draw.
    Empty,
}

/// One bin of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Left edge.
    pub low: f64,
    /// Right edge.
    pub high: f64,
    /// Share of the reference in the bin, 0 to 1.
    pub reference: f64,
    /// Share of the current values in the bin, 0 to 1.
    pub current: f64,
}

/// One category's share on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryShare {
    /// The category, as it is written in the data.
    pub name: String,
    /// Share of the reference, 0 to 1.
    pub reference: f64,
    /// Share of the current values, 0 to 1.
    pub current: f64,
}

/// Bins of a picture.
pub const N_BINS: usize = 30;
/// Categories that a picture names.
pub const N_CATEGORIES: usize = 12;
/// A picture leaves this share of the pooled values on each end to the outer bins, so that one outlier cannot
/// squeeze everything else into one bin.
const TAIL_SHARE: f64 = 0.005;
