//! Agreement with Evidently 0.7.23 on embeddings that both sides make by the same formula:
//!
//! ```text
//! class Lcg:
//!     def __init__(s, seed): s.x = seed
//!     def uniform(s):
//!         s.x = (s.x * 6364136223846793005 + 1442695040888963407) % 2**64
//!         return (s.x >> 11) / 2**53
//! def side(seed, rows, width, shift):
//!     g = Lcg(seed)
//!     return pd.DataFrame([[g.uniform() + g.uniform() + g.uniform() + shift * j / width
//!                           for j in range(width)] for _ in range(rows)])
//! same = side(1, 120, 6, 0), side(2, 90, 6, 0)
//! moved = side(3, 150, 5, 0), side(4, 100, 5, .4)
//! far = side(5, 60, 3, 0), side(6, 60, 3, 1.5)
//! long = side(7, 1200, 4, 0), side(8, 300, 4, .3)
//! ```
//! from `evidently.legacy.metrics.data_drift.embedding_drift_methods`: `distance(name)(current, reference)[0]`, `mmd()`,
//! `model()`; with numpy 2.4.6, scipy and scikit-learn 1.9.1, pandas 2.3.3.

use super::mean_distance::Metric;
use super::*;

fn side(seed: u64, rows: usize, width: usize, shift: f64) -> Embedding {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut columns = vec![Vec::new(); width];
    for _ in 0..rows {
        for (j, column) in columns.iter_mut().enumerate() {
            column.push(uniform() + uniform() + uniform() + shift * j as f64 / width as f64);
        }
    }
    let columns: Vec<Column> = columns.into_iter().map(|values| Column::fractions("", values)).collect();
    Embedding::of(&columns.iter().collect::<Vec<_>>()).unwrap()
}

fn same() -> (Embedding, Embedding) {
    (side(1, 120, 6, 0.0), side(2, 90, 6, 0.0))
}

fn moved() -> (Embedding, Embedding) {
    (side(3, 150, 5, 0.0), side(4, 100, 5, 0.4))
}

fn far() -> (Embedding, Embedding) {
    (side(5, 60, 3, 0.0), side(6, 60, 3, 1.5))
}

fn long() -> (Embedding, Embedding) {
    (side(7, 1200, 4, 0.0), side(8, 300, 4, 0.3))
}

fn agrees(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found}, not {expected}");
}

#[test]
fn distances_of_means_are_evidentlys() {
    let expected = [
        (same(), [0.1309248011404626, 0.0006203944683876861, 0.27406384687112384, 0.08539969842086181]),
        (moved(), [0.46945046228072207, 0.003655794777291277, 0.8135479069327294, 0.36618913155521815]),
        (far(), [1.250569359230125, 0.027859029619487052, 1.7794077659250989, 1.0826219727287953]),
    ];
    for ((reference, current), expected) in expected {
        let metrics = [Metric::Euclidean, Metric::Cosine, Metric::Cityblock, Metric::Chebyshev];
        for (metric, expected) in metrics.into_iter().zip(expected) {
            let found = mean_distance::score(Reference(&reference), Current(&current), metric, None).unwrap();
            // 1 minus a cosine near 1 has lost four digits.
            let slack = if metric == Metric::Cosine { 1e-15 } else { 0.0 };
            if (found.score - expected).abs() > slack {
                agrees(found.score, expected);
            }
            assert_eq!((found.random_quantile, found.seed), (None, None));
        }
    }
}

#[test]
fn discrepancies_are_evidentlys() {
    let expected = [(same(), 0.0), (moved(), 0.04184065280275995), (far(), 0.47637385720832115)];
    for ((reference, current), expected) in expected {
        agrees(mmd::score(Reference(&reference), Current(&current), None).unwrap().score, expected);
    }
}

