//! Multivariate drift: did the columns change taken together, even where each by itself looks as before?
//!
//! Three looks at the rows of both sides. The [domain classifier](domain_classifier) asks whether a forest can tell
//! current rows from reference rows at all: it sees any change, and says by which columns. The [reconstruction
//! error](reconstruction) asks whether current rows fit the directions in which the reference's columns vary together.
//! The [change of correlations](correlation_change) names the pairs that hang together otherwise.
//!
//! They need rows, not profiles, and they cost more than all the rest of a report, so they are asked for by
//! [`Settings::multivariate`](crate::judge::Settings).

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use crate::data::{Column, Dataset, Values};
use crate::judge::Verdict;
use crate::judge::calibrated::benjamini_hochberg;
use crate::random::{Rng, derive_seed};
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use crate::stattest::{Current, NotTested, Reference, Tested};

mod auc;
mod bins;
mod categories;
pub mod correlation;
pub mod correlation_change;
pub mod domain_classifier;
pub mod eigen;
mod encode;
mod grow;
mod pca;
pub mod reconstruction;
mod sample;
mod sentence;

pub use correlation::{CorrelationDifference, CorrelationEstimate, CorrelationKind};
pub use correlation_change::{CorrelationChange, PairChange};
pub use domain_classifier::{Carrier, DomainClassifier};
pub use reconstruction::{ErrorBand, ErrorOfChunk, Reconstruction, ReconstructionModel};

/// Rows that a side has at least.
pub const MIN_ROWS: u64 = 50;

/// Values that the domain classifier looks at, at most: with very many columns it takes fewer rows.
const MAX_VALUES: usize = 20_000_000;

/// Settings of the three tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MultivariateOptions"))]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Share of false alarms among what is called real, 0 to 1.
    pub q: f64,
    /// Rows of each side that the domain classifier and the correlations look at, at most; drawn at random from more.
    /// The reconstruction error looks at all.
    pub max_rows: u64,
    /// Columns that the reconstruction error and the correlations take, at most: the first ones. The domain classifier
    /// takes all.
    pub max_columns: u64,
    /// Trees of each forest.
    pub n_trees: u64,
    /// The area under the ROC curve from which on telling the sides apart matters, 0.5 to 1.
    pub min_auc: f64,
    /// Share of the variance that the principal components kept have to explain, 0 to 1.
    pub explained: f64,
    /// Chunks that the reference is cut into; the current data are cut into chunks of the same size.
    pub n_chunks: u64,
    /// Minimum gap between the distribution functions of the reconstruction errors, 0 to 1.
    pub min_gap: f64,
    /// Which correlation coefficient.
    pub correlation: CorrelationKind,
    /// Minimum change of a coefficient, 0 to 2.
    pub min_correlation_difference: f64,
    /// Decides every random choice. `None`: the data decide.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            q: 0.05,
            max_rows: 10_000,
            max_columns: 100,
            n_trees: 50,
            min_auc: 0.55,
            explained: 0.65,
            n_chunks: 10,
            min_gap: 0.1,
            correlation: CorrelationKind::Spearman,
            min_correlation_difference: 0.1,
            seed: None,
        }
    }
}

/// What all columns taken together say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MultivariateReport {
    /// The whole in plain English.
    pub sentence: String,
    /// Whether any of the three found drift.
    pub drifted: bool,
    /// Columns that could be taken together: features, and the target where it is known.
    pub n_columns: u64,
    /// Columns that could not, and why.
    pub left_out: Vec<LeftOut>,
    /// The seed of every random choice, in hexadecimal.
    pub seed: String,
    /// Can a forest tell the sides apart?
    pub classifier: Tested<DomainClassifier>,
    /// Do current rows fit the reference's principal components?
    pub reconstruction: Tested<Reconstruction>,
    /// Did the correlation of two columns change?
    pub correlation: Tested<CorrelationChange>,
}

/// A column that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeftOut {
    /// The column.
    pub column: String,
    /// Why.
    pub reason: NotTested,
}

/// A number with its 95% interval, and the smallest one that matters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower 95% confidence limit.
    pub low: f64,
    /// Upper 95% confidence limit.
    pub high: f64,
    /// The smallest value that matters.
    pub minimum: f64,
}

impl Estimate {
    /// What a significant or insignificant test and this size add up to.
    fn verdict(&self, is_significant: bool) -> Verdict {
        match (is_significant, self.value >= self.minimum) {
            (true, true) => Verdict::Drifted,
            (true, false) => Verdict::Minor,
            (false, _) if self.high < self.minimum => Verdict::Stable,
            (false, _) => Verdict::NotEnoughData,
        }
    }
}

