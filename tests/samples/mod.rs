//! Random samples of many shapes, each from a seed.

use tidemark::random::{Rng, derive_seed};

/// How the values of a sample are spread.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Normal,
    /// Few distinct values, so that most are tied.
    SmallIntegers,
    /// A long right tail.
    HeavyTail,
    Uniform,
    /// A lump at one value, and a few elsewhere.
    Lump,
}

pub const SHAPES: [Shape; 5] = [Shape::Normal, Shape::SmallIntegers, Shape::HeavyTail, Shape::Uniform, Shape::Lump];

/// `n` values, ascending.
pub fn sample(shape: Shape, n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    let mut value = || match shape {
        Shape::Normal => 3.0 + rng.normal(),
        Shape::SmallIntegers => (rng.uniform() * 7.0).floor(),
        Shape::HeavyTail => (1.0 / (rng.uniform() + 1e-3)).powi(2),
        Shape::Uniform => rng.uniform() * 10.0 - 5.0,
        Shape::Lump if rng.uniform() < 0.7 => 1.0,
        Shape::Lump => rng.uniform() * 4.0,
    };
    sorted((0..n).map(|_| value()).collect())
}

/// Pairs of samples: every shape with itself, with a shifted one and with another, in several sizes.
pub fn pairs() -> Vec<(String, Vec<f64>, Vec<f64>)> {
    let mut pairs = Vec::new();
    for (round, (n, m)) in [(5, 5), (7, 12), (30, 30), (41, 20), (150, 90), (301, 300)].into_iter().enumerate() {
        for (i, shape) in SHAPES.into_iter().enumerate() {
            let seed = derive_seed(round as u64, i as u64);
            let a = sample(shape, n, seed);
            let alike = sample(shape, m, seed + 1);
            let shifted = alike.iter().map(|x| x + 1.5).collect();
            let other = sample(SHAPES[(i + 1) % SHAPES.len()], m, seed + 2);
            for (what, b) in [("alike", alike), ("shifted", shifted), ("other", other)] {
                pairs.push((format!("{shape:?} {n} {m} {what}"), a.clone(), b));
            }
        }
    }
    pairs
}

pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}
