//! The example: two days of card payments to learn from, and the two days after them, in which something changes.
//!
//! Synthetic. The columns are those of the well-known credit card fraud data (Dal Pozzolo et al., "Calibrating probability
//! with undersampling for unbalanced classification", IEEE SSCI 2015): `Time` in seconds, `V1` to `V28` (principal
//! components there), `Amount`, and `Class`, 1 for fraud. Its published summary statistics were the aim: 284,807 rows
//! over two days, 492 of them fraud, standard deviations falling from 1.96 to 0.33, amounts with a median of 22 and a mean
//! of 88. No row of it is in here.

use crate::data::{Column, Dataset};

mod clock;
mod payment;

pub use payment::Payments;

/// Rows of the original data.
pub const N_ROWS: usize = 284_807;

/// Frauds among them.
pub const N_FRAUDS: usize = 492;

/// V columns.
const N_COMPONENTS: usize = 28;

/// Fields of a payment: `Time`, the V columns, `Amount`, `Class`.
pub const N_FIELDS: usize = N_COMPONENTS + 3;

/// The names of the fields, in order.
pub fn field_names() -> Vec<String> {
    let mut names = vec!["Time".to_owned()];
    names.extend((1..=N_COMPONENTS).map(|component| format!("V{component}")));
    names.extend(["Amount".to_owned(), "Class".to_owned()]);
    names
}

/// The reference and the current payments: `n_rows` each, the second continuing the first in time.
pub fn card_fraud(n_rows: usize, seed: u64) -> (Dataset, Dataset) {
    (collect(Payments::reference(n_rows, seed)), collect(Payments::current(n_rows, seed)))
}