/// Looks at all features and targets of the schema together, in the three ways of this module.
///
/// Of each test's finding `p_adjusted` is its p-value after Benjamini-Hochberg over the three; it is `drifted` when
/// that is at most `q` and the size found reaches its minimum. Left out are predictions, text columns, columns that one
/// side lacks or holds other values in, columns without a value on a side, and columns that are one value on both
/// sides.
///
/// Rows of one side have to be exchangeable for the p-values to hold: with rows that hang together in time, chance
/// alone makes two stretches differ.
///
/// ```
/// use tidemark::data::{Column, Dataset};
/// use tidemark::multivariate::{Options, compare};
/// use tidemark::schema::{Schema, SchemaOverrides};
/// use tidemark::stattest::{Current, Reference};
///
/// let x = |sign: f64| (0..400).map(|i| sign * f64::from(i * 7 % 100 - 50) + f64::from(i % 9) / 10.0).collect();
/// let table = |sign| Dataset::new(vec![Column::numbers("x", x(1.0)), Column::numbers("y", x(sign))]).unwrap();
/// let (reference, current) = (table(1.0), table(-1.0));
/// let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
/// let report = compare(Reference(&reference), Current(&current), &schema, &Options::default());
/// assert!(report.drifted, "{}", report.sentence);
/// ```
pub fn compare(
    reference: Reference<&Dataset>,
    current: Current<&Dataset>,
    schema: &Schema,
    options: &Options,
) -> MultivariateReport {
    let (columns, left_out) = choose(reference, current, schema);
    let sides: [Vec<&Column>; 2] = [0, 1].map(|side| columns.iter().map(|chosen| chosen.sides[side]).collect());
    let seed = options.seed.unwrap_or_else(|| sample::seed_of(sides.iter().flatten().copied()));

    let limit = (options.max_rows as usize).min(MAX_VALUES / (2 * columns.len().max(1)));
    let sampled = [0, 1].map(|side| sampled(&sides[side], limit, derive_seed(seed, side as u64)));
    let [a, b] = &sampled;
    let (a, b): (Vec<&Column>, Vec<&Column>) =
        (a.iter().map(AsRef::as_ref).collect(), b.iter().map(AsRef::as_ref).collect());

    let n_seen = columns.len().min(crate::forest::MAX_FEATURES);
    let types: Vec<ColumnType> = columns.iter().take(n_seen).map(|chosen| chosen.column_type).collect();
    let seed_of = |test: u64| derive_seed(seed, 2 + test);
    let classifier =
        domain_classifier::test(&types, Reference(&a[..n_seen]), Current(&b[..n_seen]), options, seed_of(0));

    let n_taken = columns.len().min(options.max_columns as usize);
    let taken = [&sides[0][..n_taken], &sides[1][..n_taken]];
    let reconstruction = reconstruction::test(Reference(taken[0]), Current(taken[1]), options, seed_of(1));

    let is_number = |columns: &[&Column], i: usize| matches!(columns[i].values, Values::Numbers(_));
    let numerical = |i: &usize| columns[*i].column_type == ColumnType::Numerical && is_number(&a, *i);
    let numerical: Vec<usize> = (0..columns.len()).filter(numerical).collect();
    let pick = |columns: &[&'_ Column]| numerical.iter().map(|&i| columns[i].clone()).collect::<Vec<Column>>();
    let (a, b) = (pick(&a), pick(&b));
    let (a, b): (Vec<&Column>, Vec<&Column>) = (a.iter().collect(), b.iter().collect());
    let correlation = correlation_change::test(Reference(&a), Current(&b), options);

    let mut report = MultivariateReport {
        sentence: String::new(),
        drifted: false,
        n_columns: columns.len() as u64,
        left_out,
        seed: format!("{seed:016x}"),
        classifier: classifier.into(),
        reconstruction: reconstruction.into(),
        correlation: correlation.into(),
    };
    settle(&mut report, options.q);
    report.sentence = sentence::of(&report);
    report
}

/// What can be said where there are profiles and no rows: nothing, and why.
pub(crate) fn without_rows(specs: &[&ColumnSpec], options: &Options) -> MultivariateReport {
    let is_looked_at = |spec: &&&ColumnSpec| matches!(spec.role, ColumnRole::Feature | ColumnRole::Target);
    let left_out = |spec: &&ColumnSpec| LeftOut { column: spec.name.clone(), reason: NotTested::RowsNotKept };
    let mut report = MultivariateReport {
        sentence: String::new(),
        drifted: false,
        n_columns: 0,
        left_out: specs.iter().filter(is_looked_at).map(left_out).collect(),
        seed: format!("{:016x}", options.seed.unwrap_or(0)),
        classifier: Tested::NotTested(NotTested::RowsNotKept),
        reconstruction: Tested::NotTested(NotTested::RowsNotKept),
        correlation: Tested::NotTested(NotTested::RowsNotKept),
    };
    report.sentence = sentence::of(&report);
    report
}

/// A column that both sides have, with values that can be held against each other.
struct Chosen<'a> {
    column_type: ColumnType,
    sides: [&'a Column; 2],
}

fn choose<'a>(
    reference: Reference<&'a Dataset>,
    current: Current<&'a Dataset>,
    schema: &Schema,
) -> (Vec<Chosen<'a>>, Vec<LeftOut>) {
    let (mut chosen, mut left_out) = (Vec::new(), Vec::new());
    let is_looked_at = |spec: &&ColumnSpec| matches!(spec.role, ColumnRole::Feature | ColumnRole::Target);
    // Looking a name up takes as long as there are columns.
    let by_name = |data: &'a Dataset| -> std::collections::BTreeMap<&'a str, &'a Column> {
        data.columns().iter().map(|column| (column.name.as_str(), column)).collect()
    };
    let (reference, current) = (by_name(reference.0), by_name(current.0));
    for spec in schema.columns.iter().filter(is_looked_at) {
        let name = spec.name.as_str();
        match usable(spec.column_type, reference.get(name).copied(), current.get(name).copied()) {
            Ok(sides) => chosen.push(Chosen { column_type: spec.column_type, sides }),
            Err(reason) => left_out.push(LeftOut { column: spec.name.clone(), reason }),
        }
    }
    (chosen, left_out)
}

