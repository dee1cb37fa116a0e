//! Which pairs of numerical columns hang together otherwise than before.

use serde::{Deserialize, Serialize};

use super::correlation::{CorrelationDifference, CorrelationEstimate, CorrelationKind, MIN_PAIRS, Prepared};
use super::{Estimate, Options};
use crate::data::{Column, Values};
use crate::judge::Verdict;
use crate::judge::calibrated::benjamini_hochberg;
use crate::parallel;
use crate::stattest::{Current, NotTested, Reference};

/// Pairs that a report lists, at most.
pub const MAX_LISTED: usize = 20;

/// What was found about all pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MultivariateCorrelationChange"))]
pub struct CorrelationChange {
    /// Which coefficient.
    pub kind: CorrelationKind,
    /// Reference rows that were looked at.
    pub n_reference: u64,
    /// Current rows that were looked at.
    pub n_current: u64,
    /// Numerical columns that were paired.
    pub n_columns: u64,
    /// Numerical columns past `max_columns`, which were not.
    pub n_columns_left_out: u64,
    /// Pairs that could be tested.
    pub n_pairs: u64,
    /// Pairs whose correlation changed: significant after correction over all pairs, and by enough to matter.
    pub n_changed: u64,
    /// The smallest change of a coefficient that matters.
    pub min_difference: f64,
    /// The largest upper 95% limit of the change of a coefficient, in size, over all pairs.
    pub largest_possible: f64,
    /// Probability of pairs at least as unlike, had no correlation changed: the smallest adjusted p-value of a pair
    /// (Simes' test).
    pub p_value: f64,
    /// The same after Benjamini-Hochberg over the multivariate tests of the report.
    pub p_adjusted: f64,
    /// What significance and size add up to.
    pub verdict: Verdict,
    /// The pairs that changed, the largest change first, then the others by their p-values; at most [`MAX_LISTED`].
    pub pairs: Vec<PairChange>,
}

/// How the correlation of two columns changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PairChange {
    /// The column that comes first in the schema.
    pub first: String,
    /// The other one.
    pub second: String,
    /// The reference's coefficient, -1 to 1.
    pub reference: f64,
    /// The current coefficient.
    pub current: f64,
    /// Current less reference, with its 95% interval; `minimum` holds for its size.
    pub difference: Estimate,
    /// Reference rows with both values.
    pub n_reference: u64,
    /// Current rows with both values.
    pub n_current: u64,
    /// Probability of coefficients at least as unlike, had the correlation not changed.
    pub p_value: f64,
    /// The same after Benjamini-Hochberg over all pairs.
    pub p_adjusted: f64,
    /// Whether it is significant and reaches the minimum.
    pub changed: bool,
}

impl CorrelationChange {
    /// Which pairs are called changed, once it is known whether the pairs as a whole pass.
    pub(super) fn settle(&mut self, p_adjusted: f64, q: f64) {
        self.p_adjusted = p_adjusted;
        let is_significant = p_adjusted <= q;
        if !is_significant {
            self.n_changed = 0;
            self.pairs.iter_mut().for_each(|pair| pair.changed = false);
        }
        self.verdict = match (is_significant, self.n_changed > 0) {
            (true, true) => Verdict::Drifted,
            (true, false) => Verdict::Minor,
            (false, _) if self.largest_possible < self.min_difference => Verdict::Stable,
            (false, _) => Verdict::NotEnoughData,
        };
    }
}

