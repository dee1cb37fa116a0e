//! Which rows of a training file are held back to measure the model by.

use serde::{Deserialize, Serialize};

/// How rows are chosen to be held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The last rows. For rows in order of time: the model is measured on what comes after, as it will be used.
    Time,
    /// Rows at random, the same share of every class.
    Stratified,
}

/// Rows to train on and rows to hold back, both in order.
#[cfg(feature = "train")]
pub struct Rows {
    pub train: Vec<usize>,
    pub test: Vec<usize>,
}

#[cfg(feature = "train")]
impl Split {
    /// Parts the rows. `classes` are numbers below `n_classes`; about `test_share` (0 to 1) of the rows are held back, and
    /// with [`Split::Stratified`] no class loses its last training row.
    pub fn of(self, classes: &[u32], n_classes: usize, test_share: f64, seed: u64) -> Rows {
        let share_of = |n_rows: usize| (n_rows as f64 * test_share).round() as usize;
        let mut is_test = vec![false; classes.len()];
        match self {
            Self::Time => {
                let first = classes.len() - share_of(classes.len());
                is_test[first..].fill(true);
            }
            Self::Stratified => {
                let mut rng = crate::random::Rng::new(seed);
                for class in 0..n_classes {
                    let of_class = |row: &usize| classes[*row] as usize == class;
                    let mut rows: Vec<usize> = (0..classes.len()).filter(of_class).collect();
                    rng.shuffle(&mut rows);
                    rows.truncate(share_of(rows.len()).min(rows.len().saturating_sub(1)));
                    for row in rows {
                        is_test[row] = true;
                    }
                }
            }
        }
        let (test, train) = (0..classes.len()).partition(|&row| is_test[row]);
        Rows { train, test }
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn time_holds_back_the_last_rows() {
        let rows = Split::Time.of(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1], 2, 0.2, 1);
        assert_eq!(rows.train, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(rows.test, [8, 9]);
    }

    #[test]
    fn stratified_keeps_the_shares_of_the_classes() {
        let classes: Vec<u32> = (0..1000).map(|row| u32::from(row % 20 == 0)).collect();
        let rows = Split::Stratified.of(&classes, 2, 0.2, 1);
        let positive = |rows: &[usize]| rows.iter().filter(|&&row| classes[row] == 1).count();
        assert_eq!((rows.test.len(), positive(&rows.test)), (200, 10));
        assert_eq!((rows.train.len(), positive(&rows.train)), (800, 40));
        assert!(rows.test.is_sorted() && rows.train.is_sorted());
        assert_ne!(rows.test, Split::Stratified.of(&classes, 2, 0.2, 2).test);
        // The only row of a class stays where it can be learnt from.
        assert_eq!(Split::Stratified.of(&[0, 0, 0, 0, 1], 2, 0.5, 1).test.len(), 2);
        assert!(Split::Stratified.of(&[0, 0, 0, 0, 1], 2, 0.5, 1).train.contains(&4));
    }
}
