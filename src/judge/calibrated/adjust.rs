//! Correction for many tests.

/// Benjamini and Hochberg's adjusted p-values, in the order given.
///
/// ```text
/// adjusted(i) = min over j >= i of p(j) * m / j
/// ```
/// where `p(1) <= … <= p(m)`. Calling a change real when its adjusted p-value is at most `q` keeps the expected share of
/// false ones among those called real at `q` or below.
///
/// ```
/// use tidemark::judge::calibrated::benjamini_hochberg;
/// // scipy 1.17: false_discovery_control([0.01, 0.02, 0.03, 0.5])
/// assert_eq!(benjamini_hochberg(&[0.01, 0.02, 0.03, 0.5]), [0.04, 0.04, 0.04, 0.5]);
/// ```
///
/// Source: Benjamini and Hochberg, J. Royal Stat. Soc. B 57 (1995).
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len() as f64;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[index] * m / (rank + 1) as f64);
        adjusted[index] = smallest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_one_test_is_left_alone() {
        assert_eq!(benjamini_hochberg(&[]), [0.0; 0]);
        assert_eq!(benjamini_hochberg(&[0.3]), [0.3]);
        assert_eq!(benjamini_hochberg(&[0.9, 0.01]), [0.9, 0.02]);
    }
}
