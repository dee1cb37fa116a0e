//! Random numbers of the hypergeometric distribution: how a random half of a column looks, without shuffling its rows.

use crate::random::Rng;

/// Up to this many marked items each is dealt by itself, which is quicker than a logarithm.
const MAX_DEALT_SINGLY: u64 = 24;

/// How many of `marked` out of `total` items are among `drawn` ones that are taken without putting any back.
///
/// Larger numbers are found by inversion outwards from the most likely one, in about as many steps as the standard
/// deviation is large.
pub(super) fn draw(rng: &mut Rng, marked: u64, total: u64, drawn: u64) -> u64 {
    let (low, high) = ((marked + drawn).saturating_sub(total), marked.min(drawn));
    if low == high {
        low
    } else if marked <= MAX_DEALT_SINGLY {
        deal(rng, marked, total, drawn)
    } else {
        invert(rng, marked, total, drawn, low, high)
    }
}

/// Places the marked items one after the other among the drawn and the others.
fn deal(rng: &mut Rng, marked: u64, total: u64, drawn: u64) -> u64 {
    let mut among_drawn = 0;
    for placed in 0..marked {
        among_drawn += u64::from(rng.below(total - placed) < drawn - among_drawn);
    }
    among_drawn
}

fn invert(rng: &mut Rng, marked: u64, total: u64, drawn: u64, low: u64, high: u64) -> u64 {
    let unmarked = total - marked;
    let mode = (u128::from(drawn + 1) * u128::from(marked + 1) / u128::from(total + 2)) as u64;
    let mode = mode.clamp(low, high);
    let at_mode = libm::exp(log_choose(marked, mode) + log_choose(unmarked, drawn - mode) - log_choose(total, drawn));
    // p(k + 1) / p(k)
    let ratio = |k: u64| {
        let up = (marked - k) as f64 * (drawn - k) as f64;
        up / ((k + 1) as f64 * (unmarked + k + 1 - drawn) as f64)
    };
    let mut rest = rng.uniform() - at_mode;
    let (mut below, mut p_below) = (mode, at_mode);
    let (mut above, mut p_above) = (mode, at_mode);
    while rest >= 0.0 && (below > low || above < high) {
        if above < high {
            p_above *= ratio(above);
            above += 1;
            rest -= p_above;
            if rest < 0.0 {
                return above;
            }
        }
        if below > low {
            below -= 1;
            p_below /= ratio(below);
            rest -= p_below;
            if rest < 0.0 {
                return below;
            }
        }
    }
    // Here by the first step, or because rounding left a crumb of probability over.
    mode
}

fn log_choose(n: u64, k: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0) - libm::lgamma(k as f64 + 1.0) - libm::lgamma((n - k) as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of 40,000 draws against `n K/N` and `n K/N (1 - K/N) (N - n)/(N - 1)`, five standard errors.
    fn has_its_moments(marked: u64, total: u64, drawn: u64) {
        let mut rng = Rng::new(17);
        let draws: Vec<f64> = (0..40_000).map(|_| draw(&mut rng, marked, total, drawn) as f64).collect();
        let share = marked as f64 / total as f64;
        let mean = drawn as f64 * share;
        let variance = mean * (1.0 - share) * (total - drawn) as f64 / (total - 1) as f64;
        let found = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((found - mean).abs() < 5.0 * (variance / 40_000.0).sqrt(), "mean {found}, not {mean}");
        let spread = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / draws.len() as f64;
        assert!((spread / variance - 1.0).abs() < 0.04, "variance {spread}, not {variance}");
    }

    #[test]
    fn both_ways_have_the_moments_of_the_distribution() {
        for (marked, total, drawn) in
            [(5, 20, 8), (24, 1_000, 500), (25, 60, 50), (300, 1_000, 990), (90_000, 570_000, 285_000)]
        {
            has_its_moments(marked, total, drawn);
        }
    }

    #[test]
    fn what_is_certain_is_drawn() {
        let mut rng = Rng::new(1);
        assert_eq!(draw(&mut rng, 0, 10, 5), 0);
        assert_eq!(draw(&mut rng, 10, 10, 5), 5);
        assert_eq!(draw(&mut rng, 7, 10, 10), 7);
        assert_eq!(draw(&mut rng, 7, 10, 0), 0);
    }

    #[test]
    fn both_ways_have_the_probabilities_of_the_distribution() {
        // scipy 1.17: hypergeom(40, 30, 8).pmf(range(9))
        let expected = [
            5.85139904e-07,
            4.68111923e-05,
            1.18783401e-03,
            1.33037409e-02,
            7.48335423e-02,
            2.22362526e-01,
            3.47441447e-01,
            2.64717293e-01,
            7.61062216e-02,
        ];
        let mut rng = Rng::new(23);
        let (mut inverted, mut dealt) = ([0_u32; 9], [0_u32; 9]);
        for _ in 0..100_000 {
            inverted[invert(&mut rng, 30, 40, 8, 0, 8) as usize] += 1;
            dealt[deal(&mut rng, 30, 40, 8) as usize] += 1;
        }
        for counts in [inverted, dealt] {
            for (count, probability) in counts.into_iter().zip(expected) {
                let mean = 1e5 * probability;
                assert!((f64::from(count) - mean).abs() <= 5.0 * mean.sqrt().max(1.0), "{counts:?}");
            }
        }
    }
}
