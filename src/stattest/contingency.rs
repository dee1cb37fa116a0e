//! Chi-square of two samples where counts are small: the p-value by random tables instead of the limit.

use serde::{Deserialize, Serialize};

use super::{Current, NotTested, Reference, hypergeometric};
use crate::num::Sum;
use crate::random::{Rng, seed_of};

/// Random tables that are drawn at most.
pub const MAX_DRAWS: u64 = 9_999;
/// Drawing ends when so many tables are at least as unlike as the one found: the p-value is then known to a seventh of itself.
pub const ENOUGH_HITS: u64 = 50;

/// How a p-value was drawn; the same seed gives the same draws on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MonteCarlo {
    /// The seed, worked out from the counts. Below 2^53, so that every reader of JSON keeps it whole.
    pub seed: u64,
    /// Tables drawn.
    pub draws: u64,
    /// Tables among them that were at least as unlike as the one found.
    pub hits: u64,
}

impl MonteCarlo {
    /// The p-value: `hits / draws` where drawing ended early, else `(hits + 1) / (draws + 1)`.
    ///
    /// Source: Besag and Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991).
    pub fn p_value(&self) -> f64 {
        if self.hits >= ENOUGH_HITS {
            self.hits as f64 / self.draws as f64
        } else {
            (self.hits + 1) as f64 / (self.draws + 1) as f64
        }
    }

    /// Whether no draw was as unlike: the p-value is then a bound rather than an estimate.
    pub const fn is_at_floor(&self) -> bool {
        self.hits == 0
    }
}

/// Whether the chi-square distribution is too rough for these counts: some category is expected fewer than five times on
/// the smaller side (Cochran, "Some Methods for Strengthening the Common Chi-Square Tests", Biometrics 10 (1954)).
pub fn has_small_counts(reference: Reference<&[u64]>, current: Current<&[u64]>) -> bool {
    const MIN_EXPECTED: f64 = 5.0;
    let (n, m): (u64, u64) = (reference.0.iter().sum(), current.0.iter().sum());
    let scale = n.min(m) as f64 / (n + m).max(1) as f64;
    let pooled = reference.0.iter().zip(current.0).map(|(r, c)| r + c);
    pooled.filter(|&count| count > 0).any(|count| (count as f64) * scale < MIN_EXPECTED)
}

/// Whether both sides' counts come from the same shares, by random tables with the margins of the one found.
///
/// ```text
/// X2 = sum over both sides of (o - e)^2 / e,  p = P(X2 of a random table >= X2 found)
/// ```
/// where `o` are the counts and `e` those expected. A random table is what comes of dealing all rows, each with its category, to
/// the two sides at random: exact whatever the counts, where the chi-square distribution wants at least five of each.
///
/// Inputs: equally long slices of counts. Score: a p-value, from 1/10,000 to 1, drawn with a seed that is worked out from the
/// counts; small speaks for drift. It ends at [`ENOUGH_HITS`] tables as unlike, and after [`MAX_DRAWS`] tables at the latest.
/// Declines when a side is empty, and when there is one category only.
///
/// ```
/// use tidemark::stattest::{Current, Reference, contingency};
/// // scipy 1.17: chi2_contingency([[3, 1, 0, 2], [0, 4, 2, 1]], correction=False,
/// //     method=PermutationMethod(n_resamples=199_999, rng=np.random.default_rng(1))).pvalue
/// let found = contingency::monte_carlo(Reference(&[3, 1, 0, 2]), Current(&[0, 4, 2, 1])).unwrap();
/// assert!((found.p_value() - 0.07606).abs() < 0.03, "{}", found.p_value());
/// ```
///
/// Sources: Patefield, "An Efficient Method of Generating Random R x C Tables", Applied Statistics 30 (1981), for two rows;
/// Besag and Clifford, Biometrika 78 (1991), for when to end. Agrees within chance with `scipy.stats.chi2_contingency` of scipy
/// 1.17 with `method=PermutationMethod()`.
///
/// # Errors
/// A side is empty, or there is only one category.
pub fn monte_carlo(reference: Reference<&[u64]>, current: Current<&[u64]>) -> Result<MonteCarlo, NotTested> {
    let (n, m): (u64, u64) = (reference.0.iter().sum(), current.0.iter().sum());
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let counts = reference.0.iter().zip(current.0).filter(|(r, c)| **r + **c > 0);
    let (found, pooled): (Vec<u64>, Vec<u64>) = counts.map(|(r, c)| (*r, r + c)).unzip();
    if pooled.len() < 2 {
        return Err(NotTested::Constant);
    }
    let seed = seed_of(reference.0.iter().chain(current.0).copied());
    let mut rng = Rng::new(seed);
    let mut table = vec![0; pooled.len()];
    // Tables that are as unlike but for the order of rounding are as unlike.
    let limit = unlikeness(&found, &pooled, n) * (1.0 - 1e-12);
    let (mut draws, mut hits) = (0, 0);
    while draws < MAX_DRAWS && hits < ENOUGH_HITS {
        deal(&mut rng, &pooled, n, &mut table);
        draws += 1;
        hits += u64::from(unlikeness(&table, &pooled, n) >= limit);
    }
    Ok(MonteCarlo { seed, draws, hits })
}

