use super::*;
use crate::forest::Layout;
use crate::forest::{Decision, ForestParts, LEAF, MAX_DEPTH, Precision, Task};
use crate::random::Rng;

/// Full trees of this depth with random questions and shares of three classes.
fn forest(n_trees: usize, depth: u32, n_features: usize) -> Forest {
    let mut rng = Rng::new(9);
    let mut parts = ForestParts { n_features, n_outputs: 3, ..ForestParts::default() };
    let (n_inner, n_nodes) = (2_u32.pow(depth) - 1, 2_u32.pow(depth + 1) - 1);
    for _ in 0..n_trees {
        parts.tree_lengths.push(n_nodes);
        for node in 0..n_nodes {
            let is_leaf = node >= n_inner;
            parts.features.push(if is_leaf { LEAF } else { rng.below(n_features as u64) as u16 });
            parts.thresholds.push(rng.normal());
            parts.lefts.push(2 * node + 1);
            parts.rights.push(2 * node + 2);
            if is_leaf {
                let (a, b) = (rng.uniform() / 2.0, rng.uniform() / 2.0);
                parts.leaves.extend([a, b, 1.0 - a - b]);
            }
        }
    }
    Forest::new(&parts).expect("full trees are sound")
}

/// The obvious walk, by the written parts.
fn scores_by_parts(parts: &ForestParts, row: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; parts.n_outputs];
    let (mut root, mut leaves_before) = (0, 0);
    for &length in &parts.tree_lengths {
        let mut node = root;
        while parts.features[node] != LEAF {
            let goes_left = row[usize::from(parts.features[node])] <= parts.thresholds[node];
            node = root + if goes_left { parts.lefts[node] } else { parts.rights[node] } as usize;
        }
        let is_leaf = |place: &usize| parts.features[*place] == LEAF;
        let leaf = leaves_before + (root..node).filter(is_leaf).count();
        for (sum, share) in sums.iter_mut().zip(&parts.leaves[leaf * parts.n_outputs..]) {
            *sum += share;
        }
        leaves_before += (root..root + length as usize).filter(is_leaf).count();
        root += length as usize;
    }
    sums.iter().map(|sum| sum / parts.tree_lengths.len() as f64).collect()
}

/// A random row per line, with missing values at times.
fn rows(n_rows: usize, n_features: usize) -> Vec<Vec<f64>> {
    let mut rng = Rng::new(10);
    let missing_at_times = |rng: &mut Rng| if rng.below(10) == 0 { f64::NAN } else { rng.normal() };
    (0..n_rows).map(|_| (0..n_features).map(|_| missing_at_times(&mut rng)).collect()).collect()
}

fn columns(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..rows[0].len()).map(|feature| rows.iter().map(|row| row[feature]).collect()).collect()
}

/// Holds one row, columns and rows against each other, and returns the scores.
fn in_every_way(forest: &Forest, rows: &[Vec<f64>]) -> Vec<f64> {
    let columns = columns(rows);
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let answers = forest.predict_columns(&columns);
    assert_eq!(forest.predict_rows(&rows.concat()), answers);
    let last: Vec<f64> = answers.scores.chunks(forest.n_scores()).map(|scores| scores[scores.len() - 1]).collect();
    assert_eq!(forest.probability_of_columns(&columns), last);
    for (number, row) in rows.iter().enumerate() {
        let mut scores = vec![f64::NAN; forest.n_scores()];
        assert_eq!(forest.predict(row, &mut scores), answers.classes[number] as usize);
        assert_eq!(scores, answers.scores[number * forest.n_scores()..][..forest.n_scores()]);
    }
    answers.scores
}

#[test]
fn every_way_of_walking_gives_the_same_digits() {
    // Numbers of trees and rows that leave remainders of what goes at once.
    let forest = forest(AT_ONCE + 3, 6, 5);
    let parts = forest.to_parts();
    let rows = rows(2 * AT_ONCE + 19, 5);
    let expected: Vec<f64> = rows.iter().flat_map(|row| scores_by_parts(&parts, row)).collect();
    assert_eq!(in_every_way(&forest, &rows), expected);
}

