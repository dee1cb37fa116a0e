//! The domain classifier: can a forest tell current rows from reference rows?

use serde::{Deserialize, Serialize};

use super::auc::{Wins, interval};
use super::bins::{BinnedColumn, bin};
use super::grow::{Grown, Task};
use super::{Estimate, MIN_ROWS, Options};
use crate::data::Column;
use crate::judge::Verdict;
use crate::parallel;
use crate::random::{Rng, derive_seed};
use crate::schema::ColumnType;
use crate::stattest::{Current, NotTested, Reference};

/// Parts that the rows of each side are dealt into.
pub const FOLDS: usize = 5;

/// Columns that are tried as carriers, at most: those whose questions told the trees most.
const MAX_CARRIERS: usize = 30;

/// What the domain classifier found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DomainClassifier {
    /// Reference rows that the forests saw.
    pub n_reference: u64,
    /// Current rows that they saw.
    pub n_current: u64,
    /// Columns that they saw.
    pub n_columns: u64,
    /// Trees of each forest.
    pub n_trees: u64,
    /// Parts of the cross-validation.
    pub n_folds: u64,
    /// The area under the ROC curve on rows that the forest had not seen: the probability that it takes a current row
    /// for current rather than a reference row. 0.5 is guessing, 1 is certainty.
    pub auc: Estimate,
    /// Probability of telling the rows apart so well, had nothing changed.
    pub p_value: f64,
    /// The same after Benjamini-Hochberg over the multivariate tests of the report.
    pub p_adjusted: f64,
    /// What significance and size add up to.
    pub verdict: Verdict,
    /// The columns by which the rows are told apart, most telling first. Empty when they are not.
    pub carriers: Vec<Carrier>,
}

/// How much a column helps to tell the sides apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Carrier {
    /// The column.
    pub column: String,
    /// The area under the ROC curve that is lost when the column's values are shuffled among the rows that the forest
    /// had not seen.
    pub auc_lost: f64,
    /// The loss as a share of all columns' losses; the shares sum to 1.
    pub share: f64,
}