/// Chi-square but for a factor that hangs on the margins alone: the other side's terms are these ones again.
fn unlikeness(reference: &[u64], pooled: &[u64], n: u64) -> f64 {
    let share = n as f64 / pooled.iter().sum::<u64>() as f64;
    let terms = reference.iter().zip(pooled).map(|(&r, &all)| {
        let difference = r as f64 - all as f64 * share;
        difference * difference / all as f64
    });
    terms.collect::<Sum>().value()
}

/// Deals `n` of all rows to the reference at random and counts them by category.
fn deal(rng: &mut Rng, pooled: &[u64], n: u64, table: &mut [u64]) {
    let mut rest: u64 = pooled.iter().sum();
    let mut places = n;
    for (&count, place) in pooled.iter().zip(table) {
        *place = hypergeometric::draw(rng, count, rest, places);
        rest -= count;
        places -= *place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(reference: &[u64], current: &[u64]) -> f64 {
        monte_carlo(Reference(reference), Current(current)).unwrap().p_value()
    }

    #[test]
    fn p_values_are_those_of_scipy_within_chance() {
        for (reference, current, expected) in SCIPY {
            let found = monte_carlo(Reference(reference), Current(current)).unwrap();
            // Four standard errors: of a share of 9,999, or of a waiting time for 50.
            let error = (expected * (1.0 - expected) / 9_999.0).sqrt().max(expected / 7.0);
            assert!((found.p_value() - expected).abs() < 4.0 * error, "{reference:?}: {found:?}, not {expected}");
        }
    }
    // scipy 1.17: chi2_contingency(table, correction=False,
    //     method=PermutationMethod(n_resamples=199_999, batch=500, rng=np.random.default_rng(1))).pvalue
    const SCIPY: [(&[u64], &[u64], f64); 6] = [
        (&[3, 1, 0, 2], &[0, 4, 2, 1], 0.07606),
        (&[12, 3, 0, 5, 1], &[9, 1, 4, 2, 4], 0.06613),
        (&[200, 3, 1, 0, 7], &[180, 1, 4, 5, 2], 0.017845),
        (&[2; 8], &[2; 8], 1.0),
        (&[40, 1, 1, 1, 1, 1], &[20, 8, 3, 2, 0, 4], 0.00157),
        (&[900, 60, 3, 1, 0], &[400, 12, 2, 0, 2], 0.010365),
    ];

    #[test]
    fn drawing_ends_early_when_nothing_changed_and_hits_the_floor_when_all_did() {
        let same = monte_carlo(Reference(&[30, 2, 1, 40]), Current(&[31, 1, 2, 39])).unwrap();
        assert!(same.hits == ENOUGH_HITS && same.draws < 200, "{same:?}");
        let other = monte_carlo(Reference(&[100, 0, 3]), Current(&[0, 100, 3])).unwrap();
        assert!(other.is_at_floor() && other.draws == MAX_DRAWS, "{other:?}");
        assert_eq!(other.p_value(), 1e-4);
    }

    #[test]
    fn the_seed_is_that_of_the_counts() {
        let run = |r: &[u64], c: &[u64]| monte_carlo(Reference(r), Current(c)).unwrap();
        assert_eq!(run(&[3, 4, 5], &[5, 4, 3]), run(&[3, 4, 5], &[5, 4, 3]));
        assert_ne!(run(&[3, 4, 5], &[5, 4, 3]).seed, run(&[5, 4, 3], &[3, 4, 5]).seed);
        assert!(run(&[3, 4, 5], &[5, 4, 3]).seed < 1 << 53);
    }

    #[test]
    fn false_alarms_are_as_many_as_stated() {
        let mut rng = Rng::new(6);
        let mut n_alarms = 0;
        let rounds = 1000;
        for _ in 0..rounds {
            let mut side = || {
                let mut counts = [0; 12];
                (0..30).for_each(|_| counts[rng.below(12) as usize] += 1);
                counts
            };
            let (r, c) = (side(), side());
            n_alarms += u32::from(p(&r, &c) <= 0.05);
        }
        // 50 expected, four standard errors are 28.
        assert!((22..=78).contains(&n_alarms), "{n_alarms} of {rounds}");
    }

    #[test]
    fn one_category_or_an_empty_side_is_not_tested() {
        assert_eq!(monte_carlo(Reference(&[5, 0]), Current(&[7, 0])), Err(NotTested::Constant));
        let empty = NotTested::Empty { n_reference: 2, n_current: 0 };
        assert_eq!(monte_carlo(Reference(&[1, 1]), Current(&[0, 0])), Err(empty));
    }

    #[test]
    fn small_counts_are_noticed() {
        assert!(has_small_counts(Reference(&[90, 5]), Current(&[90, 4])));
        assert!(!has_small_counts(Reference(&[90, 5]), Current(&[90, 5])));
    }
}