/// Whether the correlation of any two numerical columns changed.
///
/// Every pair is tested by [`CorrelationDifference::of`]. The p-values of all pairs are corrected together by Benjamini
/// and Hochberg, so that of the pairs called changed at most a share `q` is chance, however many there are; pairs share
/// columns, so their tests hang together, which the procedure stands in practice. A pair is called changed when it is
/// significant and its coefficient moved by `min_correlation_difference` or more.
///
/// Inputs: the numerical columns of both sides in one order, of which the first `max_columns` are paired; rows in which
/// one of the two is missing are left out of that pair alone. Score: Simes' p-value over all pairs, 0 to 1, small
/// speaks for drift, and the pairs by name. Declines with fewer than two columns, and when no pair has [`MIN_PAIRS`]
/// rows with both values, and values that vary, on either side.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::multivariate::{Options, correlation_change};
/// use tidemark::stattest::{Current, Reference};
///
/// let x = Column::numbers("x", (0..300).map(|i| f64::from(i * 7 % 100)).collect());
/// let y = Column::numbers("y", (0..300).map(|i| f64::from(i * 7 % 100 + i % 9)).collect());
/// let flipped = Column::numbers("y", (0..300).map(|i| f64::from(99 - i * 7 % 100 + i % 9)).collect());
/// let options = Options::default();
/// let found = correlation_change::test(Reference(&[&x, &y]), Current(&[&x, &flipped]), &options).unwrap();
/// assert!(found.pairs[0].changed && found.pairs[0].difference.value < -1.8);
/// ```
///
/// Source: Benjamini and Hochberg, J. Royal Stat. Soc. B 57 (1995); Simes, Biometrika 73 (1986); Reiner-Benaim,
/// Biometrical Journal 49 (2007), for pairs that hang together.
///
/// # Errors
/// As above.
pub fn test(
    reference: Reference<&[&Column]>,
    current: Current<&[&Column]>,
    options: &Options,
) -> Result<CorrelationChange, NotTested> {
    let all = reference.0.len();
    let n_columns = all.min(options.max_columns as usize);
    if n_columns < 2 {
        return Err(NotTested::TooFewColumns { found: n_columns as u64, needed: 2 });
    }
    let kind = options.correlation;
    let (a, b) = (prepare(kind, &reference.0[..n_columns]), prepare(kind, &current.0[..n_columns]));
    let pairs: Vec<(usize, usize)> = (0..n_columns).flat_map(|i| (i + 1..n_columns).map(move |j| (i, j))).collect();
    let pairs = parallel::map(&pairs, |&(i, j)| {
        let a = CorrelationEstimate::of_prepared(&a[i], &a[j])?;
        let b = CorrelationEstimate::of_prepared(&b[i], &b[j])?;
        Some(pair([&reference.0[i].name, &reference.0[j].name], a, b, options))
    });
    let mut pairs: Vec<PairChange> = pairs.into_iter().flatten().collect();
    let (n, m) = (reference.0[0].len() as u64, current.0[0].len() as u64);
    if pairs.is_empty() {
        return Err(NotTested::TooFew { n_reference: n, n_current: m, needed: MIN_PAIRS as u64 });
    }
    let n_pairs = pairs.len() as u64;
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
    for (pair, p_adjusted) in pairs.iter_mut().zip(benjamini_hochberg(&p_values)) {
        pair.p_adjusted = p_adjusted;
        pair.changed = p_adjusted <= options.q && pair.difference.value.abs() >= pair.difference.minimum;
    }
    let n_changed = pairs.iter().filter(|pair| pair.changed).count() as u64;
    let largest_possible = pairs.iter().map(|pair| pair.difference.high.max(-pair.difference.low)).fold(0.0, f64::max);
    let p_value = pairs.iter().map(|pair| pair.p_adjusted).fold(1.0, f64::min);
    pairs.sort_by(|a, b| {
        let by_size = || b.difference.value.abs().total_cmp(&a.difference.value.abs());
        let rest = || if a.changed { by_size() } else { a.p_value.total_cmp(&b.p_value).then_with(by_size) };
        b.changed.cmp(&a.changed).then_with(rest)
    });
    pairs.truncate(MAX_LISTED);
    Ok(CorrelationChange {
        kind,
        n_reference: n,
        n_current: m,
        n_columns: n_columns as u64,
        n_columns_left_out: (all - n_columns) as u64,
        n_pairs,
        n_changed,
        min_difference: options.min_correlation_difference,
        largest_possible,
        p_value,
        p_adjusted: p_value,
        verdict: Verdict::NotTested,
        pairs,
    })
}

fn prepare(kind: CorrelationKind, columns: &[&Column]) -> Vec<Prepared> {
    parallel::map(columns, |column| {
        let values = match &column.values {
            Values::Numbers(numbers) => numbers.as_slice().to_vec(),
            _ => Vec::new(),
        };
        Prepared::new(kind, values)
    })
}

fn pair(names: [&str; 2], a: CorrelationEstimate, b: CorrelationEstimate, options: &Options) -> PairChange {
    let found = CorrelationDifference::of(Reference(a), Current(b));
    let minimum = options.min_correlation_difference;
    PairChange {
        first: names[0].to_owned(),
        second: names[1].to_owned(),
        reference: a.r,
        current: b.r,
        difference: Estimate { value: found.difference, low: found.low, high: found.high, minimum },
        n_reference: a.n,
        n_current: b.n,
        p_value: found.p_value,
        p_adjusted: found.p_value,
        changed: false,
    }
}
