//! What a forest would say about its own training rows if it did not know them.

use super::{GrowError, GrowOptions, Progress, grow};
use crate::random::{Rng, derive_seed};

/// Parts the training rows are dealt into.
pub const N_FOLDS: usize = 5;

/// Sets the random deal apart from the seeds of the trees.
const DEAL: u64 = 1 << 32;

/// The probability of the positive class of every training row, by a forest that was grown without the row.
///
/// A forest is surer of rows it has seen than of new ones. With its own answers as the reference, every live window would
/// look drifted. So the rows are dealt at random, class by class, into [`N_FOLDS`] parts, and the rows of each are
/// predicted by a forest grown on the others (cross-fitting).
///
/// Out-of-bag predictions would be had for nothing, but each averages over the 37 in 100 trees that have not seen the row
/// where a live prediction averages over all. Averages over fewer trees are coarser and reach 0 more often: without any
/// drift the Kolmogorov-Smirnov distance between the two was 0.1 to 0.2 on the card data (7,383 real rows, halved at
/// random), as large as what is meant to raise an alarm.
///
/// Needs two rows or more of every class. `progress` counts the trees of all parts.
///
/// # Errors
/// As [`grow`].
///
/// # Panics
/// As [`grow`].
pub fn cross_predict(
    features: &[&[f64]],
    classes: &[u32],
    n_classes: usize,
    options: &GrowOptions,
    progress: Progress<'_>,
) -> Result<Vec<f64>, GrowError> {
    let folds = deal(classes, n_classes, options.seed);
    let mut probabilities = vec![0.0; classes.len()];
    for fold in 0..N_FOLDS {
        let (unknown, known): (Vec<usize>, Vec<usize>) = (0..classes.len()).partition(|&row| folds[row] == fold);
        let known_values = take(features, &known);
        let known_classes: Vec<u32> = known.iter().map(|&row| classes[row]).collect();
        let options = GrowOptions { seed: derive_seed(options.seed, DEAL + 1 + fold as u64), ..options.clone() };
        let counted = |done, n_trees| progress(fold * n_trees + done, N_FOLDS * n_trees);
        let grown = grow(&slices(&known_values), &known_classes, n_classes, &options, &counted)?;

        let found = grown.forest.probability_of_columns(&slices(&take(features, &unknown)));
        for (row, probability) in unknown.into_iter().zip(found) {
            probabilities[row] = probability;
        }
    }
    Ok(probabilities)
}

fn take(features: &[&[f64]], rows: &[usize]) -> Vec<Vec<f64>> {
    features.iter().map(|column| rows.iter().map(|&row| column[row]).collect()).collect()
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

/// Each row's part: the rows of every class in random order, dealt in turn.
fn deal(classes: &[u32], n_classes: usize, seed: u64) -> Vec<usize> {
    let mut rng = Rng::new(derive_seed(seed, DEAL));
    let mut rows: Vec<usize> = (0..classes.len()).collect();
    rng.shuffle(&mut rows);
    let mut n_dealt = vec![0; n_classes];
    let mut folds = vec![0; classes.len()];
    for row in rows {
        let n_dealt = &mut n_dealt[classes[row] as usize];
        folds[row] = *n_dealt % N_FOLDS;
        *n_dealt += 1;
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_in_every_class() {
        let classes: Vec<u32> = (0..103).map(|row| u32::from(row % 10 == 0)).collect();
        let folds = deal(&classes, 2, 1);
        for class in 0..2 {
            let count = |fold| (0..103).filter(|&row| classes[row] == class && folds[row] == fold).count();
            let counts: Vec<usize> = (0..N_FOLDS).map(count).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
        assert_ne!(folds, deal(&classes, 2, 2));
    }

    #[test]
    fn a_row_is_predicted_without_itself() {
        // Nothing to learn: the classes are noise. A forest asked about its own rows knows them nearly by heart.
        let mut rng = Rng::new(5);
        let values: Vec<f64> = (0..400).map(|_| rng.uniform()).collect();
        let classes: Vec<u32> = (0..400).map(|_| rng.below(2) as u32).collect();
        let options = GrowOptions { n_trees: 20, ..GrowOptions::default() };
        let known = grow(&[&values], &classes, 2, &options, &|_, _| true).expect("two classes, finite values");
        let crossed = cross_predict(&[&values], &classes, 2, &options, &|_, _| true).expect("two classes");
        let right = |probabilities: &[f64]| {
            probabilities
                .iter()
                .zip(&classes)
                .filter(|(probability, class)| (**probability > 0.5) == (**class == 1))
                .count()
        };
        assert!(right(&known.forest.probability_of_columns(&[&values])) > 350);
        // Guessing: 200, with five standard deviations of 10.
        assert!(right(&crossed).abs_diff(200) < 50, "{}", right(&crossed));
    }

    #[test]
    fn trees_of_all_parts_are_counted() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let seen = std::sync::Mutex::new(Vec::new());
        let progress = |done, total| {
            seen.lock().expect("no other holder panicked").push((done, total));
            true
        };
        let options = GrowOptions { n_trees: 3, ..GrowOptions::default() };
        cross_predict(&[&values], &[0, 1, 0, 1, 0, 1], 2, &options, &progress).expect("three rows of each class");
        let mut seen = seen.into_inner().expect("no holder panicked");
        seen.sort_unstable();
        assert_eq!(seen, (1..=15).map(|done| (done, 15)).collect::<Vec<_>>());
    }
}