/// Puts payments into columns.
pub fn collect(payments: Payments) -> Dataset {
    let mut columns: Vec<Vec<f64>> = (0..N_FIELDS).map(|_| Vec::with_capacity(payments.len())).collect();
    for payment in payments {
        for (column, value) in columns.iter_mut().zip(payment) {
            column.push(value);
        }
    }
    let columns = field_names().into_iter().zip(columns).map(|(name, values)| match name.as_str() {
        "Time" | "Class" => Column::numbers(name, values),
        _ => Column::fractions(name, values),
    });
    Dataset::new(columns.collect()).expect("the fields have different names and one value per payment")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;

    fn numbers<'a>(data: &'a Dataset, name: &str) -> &'a [f64] {
        match &data.column(name).expect("the column is there").values {
            Values::Numbers(numbers) => numbers.as_slice(),
            _ => panic!("{name} holds no numbers"),
        }
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn sd(values: &[f64]) -> f64 {
        let mean = mean(values);
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
    }

    fn median(values: &[f64]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    #[test]
    fn the_reference_has_the_published_shape() {
        let (reference, _) = card_fraud(60_000, 1);
        assert_eq!((reference.n_rows(), reference.columns().len()), (60_000, 31));
        // 492 of 284,807, kept for 60,000 rows.
        assert_eq!(numbers(&reference, "Class").iter().sum::<f64>(), 104.0);
        let amounts = numbers(&reference, "Amount");
        assert!((18.0..27.0).contains(&median(amounts)), "{}", median(amounts));
        assert!((70.0..106.0).contains(&mean(amounts)), "{}", mean(amounts));
        assert!(amounts.iter().all(|&amount| amount >= 0.0));
        for (name, expected) in [("V1", 1.96), ("V14", 0.96), ("V28", 0.33)] {
            let values = numbers(&reference, name);
            assert!(mean(values).abs() < 0.05 * expected, "{name}: {}", mean(values));
            assert!((sd(values) / expected - 1.0).abs() < 0.1, "{name}: {}", sd(values));
        }
        let times = numbers(&reference, "Time");
        assert!(times.is_sorted() && times[0] >= 0.0 && times[59_999] < 172_800.0);
        assert!(times.iter().all(|time| time.fract() == 0.0));
        // Less than half as many payments at four in the morning as at noon.
        let in_hour = |hour: f64| {
            times
                .iter()
                .filter(|time| (**time / 3600.0) % 24.0 - hour < 1.0 && (**time / 3600.0) % 24.0 >= hour)
                .count()
        };
        assert!(2 * in_hour(4.0) < in_hour(12.0), "{} {}", in_hour(4.0), in_hour(12.0));
    }

    #[test]
    fn components_are_uncorrelated_and_heavy_tailed_among_honest_payments() {
        let (reference, _) = card_fraud(40_000, 2);
        let honest: Vec<usize> = (0..40_000).filter(|&row| numbers(&reference, "Class")[row] == 0.0).collect();
        let column = |name: &str| honest.iter().map(|&row| numbers(&reference, name)[row]).collect::<Vec<_>>();
        let standard = |values: Vec<f64>| {
            let (mean, sd) = (mean(&values), sd(&values));
            values.into_iter().map(|value| (value - mean) / sd).collect::<Vec<_>>()
        };
        for pair in [["V1", "V2"], ["V4", "V11"], ["V12", "V14"], ["V2", "V7"]] {
            let [a, b] = pair.map(|name| standard(column(name)));
            let correlation = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64;
            assert!(correlation.abs() < 0.03, "{pair:?}: {correlation}");
        }
        let fourth_moment = mean(&standard(column("V10")).iter().map(|value| value.powi(4)).collect::<Vec<_>>());
        assert!(fourth_moment > 4.0, "a normal distribution has 3, here: {fourth_moment}");
    }

    #[test]
    fn the_current_payments_continue_and_drift() {
        let n_rows = 60_000;
        let (reference, current) = card_fraud(n_rows, 3);
        let quarter = |data: &Dataset, name: &str, number: usize| {
            numbers(data, name)[number * n_rows / 4..(number + 1) * n_rows / 4].to_vec()
        };
        assert!(numbers(&current, "Time")[0] >= numbers(&reference, "Time")[n_rows - 1]);
        assert!(numbers(&current, "Time").is_sorted());
        // Nothing has moved in the first quarter; in the last, amounts, V4's mean and V7's spread have.
        let amounts = [0, 3].map(|number| median(&quarter(&current, "Amount", number)));
        assert!((amounts[0] / median(numbers(&reference, "Amount")) - 1.0).abs() < 0.1, "{amounts:?}");
        assert!(amounts[1] > 1.25 * amounts[0], "{amounts:?}");
        let means = [0, 3].map(|number| mean(&quarter(&current, "V4", number)));
        assert!(means[0].abs() < 0.1 && means[1] > 0.4, "{means:?}");
        let spreads = [0, 3].map(|number| sd(&quarter(&current, "V7", number)));
        assert!(spreads[1] > 1.2 * spreads[0], "{spreads:?}");
        let frauds = [0, 1, 2, 3].map(|number| quarter(&current, "Class", number).iter().sum::<f64>());
        assert!(frauds[3] > 1.3 * frauds[0], "{frauds:?}");
    }

    #[test]
    fn a_seed_gives_its_payments_and_no_others() {
        assert_eq!(card_fraud(500, 4), card_fraud(500, 4));
        assert_ne!(card_fraud(500, 4), card_fraud(500, 5));
        for n_rows in [0, 1, 3, 20] {
            let (reference, current) = card_fraud(n_rows, 6);
            assert_eq!((reference.n_rows(), current.n_rows()), (n_rows, n_rows));
        }
        // A handful of frauds however few the rows.
        assert_eq!(numbers(&card_fraud(100, 7).0, "Class").iter().sum::<f64>(), 8.0);
    }

    #[test]
    fn components_have_six_decimals_and_amounts_two() {
        let mut csv = Vec::new();
        crate::data::csv::write(&card_fraud(200, 8).0, &mut csv).expect("writing to memory does not fail");
        let text = String::from_utf8(csv).expect("CSV is text");
        for line in text.lines().skip(1) {
            let decimals = |field: &str| field.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let fields: Vec<&str> = line.split(',').collect();
            assert!(fields[1..29].iter().all(|field| decimals(field) <= 6), "{line}");
            assert!(decimals(fields[29]) <= 2 && decimals(fields[0]) == 0, "{line}");
        }
    }
}
