//! Which rows are looked at, and the seed of everything random, both decided by the data alone.

use super::categories::{CategoryKey, categories};
use crate::data::{Column, Numbers, Values};
use crate::random::{Rng, split_mix};

/// `limit` of the rows `0..n`, each as likely, in ascending order; all of them if there are no more.
pub(super) fn rows(n: usize, limit: usize, rng: &mut Rng) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..n as u32).collect();
    if n > limit {
        // The first `limit` steps of a shuffle.
        for place in 0..limit {
            let other = place + rng.below((n - place) as u64) as usize;
            rows.swap(place, other);
        }
        rows.truncate(limit);
        rows.sort_unstable();
    }
    rows
}

/// The column of these rows alone, given in ascending order.
pub(super) fn pick(column: &Column, rows: &[u32]) -> Column {
    let name = column.name.as_str();
    match &column.values {
        Values::Numbers(numbers) => {
            let values = rows.iter().map(|&row| numbers.as_slice()[row as usize]).collect();
            Column { name: name.to_owned(), values: Values::Numbers(Numbers::new(values, numbers.is_integer())) }
        }
        Values::Booleans(values) => {
            let values = rows.iter().map(|&row| values[row as usize]).collect();
            Column { name: name.to_owned(), values: Values::Booleans(values) }
        }
        Values::Strings(strings) => {
            let mut rows = rows.iter().peekable();
            let all = strings.iter().enumerate();
            let picked = all.filter(|(row, _)| rows.next_if(|&&next| next as usize == *row).is_some());
            Column::strings(name, picked.map(|(_, string)| string))
        }
    }
}

/// A seed that hangs on every value of the columns and on their order.
pub(super) fn seed_of<'a>(columns: impl IntoIterator<Item = &'a Column>) -> u64 {
    let mut seed = 0;
    for column in columns {
        mix(&mut seed, column.len() as u64);
        match &column.values {
            Values::Numbers(numbers) => numbers.as_slice().iter().for_each(|value| mix(&mut seed, bits(*value))),
            values => categories(values).for_each(|key| match key {
                Some(CategoryKey::Name(name)) => mix_bytes(&mut seed, name.as_bytes()),
                Some(CategoryKey::Number(bits)) => mix(&mut seed, bits),
                None => mix(&mut seed, u64::MAX),
            }),
        }
    }
    seed
}

/// NaN comes in many bit patterns, which differ between machines; here it is one.
fn bits(value: f64) -> u64 {
    if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() }
}

fn mix(seed: &mut u64, word: u64) {
    let mut counter = *seed ^ word;
    *seed = split_mix(&mut counter);
}

fn mix_bytes(seed: &mut u64, bytes: &[u8]) {
    mix(seed, bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(seed, u64::from_le_bytes(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_as_likely_and_comes_once() {
        let mut rng = Rng::new(2);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            let drawn = rows(10, 3, &mut rng);
            assert!(drawn.len() == 3 && drawn.is_sorted_by(|a, b| a < b), "{drawn:?}");
            drawn.iter().for_each(|&row| counts[row as usize] += 1);
        }
        // 3,000 each; five standard deviations are 230.
        assert!(counts.iter().all(|count| count.abs_diff(3_000) < 230), "{counts:?}");
        assert_eq!(rows(3, 3, &mut rng), [0, 1, 2]);
        assert_eq!(rows(0, 3, &mut rng), [0_u32; 0]);
    }

    #[test]
    fn picked_rows_are_those_rows() {
        let columns = [
            Column::numbers("x", vec![1.0, 2.0, 3.0, 4.0]),
            Column { name: "b".to_owned(), values: Values::Booleans(vec![true, false, true, false]) },
            Column::strings("s", [Some("a"), None, Some("b"), Some("a")]),
        ];
        for column in &columns[..2] {
            assert_eq!(pick(column, &[1, 2]), column.slice(1..3));
            assert_eq!(pick(column, &[]).len(), 0);
        }
        assert_eq!(pick(&columns[2], &[0, 3]), Column::strings("s", [Some("a"), Some("a")]));
    }

    #[test]
    fn the_seed_hangs_on_every_value() {
        let seed = |values: &[f64], names: &[Option<&str>]| {
            seed_of(&[Column::fractions("x", values.to_vec()), Column::strings("s", names.iter().copied())])
        };
        let names = [Some("a"), None, Some("a long name")];
        let seeds = [
            seed(&[1.0, 2.0, f64::NAN], &names),
            seed(&[2.0, 1.0, f64::NAN], &names),
            seed(&[1.0, 2.0, 3.0], &names),
            seed(&[1.0, 2.0, f64::NAN], &[Some("a"), None, Some("a long nam")]),
            seed(&[1.0, 2.0, f64::NAN], &[None, Some("a"), Some("a long name")]),
        ];
        let distinct: std::collections::BTreeSet<u64> = seeds.into_iter().collect();
        assert_eq!(distinct.len(), seeds.len());
        assert_eq!(seeds[0], seed(&[1.0, 2.0, -f64::NAN], &names));
    }
}