/// Whether, and by which columns, current rows can be told from reference rows, all columns taken together.
///
/// ```text
/// AUC = sum over k of U_k / sum over k of n_k m_k
/// p   = P(Z >= (sum over k > 1 of (V_k - n_k m_k / 2) - 1/2) / sqrt(sum over k > 1 of Var V_k))
/// ```
/// The rows of both sides are dealt at random into five parts, `n_k` and `m_k` of them into part `k`. `U_k` is the
/// number of pairs of a current and a reference row of part `k` in which the current one gets the higher score from a
/// forest grown on the other four parts; ties count half. `V_k` is the same from a forest that was grown on the parts
/// before `k` alone.
///
/// **Why the p-value holds.** Scores of cross-validation hang together: every row helped to grow the forests that score
/// the others, and only growing all forests anew for many shuffled labels would say how far chance can carry their
/// mean. `V_k` needs none of that. If nothing changed, then whatever the parts before `k` looked like, the labels in
/// part `k` are in random order, and `V_k` has the distribution that Mann and Whitney worked out: mean `n_k m_k / 2`,
/// and a variance that hangs on the ties alone. So the excesses of `V_2, V_3, …` are uncorrelated (without ties they
/// are independent), their variances add up, and their sum stands for the labels of all parts but the first. It is the
/// usual test on held-out rows, with four fifths of them held out, one part after the other, instead of one half; `p`
/// is its normal approximation. A forest that learnt nothing makes it miss a change, never invent one.
///
/// Inputs: columns of both sides in one order with their types; numbers are binned by quantiles of both sides together,
/// categories by frequency, missing values have a bin of their own, so nothing is imputed and only the order of numbers
/// counts. Rows have to be independent of each other: with rows that hang together in time, two stretches of the same
/// process differ too. Score: `p`, 0 to 1, small speaks for drift, and the AUC with its interval (Newcombe's,
/// Statistics in Medicine 25, 2006; its upper limit is never below that of an area of 0.5). The area is that of these
/// forests on so many rows; a relation too intricate for them would take more. Declines below [`MIN_ROWS`] rows on a
/// side, and without columns.
///
/// The carriers are found by shuffling one column at a time among the rows held out, so that a column whose relation to
/// another one changed is found even if its own values are distributed as before.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::multivariate::{Options, domain_classifier};
/// use tidemark::schema::ColumnType::Numerical;
/// use tidemark::stattest::{Current, Reference};
///
/// let x = Column::numbers("x", (0..300).map(|i| f64::from(i * 7 % 100)).collect());
/// let same = Column::numbers("y", (0..300).map(|i| f64::from(i * 7 % 100)).collect());
/// let flipped = Column::numbers("y", (0..300).map(|i| 99.0 - f64::from(i * 7 % 100)).collect());
/// let (types, options) = ([Numerical, Numerical], Options::default());
/// let test = |current: &[&Column]| {
///     domain_classifier::test(&types, Reference(&[&x, &same]), Current(current), &options, 1).unwrap()
/// };
/// assert!(test(&[&x, &flipped]).auc.value > 0.9);
/// assert!(test(&[&x, &same]).p_value > 0.05);
/// ```
///
/// Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017; Hediger, Michel and Näf, "On the
/// use of random forest for two-sample testing", Computational Statistics & Data Analysis 170 (2022); the parts one
/// after the other as in Dawid, "Statistical theory: the prequential approach", J. Royal Stat. Soc. A 147 (1984). The
/// areas agree with `sklearn.metrics.roc_auc_score`.
///
/// # Errors
/// Too few rows or no column.
pub fn test(
    types: &[ColumnType],
    reference: Reference<&[&Column]>,
    current: Current<&[&Column]>,
    options: &Options,
    seed: u64,
) -> Result<DomainClassifier, NotTested> {
    let rows = |columns: &[&Column]| columns.first().map_or(0, |column| column.len());
    let (n, m) = (rows(reference.0), rows(current.0));
    if types.is_empty() {
        return Err(NotTested::TooFewColumns { found: 0, needed: 1 });
    }
    if n.min(m) < MIN_ROWS as usize {
        return Err(NotTested::TooFew { n_reference: n as u64, n_current: m as u64, needed: MIN_ROWS });
    }
    let columns: Vec<_> = types.iter().zip(reference.0.iter().zip(current.0)).collect();
    let columns = parallel::map(&columns, |&(column_type, (a, b))| bin(*column_type, a, b));
    let parts = Parts::deal(&columns, n, m, seed);
    let n_trees = options.n_trees as usize;

    let forests: Vec<Grown> = (0..FOLDS).map(|part| parts.grow(|other| other != part, n_trees, part, seed)).collect();
    let mut wins = Wins::default();
    for (part, grown) in forests.iter().enumerate() {
        wins.add(parts.score(part, grown, None));
    }
    let mut held_out = Wins::default();
    for (part, of_others) in forests.iter().enumerate().skip(1) {
        // The last part's forest is the same as in the cross-validation.
        let grown = (part < FOLDS - 1).then(|| parts.grow(|other| other < part, n_trees, FOLDS + part, seed));
        held_out.add(parts.score(part, grown.as_ref().unwrap_or(of_others), None));
    }
    let p_value = held_out.p_value();
    let low = interval(wins.auc(), m as f64, n as f64).0;
    // Less than guessing is chance, and no sign that the sides are more alike than alike.
    let high = interval(wins.auc().max(0.5), m as f64, n as f64).1;
    let carriers = if p_value <= options.q { carriers(&parts, &forests, reference.0, seed) } else { Vec::new() };
    Ok(DomainClassifier {
        n_reference: n as u64,
        n_current: m as u64,
        n_columns: columns.len() as u64,
        n_trees: n_trees.max(1) as u64,
        n_folds: FOLDS as u64,
        auc: Estimate { value: wins.auc(), low, high, minimum: options.min_auc },
        p_value,
        p_adjusted: p_value,
        verdict: Verdict::NotTested,
        carriers,
    })
}