fn usable<'a>(
    column_type: ColumnType,
    reference: Option<&'a Column>,
    current: Option<&'a Column>,
) -> Result<[&'a Column; 2], NotTested> {
    let reference = reference.ok_or(NotTested::AbsentInReference)?;
    let current = current.ok_or(NotTested::AbsentInCurrent)?;
    if column_type == ColumnType::Text {
        return Err(NotTested::TypeNotCovered { column_type });
    }
    let is_number = |column: &Column| matches!(column.values, Values::Numbers(_));
    let [a, b] = [reference, current].map(Present::of);
    if a.n == 0 || b.n == 0 {
        return Err(NotTested::Empty { n_reference: a.n, n_current: b.n });
    }
    if is_number(reference) != is_number(current) {
        return Err(NotTested::TypeMismatch { reference: column_type, current: crate::schema::infer_type(current) });
    }
    if a.is_constant && b.is_constant && a.first == b.first {
        return Err(NotTested::Constant);
    }
    Ok([reference, current])
}

/// What is present in a column.
struct Present<'a> {
    n: u64,
    first: Option<categories::CategoryKey<'a>>,
    /// Nothing is missing, and every value is the first.
    is_constant: bool,
}

impl<'a> Present<'a> {
    fn of(column: &'a Column) -> Self {
        let mut present = Self { n: 0, first: None, is_constant: true };
        for key in categories::categories(&column.values) {
            present.n += u64::from(key.is_some());
            if present.n == 1 && present.first.is_none() {
                present.first = key;
            }
            present.is_constant &= key.is_some() && key == present.first;
        }
        present
    }
}

/// Up to `limit` rows of every column, the same rows of each.
fn sampled<'a>(columns: &[&'a Column], limit: usize, seed: u64) -> Vec<Cow<'a, Column>> {
    let n = columns.first().map_or(0, |column| column.len());
    if n <= limit {
        return columns.iter().map(|column| Cow::Borrowed(*column)).collect();
    }
    let rows = sample::rows(n, limit, &mut Rng::new(seed));
    crate::parallel::map(columns, |column| Cow::Owned(sample::pick(column, &rows)))
}

/// Corrects the three p-values together and reaches the verdicts.
fn settle(report: &mut MultivariateReport, q: f64) {
    let p_values = [
        report.classifier.outcome().map(|found| found.p_value),
        report.reconstruction.outcome().map(|found| found.p_value),
        report.correlation.outcome().map(|found| found.p_value),
    ];
    let mut adjusted = benjamini_hochberg(&p_values.into_iter().flatten().collect::<Vec<_>>()).into_iter();
    let mut next = || adjusted.next().unwrap_or(1.0);
    if let Tested::Tested(found) = &mut report.classifier {
        found.p_adjusted = next();
        found.verdict = found.auc.verdict(found.p_adjusted <= q);
        if found.p_adjusted > q {
            found.carriers.clear();
        }
    }
    if let Tested::Tested(found) = &mut report.reconstruction {
        found.p_adjusted = next();
        found.verdict = found.gap.verdict(found.p_adjusted <= q);
    }
    if let Tested::Tested(found) = &mut report.correlation {
        found.settle(next(), q);
    }
    report.drifted = report.verdicts().contains(&Some(Verdict::Drifted));
}

impl MultivariateReport {
    /// The verdicts of classifier, reconstruction error and correlations, where they could be reached.
    pub fn verdicts(&self) -> [Option<Verdict>; 3] {
        [
            self.classifier.outcome().map(|found| found.verdict),
            self.reconstruction.outcome().map(|found| found.verdict),
            self.correlation.outcome().map(|found| found.verdict),
        ]
    }
}