/// Trees of all shapes, single leaves among them: at every node the way goes on to one side, to the other or to both.
fn lopsided(n_trees: usize, n_features: usize, n_outputs: usize, precision: Precision) -> Forest {
    let mut rng = Rng::new(11);
    let scoring = Scoring { precision, aggregate: Aggregate::Sum, ..Scoring::mean() };
    let mut parts = ForestParts { n_features, n_outputs, scoring, ..ForestParts::default() };
    for tree in 0..n_trees {
        let root = parts.features.len();
        // Per node how many levels may come below it.
        let mut depths = vec![2 * tree as u32];
        let mut node = 0;
        while let Some(&depth) = depths.get(node) {
            let is_leaf = depth == 0;
            let left = if is_leaf { 0 } else { depths.len() as u32 };
            parts.features.push(if is_leaf { LEAF } else { rng.below(n_features as u64) as u16 });
            // Of a grid, so that values lie on thresholds, and whole numbers in the leaves, so that all sums are exact.
            parts.thresholds.push(rng.below(17) as f64 / 8.0 - 1.0);
            parts.lefts.push(left);
            parts.rights.push(if is_leaf { 0 } else { left + 1 });
            if is_leaf {
                parts.leaves.extend((0..n_outputs).map(|_| rng.below(100) as f64));
            } else {
                let below = depth - 1;
                depths.extend(match rng.below(5) {
                    0 | 1 => [below, 0],
                    2 | 3 => [0, below],
                    _ => [below / 2, below],
                });
            }
            node += 1;
        }
        parts.tree_lengths.push((parts.features.len() - root) as u32);
    }
    Forest::new(&parts).expect("children lie behind their parents")
}

#[test]
fn trees_of_all_shapes_give_the_same_digits() {
    let mut rng = Rng::new(12);
    let rows: Vec<Vec<f64>> =
        (0..AT_ONCE + 9).map(|_| (0..5).map(|_| rng.below(17) as f64 / 8.0 - 1.0).collect()).collect();
    // Outputs that fit the room for them, and that do not.
    for (n_trees, n_outputs) in [(1, 1), (3, 2), (8, FEW), (21, FEW + 1)] {
        let [single, double] =
            [Precision::Single, Precision::Double].map(|precision| lopsided(n_trees, 5, n_outputs, precision));
        assert!(matches!(single.trees, Layout::Narrow32(_)));
        let parts = double.to_parts();
        let sums =
            |row: &Vec<f64>| scores_by_parts(&parts, row).into_iter().map(|mean| (mean * n_trees as f64).round());
        let expected: Vec<f64> = rows.iter().flat_map(sums).collect();
        assert_eq!(in_every_way(&single, &rows), expected);
        assert_eq!(in_every_way(&double, &rows), expected);
    }
}

#[test]
fn a_spine_may_be_longer_than_a_byte_can_count() {
    let depth = u32::from(MAX_DEPTH);
    let mut parts = ForestParts { n_features: 1, n_outputs: 1, scoring: Scoring::mean(), ..ForestParts::default() };
    for node in 0..=2 * depth {
        let is_leaf = node % 2 == 1 || node == 2 * depth;
        parts.features.push(if is_leaf { LEAF } else { 0 });
        parts.thresholds.push(f64::from(node / 2));
        parts.lefts.push(node + 1);
        parts.rights.push(node + 2);
        if is_leaf {
            parts.leaves.push(f64::from(node / 2));
        }
    }
    parts.tree_lengths = vec![2 * depth + 1];
    let forest = Forest::new(&parts).expect("as deep as may be");
    let answers: Vec<f64> = (0..=depth).map(f64::from).collect();
    let rows: Vec<Vec<f64>> = answers.iter().map(|value| vec![*value]).collect();
    assert_eq!(in_every_way(&forest, &rows), answers);
}