/// The binned rows, and which part each of them was dealt to. Reference rows come first.
struct Parts<'a> {
    columns: &'a [BinnedColumn],
    n_reference: usize,
    part_of: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn deal(columns: &'a [BinnedColumn], n_reference: usize, n_current: usize, seed: u64) -> Self {
        let mut rng = Rng::new(derive_seed(seed, u64::MAX));
        let mut side = |n: usize| {
            let mut parts: Vec<u8> = (0..n).map(|row| (row % FOLDS) as u8).collect();
            rng.shuffle(&mut parts);
            parts
        };
        let mut part_of = side(n_reference);
        part_of.extend(side(n_current));
        Self { columns, n_reference, part_of }
    }

    fn rows(&self, keep: impl Fn(usize) -> bool) -> Vec<u32> {
        (0..self.part_of.len()).filter(|&row| keep(usize::from(self.part_of[row]))).map(|row| row as u32).collect()
    }

    /// A forest grown on the parts that `keep` names.
    fn grow(&self, keep: impl Fn(usize) -> bool, n_trees: usize, number: usize, seed: u64) -> Grown {
        let rows = self.rows(keep);
        let n_reference = rows.partition_point(|&row| (row as usize) < self.n_reference);
        let (reference, current) = rows.split_at(n_reference);
        Task { columns: self.columns, reference, current }.grow(n_trees, derive_seed(seed, number as u64))
    }

    /// How well a forest tells the rows of a part apart, one column shuffled among them if asked for.
    fn score(&self, part: usize, grown: &Grown, shuffled: Option<(usize, u64)>) -> Wins {
        let rows = self.rows(|other| other == part);
        let pick = |order: &[u32], column: &BinnedColumn| -> Vec<f64> {
            order.iter().map(|&row| f64::from(column.bins[row as usize])).collect()
        };
        let mut values: Vec<Vec<f64>> = self.columns.iter().map(|column| pick(&rows, column)).collect();
        if let Some((column, seed)) = shuffled {
            let mut order = rows.clone();
            Rng::new(derive_seed(seed, part as u64)).shuffle(&mut order);
            values[column] = pick(&order, &self.columns[column]);
        }
        let columns: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let scores = grown.forest.probability_of_columns(&columns);
        let is_current: Vec<bool> = rows.iter().map(|&row| row as usize >= self.n_reference).collect();
        Wins::count(&is_current, &scores)
    }
}

/// The columns whose shuffling costs the forests most.
fn carriers(parts: &Parts<'_>, forests: &[Grown], columns: &[&Column], seed: u64) -> Vec<Carrier> {
    let told = |column: usize| forests.iter().map(|grown| grown.decreases[column]).sum::<f64>();
    let mut candidates: Vec<(usize, f64)> = (0..columns.len()).map(|column| (column, told(column))).collect();
    candidates.retain(|(_, told)| *told > 0.0);
    candidates.sort_by(|a, b| b.1.total_cmp(&a.1));
    candidates.truncate(MAX_CARRIERS);

    let auc = |shuffled: Option<(usize, u64)>| {
        let mut wins = Wins::default();
        for (part, grown) in forests.iter().enumerate() {
            wins.add(parts.score(part, grown, shuffled));
        }
        wins.auc()
    };
    let whole = auc(None);
    let lost = |&(column, _): &(usize, f64)| (column, whole - auc(Some((column, derive_seed(seed, column as u64)))));
    let mut lost: Vec<(usize, f64)> = candidates.iter().map(lost).filter(|(_, lost)| *lost > 0.0).collect();
    lost.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f64 = lost.iter().map(|(_, lost)| lost).sum();
    let carrier = |(column, lost): (usize, f64)| Carrier {
        column: columns[column].name.clone(),
        auc_lost: lost,
        share: lost / total,
    };
    lost.into_iter().map(carrier).collect()
}
