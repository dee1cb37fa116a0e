//! Principal components of standardised columns.

use super::eigen;
use crate::num::Sum;
use crate::parallel;

/// The directions in which centred columns vary most.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PrincipalComponents {
    /// The directions kept, the one of the largest variance first.
    directions: Vec<Vec<f64>>,
    /// Share of the variance that each of all directions explains, descending, summing to 1.
    pub(super) explained: Vec<f64>,
}

/// Rows whose products are added up plainly, before the blocks' sums are added with compensation.
const BLOCK: usize = 512;

impl PrincipalComponents {
    /// Learns from columns with mean 0: the eigenvectors of their covariance matrix, as many as are needed to explain
    /// more than `share` of the variance.
    ///
    /// Agrees with `sklearn.decomposition.PCA(n_components=share)` of scikit-learn 1.9. At least one direction is kept
    /// where there is a column, all of them when `share` is 1 or nothing varies.
    pub(super) fn fit(columns: &[Vec<f64>], share: f64) -> Self {
        let n = columns.len();
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))).collect();
        let products = parallel::map(&pairs, |&(i, j)| product(&columns[i], &columns[j]));
        let mut matrix = vec![0.0; n * n];
        let divisor = columns.first().map_or(1.0, |column| column.len().max(2) as f64 - 1.0);
        for (&(i, j), product) in pairs.iter().zip(products) {
            (matrix[i * n + j], matrix[j * n + i]) = (product / divisor, product / divisor);
        }
        let found = eigen::symmetric(&matrix, n);
        // Rounding can leave an eigenvalue of 0 a trace below.
        let variances: Vec<f64> = found.values.iter().map(|value| value.max(0.0)).collect();
        let total: f64 = variances.iter().sum();
        let explained: Vec<f64> =
            variances.iter().map(|variance| variance / if total > 0.0 { total } else { 1.0 }).collect();
        let mut sum = 0.0;
        let at_or_below = explained.iter().take_while(|explained| {
            sum += **explained;
            sum <= share
        });
        let n_kept = (at_or_below.count() + 1).min(n);
        Self { directions: found.vectors.into_iter().take(n_kept).collect(), explained }
    }

    /// Directions kept.
    pub(super) const fn n_kept(&self) -> usize {
        self.directions.len()
    }

    /// For every row the Euclidean distance between the row and what the kept directions say of it.
    pub(super) fn errors(&self, columns: &[Vec<f64>]) -> Vec<f64> {
        let n_rows = columns.first().map_or(0, Vec::len);
        let blocks: Vec<usize> = (0..n_rows).step_by(BLOCK).collect();
        let of_block = |&start: &usize| {
            let mut row = vec![0.0; columns.len()];
            let rows = start..n_rows.min(start + BLOCK);
            rows.map(|number| {
                for (value, column) in row.iter_mut().zip(columns) {
                    *value = column[number];
                }
                self.error(&row)
            })
            .collect::<Vec<f64>>()
        };
        parallel::map(&blocks, of_block).concat()
    }

    fn error(&self, row: &[f64]) -> f64 {
        let mut rest = row.to_vec();
        for direction in &self.directions {
            let score: f64 = direction.iter().zip(row).map(|(a, b)| a * b).sum();
            for (value, component) in rest.iter_mut().zip(direction) {
                *value -= score * component;
            }
        }
        rest.iter().map(|value| value * value).sum::<f64>().sqrt()
    }
}

/// The sum of the products of two columns of equal length.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let blocks = a.chunks(BLOCK).zip(b.chunks(BLOCK));
    blocks.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()).collect::<Sum>().value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn centred(mut column: Vec<f64>) -> Vec<f64> {
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        column.iter_mut().for_each(|value| *value -= mean);
        column
    }

    #[test]
    fn components_and_errors_are_scikit_learns() {
        let columns = [
            centred(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            centred(vec![2.0, 1.0, 4.0, 3.0, 6.0, 5.0]),
            centred(vec![1.0, -1.0, 2.0, 0.0, -3.0, 1.0]),
        ];
        // sklearn 1.9.1: pca = PCA(n_components=0.65, svd_solver="full").fit(x); x the three columns above, centred;
        // PCA(svd_solver="full").fit(x).explained_variance_ratio_;
        // numpy.linalg.norm(x - pca.inverse_transform(pca.transform(x)), axis=1)
        let explained = [0.6627050778653472, 0.27847139272288807, 0.05882352941176468];
        let errors = [
            0.7136307202590891,
            1.943001577098797,
            2.032976429242467,
            std::f64::consts::FRAC_1_SQRT_2,
            2.1235038980179683,
            1.9430015770987965,
        ];
        let found = PrincipalComponents::fit(&columns, 0.65);
        assert_eq!(found.n_kept(), 1);
        for (found, expected) in [(&found.explained, &explained[..]), (&found.errors(&columns), &errors[..])] {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-13, "{found} for {expected}");
            }
        }
    }

    fn random_columns(n_columns: usize, n_rows: usize) -> Vec<Vec<f64>> {
        let mut rng = Rng::new(23);
        let shared: Vec<f64> = (0..n_rows).map(|_| rng.normal()).collect();
        let column = |rng: &mut Rng| centred(shared.iter().map(|value| value + rng.normal()).collect());
        (0..n_columns).map(|_| column(&mut rng)).collect()
    }

    #[test]
    fn rows_may_come_in_any_order_and_axes_may_be_turned() {
        let columns = random_columns(4, 1_500);
        let errors = PrincipalComponents::fit(&columns, 0.65).errors(&columns);
        let backwards: Vec<Vec<f64>> = columns.iter().map(|column| column.iter().rev().copied().collect()).collect();
        let found = PrincipalComponents::fit(&backwards, 0.65).errors(&backwards);
        assert!(found.iter().rev().zip(&errors).all(|(a, b)| (a - b).abs() < 1e-12));

        // A rotation in the plane of the first two columns keeps every distance.
        let mut turned = columns.clone();
        for row in 0..1_500 {
            (turned[0][row], turned[1][row]) =
                (0.6 * columns[0][row] - 0.8 * columns[1][row], 0.8 * columns[0][row] + 0.6 * columns[1][row]);
        }
        let found = PrincipalComponents::fit(&turned, 0.65).errors(&turned);
        assert!(found.iter().zip(&errors).all(|(a, b)| (a - b).abs() < 1e-11));
    }

    #[test]
    fn as_many_are_kept_as_the_share_needs() {
        let columns = random_columns(4, 500);
        let n_kept = |share| PrincipalComponents::fit(&columns, share).n_kept();
        let explained = PrincipalComponents::fit(&columns, 0.5).explained;
        assert!((explained.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        assert_eq!((n_kept(0.0), n_kept(explained[0] - 1e-9), n_kept(explained[0] + 1e-9)), (1, 1, 2));
        assert_eq!(n_kept(1.0), 4);
        // Everything kept: no error is left.
        let all = PrincipalComponents::fit(&columns, 1.0).errors(&columns);
        assert!(all.iter().all(|error| *error < 1e-12));
        assert_eq!(PrincipalComponents::fit(&[], 0.65).n_kept(), 0);
    }
}
