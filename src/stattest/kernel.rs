//! Sums over a kernel matrix that is never stored.

use crate::num::Sum;

/// Sums over all ordered pairs of different places `i`, `j` of a symmetric kernel.
pub(super) struct KernelSums {
    /// For each weighting `w`: the sum of `w_i w_j K_ij`.
    pub forms: Vec<f64>,
    /// For each place `i`: the sum of `K_ij` over the others.
    pub rows: Vec<f64>,
}

/// Takes every entry of the kernel of `n` places once. `weights` holds, place by place, one weight per weighting; memory
/// is that of the weights, time the number of pairs times the number of weightings.
pub(super) fn sums(n: usize, weights: &[f64], kernel: impl Fn(usize, usize) -> f64) -> KernelSums {
    let n_weightings = weights.len() / n.max(1);
    let weights_of = |place: usize| &weights[place * n_weightings..][..n_weightings];
    let mut forms = vec![Sum::default(); n_weightings];
    let mut rows = vec![0.0; n];
    let mut weighted = vec![0.0; n_weightings];
    for i in 0..n {
        weighted.fill(0.0);
        let mut row = 0.0;
        for (j, other) in rows.iter_mut().enumerate().skip(i + 1) {
            let entry = kernel(i, j);
            row += entry;
            *other += entry;
            for (sum, weight) in weighted.iter_mut().zip(weights_of(j)) {
                *sum += entry * weight;
            }
        }
        rows[i] += row;
        for ((form, sum), weight) in forms.iter_mut().zip(&weighted).zip(weights_of(i)) {
            form.add(2.0 * weight * sum);
        }
    }
    KernelSums { forms: forms.into_iter().map(Sum::value).collect(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_whole_matrix() {
        let kernel = |i: usize, j: usize| (1 + i * j) as f64;
        let weights = [1.0, 0.0, 1.0, 2.0, 1.0, 3.0];
        let found = sums(3, &weights, kernel);
        // Pairs (0,1): 1, (0,2): 1, (1,2): 3.
        assert_eq!(found.rows, [2.0, 4.0, 4.0]);
        assert_eq!(found.forms, [10.0, 2.0 * 2.0 * 3.0 * 3.0]);
        assert!(sums(0, &[], kernel).rows.is_empty());
    }
}
