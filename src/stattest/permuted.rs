//! What a permutation test finds.

/// A statistic with its p-value by permutations, and what it takes to repeat it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permuted {
    /// The statistic of the data as they are.
    pub statistic: f64,
    /// The share of permutations whose statistic speaks for drift at least as much.
    pub p_value: f64,
    /// The seed of the permutations, taken from the data.
    pub seed: u64,
    /// Reference values that were used.
    pub n_reference: u64,
    /// Current values that were used.
    pub n_current: u64,
}