#[test]
fn every_layout_gives_the_same_digits() {
    let mut parts = forest(9, 5, 3).to_parts();
    parts.scoring.precision = Precision::Single;
    let rows = rows(AT_ONCE + 5, 3);
    let narrow = Forest::new(&parts).expect("a sound forest in 32 bits");
    assert!(matches!(narrow.trees, Layout::Narrow32(_)));
    // The same questions about the last of many features.
    let n_more = 300;
    let feature = |feature: &u16| if *feature == LEAF { LEAF } else { feature + n_more };
    let wide = ForestParts {
        n_features: parts.n_features + usize::from(n_more),
        features: parts.features.iter().map(feature).collect(),
        ..parts.clone()
    };
    let wide_of = |precision| {
        let scoring = Scoring { precision, ..wide.scoring.clone() };
        Forest::new(&ForestParts { scoring, ..wide.clone() }).expect("a sound forest of many features")
    };
    let [wide, wide_double] = [Precision::Single, Precision::Double].map(wide_of);
    assert!(matches!((&wide.trees, &wide_double.trees), (Layout::Wide32(_), Layout::Wide64(_))));
    let longer: Vec<Vec<f64>> = rows.iter().map(|row| [&vec![0.0; usize::from(n_more)], &row[..]].concat()).collect();
    assert_eq!(in_every_way(&narrow, &rows), in_every_way(&wide, &longer));
    // In 64 bits something else, though not by much.
    let double = forest(9, 5, 3);
    assert!(matches!(double.trees, Layout::Narrow64(_)));
    let double = in_every_way(&double, &rows);
    assert_eq!(in_every_way(&wide_double, &longer), double);
    let single = in_every_way(&narrow, &rows);
    assert_ne!(single, double);
    assert!(single.iter().zip(&double).all(|(single, double)| (single - double).abs() < 1e-6));
}

#[test]
fn single_precision_rounds_the_row_and_sums_in_32_bits() {
    // 0.1 in 32 bits is above 0.1 in 64.
    let mut parts = stump(0.1, [1e8, 1.0]);
    let above = |parts: &ForestParts, x: f64| Forest::new(parts).expect("one question").probability(&[x]) == 1.0;
    assert!(!above(&parts, 0.1) && above(&parts, f64::from(0.1_f32)));
    parts.scoring.precision = Precision::Single;
    assert!(above(&parts, 0.1) && !above(&parts, f64::from(0.1_f32.next_down())));

    // 100,000,000 + 1 is 100,000,000 in 32 bits.
    let twice = ForestParts {
        tree_lengths: vec![3, 1],
        features: vec![0, LEAF, LEAF, LEAF],
        thresholds: vec![0.1, 0.0, 0.0, 0.0],
        lefts: vec![1, 0, 0, 0],
        rights: vec![2, 0, 0, 0],
        leaves: vec![1e8, 1.0, 1.0],
        ..parts
    };
    let sum = |precision| {
        let scoring = Scoring { precision, aggregate: Aggregate::Sum, ..Scoring::mean() };
        Forest::new(&ForestParts { scoring, ..twice.clone() }).expect("two trees").probability(&[0.0])
    };
    assert_eq!([sum(Precision::Single), sum(Precision::Double)], [1e8, 1e8 + 1.0]);
}

#[test]
fn missing_values_go_where_the_node_wants_them() {
    for precision in [Precision::Single, Precision::Double] {
        let mut parts = stump(2.0, [-1.0, 1.0]);
        parts.scoring.precision = precision;
        let values = [f64::NAN, -f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 2.0];
        let answers = |parts: &ForestParts| {
            let forest = Forest::new(parts).expect("one question");
            assert_eq!(Forest::new(&forest.to_parts()), Ok(forest.clone()));
            values.map(|x| forest.probability(&[x]))
        };
        assert_eq!(answers(&parts), [1.0, 1.0, -1.0, 1.0, -1.0]);
        parts.missing_left = vec![true, false, false];
        assert_eq!(answers(&parts), [-1.0, -1.0, -1.0, 1.0, -1.0]);
    }
}

#[test]
fn zero_has_no_sign() {
    for threshold in [0.0, -0.0] {
        let forest = Forest::new(&stump(threshold, [-1.0, 1.0])).expect("one question");
        assert_eq!([0.0, -0.0].map(|x| forest.probability(&[x])), [-1.0, -1.0]);
    }
}

/// One question about one feature, and a number on either side.
fn stump(threshold: f64, leaves: [f64; 2]) -> ForestParts {
    ForestParts {
        n_features: 1,
        n_outputs: 1,
        scoring: Scoring { aggregate: Aggregate::Sum, ..Scoring::mean() },
        tree_lengths: vec![3],
        features: vec![0, LEAF, LEAF],
        thresholds: vec![threshold, 0.0, 0.0],
        lefts: vec![1, 0, 0],
        rights: vec![2, 0, 0],
        leaves: leaves.to_vec(),
        ..ForestParts::default()
    }
}