#[test]
fn chance_decides_as_in_evidently() {
    // distance(bootstrap=True), mmd(bootstrap=True, quantile_probability=q): the second of the answer.
    for ((reference, current), drifted) in [(same(), false), (moved(), true), (far(), true)] {
        let (reference, current) = (Reference(&reference), Current(&current));
        let exceeds = |found: Scored| found.score > found.random_quantile.unwrap();
        assert_eq!(exceeds(mean_distance::score(reference, current, Metric::Euclidean, Some(0.95)).unwrap()), drifted);
        assert_eq!(exceeds(mmd::score(reference, current, Some(0.95)).unwrap()), drifted);
        // Evidently's default quantile of 0.05 flags what did not change.
        assert!(exceeds(mmd::score(reference, current, Some(0.05)).unwrap()));
    }
}

#[test]
fn samples_of_an_unchanged_reference_have_discrepancies_around_zero() {
    let (reference, current) = same();
    let at = |q| mmd::score(Reference(&reference), Current(&current), Some(q)).unwrap().random_quantile.unwrap();
    assert!(at(0.05) < 0.0 && at(0.5) > at(0.05) && at(0.95) > 0.0, "{} {} {}", at(0.05), at(0.5), at(0.95));
}

#[test]
fn a_classifier_tells_apart_as_well_as_evidentlys() {
    // Mean and standard deviation of model()'s score over 30 orders of the rows, which is what the split hangs on.
    let expected = [(same(), 0.477, 0.030), (moved(), 0.714, 0.052), (far(), 0.949, 0.022), (long(), 0.596, 0.029)];
    for ((reference, current), mean, spread) in expected {
        let found = classifier::score(Reference(&reference), Current(&current), None).unwrap();
        assert!((found.score - mean).abs() < 4.0 * spread, "{}, not {mean}", found.score);
        assert_eq!(found, classifier::score(Reference(&reference), Current(&current), None).unwrap());
    }
}

#[test]
fn large_sides_are_drawn_from() {
    let (reference, current) = (side(9, mmd::MAX_ROWS + 100, 2, 0.0), side(10, 500, 2, 0.8));
    let found = mmd::score(Reference(&reference), Current(&current), None).unwrap();
    assert_eq!(found.n, (mmd::MAX_ROWS as u64, 500));
    assert!(found.seed.is_some() && found.score > 0.05, "{found:?}");
}

#[test]
fn rows_with_a_gap_are_left_out() {
    let columns = [
        Column::fractions("a", vec![1.0, f64::NAN, 3.0, 4.0]),
        Column::fractions("b", vec![1.0, 2.0, f64::INFINITY, 4.0]),
    ];
    let found = Embedding::of(&columns.each_ref()).unwrap();
    assert_eq!(found.rows().collect::<Vec<_>>(), [[1.0, 1.0], [4.0, 4.0]]);
    assert_eq!(Embedding::of(&[&columns[0], &Column::strings("c", [Some("x")])]), None);
    assert_eq!(Embedding::of(&[]), None);
}

#[test]
fn degenerate_sides_are_not_tested() {
    let (one, none, two) = (side(1, 1, 2, 0.0), side(1, 0, 2, 0.0), side(1, 2, 2, 0.0));
    let empty = NotTested::Empty { n_reference: 1, n_current: 0 };
    assert_eq!(mean_distance::score(Reference(&one), Current(&none), Metric::Euclidean, None), Err(empty));
    let few = NotTested::TooFew { n_reference: 1, n_current: 2, needed: 2 };
    assert_eq!(mmd::score(Reference(&one), Current(&two), None), Err(few));
    assert_eq!(classifier::score(Reference(&one), Current(&one), None), Err(NotTested::OneSidedSplit));
    let constant = Embedding { values: vec![1.0; 10], width: 2 };
    assert_eq!(mmd::score(Reference(&constant), Current(&constant), None), Err(NotTested::NotFinite));
    let origin = Embedding { values: vec![0.0; 4], width: 2 };
    assert_eq!(
        mean_distance::score(Reference(&origin), Current(&one), Metric::Cosine, None),
        Err(NotTested::NotFinite)
    );
}
