//! The area under the curve of a classifier that guesses.

use crate::profile::quantile;
use crate::random::Rng;

/// The `q`-quantile of the areas under the curve of `draws` classifiers that give `n_positive` and `n_negative` rows
/// random scores. Both numbers are at least 1.
///
/// The area is `(R - k (k + 1) / 2) / (k (n - k))`, where `R` is the sum of the ranks of the `k` rows of the smaller class
/// among all `n`; random scores are random ranks.
pub(super) fn quantile_of_random(rng: &mut Rng, n_positive: u64, n_negative: u64, draws: usize, q: f64) -> f64 {
    let (k, n) = (n_positive.min(n_negative), n_positive + n_negative);
    let mut is_taken = vec![false; n as usize];
    let mut areas: Vec<f64> = (0..draws)
        .map(|_| {
            let above = rank_sum(rng, k, &mut is_taken) - k * (k + 1) / 2;
            above as f64 / (k as f64 * (n - k) as f64)
        })
        .collect();
    areas.sort_unstable_by(f64::total_cmp);
    quantile(&areas, q).expect("there is at least one draw")
}

/// The sum of `k` different ranks from 1 on. `is_taken` is all false before and after.
fn rank_sum(rng: &mut Rng, k: u64, is_taken: &mut [bool]) -> u64 {
    let mut taken = Vec::with_capacity(k as usize);
    while (taken.len() as u64) < k {
        let place = rng.below(is_taken.len() as u64) as usize;
        if !std::mem::replace(&mut is_taken[place], true) {
            taken.push(place);
        }
    }
    taken.iter().for_each(|&place| is_taken[place] = false);
    taken.into_iter().map(|place| place as u64 + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_rank_sum() {
        // Mean 1/2, standard deviation sqrt((n + 1) / (12 k (n - k))); the normal distribution's 95% point is 1.645.
        for (positive, negative) in [(100, 100), (40, 400), (700, 60)] {
            let (k, rest) = (positive as f64, negative as f64);
            let spread = ((k + rest + 1.0) / (12.0 * k * rest)).sqrt();
            let at = |q| quantile_of_random(&mut Rng::new(3), positive, negative, 4000, q);
            assert!((at(0.5) - 0.5).abs() < 0.1 * spread, "{positive} {negative}: {}", at(0.5));
            assert!((at(0.95) - 0.5 - 1.645 * spread).abs() < 0.15 * spread, "{positive} {negative}: {}", at(0.95));
        }
        assert!([0.0, 1.0].contains(&quantile_of_random(&mut Rng::new(3), 1, 1, 1, 0.5)));
    }
}