#[test]
fn aggregates_join_the_trees() {
    let of = |aggregate, base: &[f64]| {
        let parts = ForestParts {
            scoring: Scoring { aggregate, base: base.to_vec(), ..Scoring::mean() },
            tree_lengths: vec![1, 1, 1],
            features: vec![LEAF; 3],
            thresholds: vec![0.0; 3],
            lefts: vec![0; 3],
            rights: vec![0; 3],
            leaves: vec![4.0, -1.0, 6.0],
            ..stump(0.0, [0.0; 2])
        };
        in_every_way(&Forest::new(&parts).expect("three leaves"), &[vec![0.0]])[0]
    };
    assert_eq!(
        [Aggregate::Average, Aggregate::Sum, Aggregate::Min, Aggregate::Max].map(|aggregate| of(aggregate, &[])),
        [3.0, 9.0, -1.0, 6.0]
    );
    assert_eq!(of(Aggregate::Average, &[10.0]), 13.0);
}

#[test]
fn classes_are_decided_before_the_transformation() {
    let answer = |scoring: Scoring, numbers: &[f64]| {
        let parts = ForestParts {
            n_features: 1,
            n_outputs: numbers.len(),
            scoring: Scoring { task: Task::Classification, aggregate: Aggregate::Sum, ..scoring },
            tree_lengths: vec![1],
            features: vec![LEAF],
            thresholds: vec![0.0],
            lefts: vec![0],
            rights: vec![0],
            leaves: numbers.to_vec(),
            ..ForestParts::default()
        };
        let forest = Forest::new(&parts).expect("one leaf");
        let mut scores = vec![0.0; forest.n_scores()];
        (forest.predict(&[0.0], &mut scores), scores)
    };
    let last_above =
        |transform, threshold| Scoring { transform, decision: Decision::LastAbove(threshold), ..Scoring::default() };
    let third = 1.0 / 3.0;
    assert_eq!(answer(Scoring::default(), &[0.25, 0.5, 0.5]), (1, vec![0.25, 0.5, 0.5]));
    assert_eq!(answer(last_above(Transform::None, 0.5), &[0.25]), (0, vec![0.75, 0.25]));
    assert_eq!(answer(last_above(Transform::None, 0.0), &[0.25]), (1, vec![-0.25, 0.25]));
    // So small that its logistic is a half: still above 0.
    assert_eq!(answer(last_above(Transform::Logistic, 0.0), &[1e-20]), (1, vec![0.5, 0.5]));
    assert_eq!(answer(last_above(Transform::Logistic, 0.0), &[0.0]), (0, vec![0.5, 0.5]));
    let softmax = Scoring { transform: Transform::Softmax, ..Scoring::default() };
    assert_eq!(answer(softmax, &[700.0, 700.0, 700.0]), (0, vec![third; 3]));
    let (class, scores) = answer(last_above(Transform::Logistic, 0.0), &[-2.0]);
    // numpy: 1 / (1 + np.exp(2))
    assert_eq!(class, 0);
    assert!((scores[1] - 0.119_202_922_022_117_57).abs() < 1e-15 && (scores[0] + scores[1] - 1.0).abs() < 1e-15);
}

#[test]
fn the_threshold_itself_goes_left_and_a_missing_value_right() {
    let parts = ForestParts {
        n_features: 1,
        n_outputs: 2,
        tree_lengths: vec![3],
        features: vec![0, LEAF, LEAF],
        thresholds: vec![2.0, 0.0, 0.0],
        lefts: vec![1, 0, 0],
        rights: vec![2, 0, 0],
        leaves: vec![1.0, 0.0, 0.0, 1.0],
        ..ForestParts::default()
    };
    let forest = Forest::new(&parts).expect("one question, two leaves");
    let found = [2.0, 2.0_f64.next_up(), f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|x| forest.probability(&[x]));
    assert_eq!(found, [0.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(forest.probability_of_columns(&[&[]]), [0.0; 0]);
}

#[test]
#[should_panic(expected = "a row has one value per feature")]
fn a_row_of_another_length_is_a_mistake_of_the_caller() {
    forest(1, 1, 2).probability(&[1.0]);
}
