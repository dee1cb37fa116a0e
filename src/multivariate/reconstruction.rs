//! The reconstruction error of principal components, as NannyML defines it, and a test of it.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::encode::Encoder;
use super::pca::PrincipalComponents;
use super::{Estimate, MIN_ROWS, Options, sample};
use crate::data::Column;
use crate::judge::Verdict;
use crate::parallel;
use crate::profile::moments;
use crate::random::Rng;
use crate::stattest::{Current, NotTested, Reference, ks};

/// Multiples of the sampling error, and of the standard deviation over the reference's chunks, that make a band.
const BAND: f64 = 3.0;

/// Errors below this, in standard deviations of a column, are rounding.
const ROUNDING: f64 = 1e-9;

/// How columns hang together in the reference: its principal components.
#[derive(Debug, Clone, PartialEq)]
pub struct ReconstructionModel {
    encoders: Vec<Encoder>,
    components: PrincipalComponents,
}

impl ReconstructionModel {
    /// Learns from the reference's columns how they hang together.
    ///
    /// Each column is filled, encoded and standardised: missing numbers by the mean, missing categories by the most
    /// frequent; categories by their share of the reference's rows (0 for one it never had); then mean 0 and standard
    /// deviation 1. Of the principal components as many are kept as explain more than `share` of the variance, at least
    /// one.
    ///
    /// Inputs: columns of equal length, numbers, truth values and strings alike. Numbers are numbers, even if they
    /// stand for kinds. Infinite numbers count as missing. A column without any value counts for nothing.
    ///
    /// # Errors
    /// There is no column or no row, or values are too large to compute with.
    pub fn fit(columns: &[&Column], share: f64) -> Result<Self, NotTested> {
        let n_rows = columns.first().map_or(0, |column| column.len());
        if n_rows == 0 {
            return Err(NotTested::Empty { n_reference: 0, n_current: 0 });
        }
        let encoders =
            parallel::map(columns, |column| Encoder::fit(column)).into_iter().collect::<Result<Vec<_>, _>>()?;
        let encoded = encode(&encoders, columns);
        Ok(Self { encoders, components: PrincipalComponents::fit(&encoded, share) })
    }

    /// Per row the reconstruction error: what is left of the row when its kept components are taken away.
    ///
    /// ```text
    /// e = |z - W' W z|
    /// ```
    /// `z` the encoded and standardised row, `W` the kept components, one per row of the matrix. Columns come in the
    /// order of [`ReconstructionModel::fit`]. From 0 on, in standard deviations of a column. The error grows when
    /// columns no longer hang together as they did, even if each is distributed as before, and shrinks when they hang
    /// together more closely.
    ///
    /// ```
    /// use tidemark::data::Column;
    /// use tidemark::multivariate::ReconstructionModel;
    /// let x = Column::numbers("x", (0..100).map(f64::from).collect());
    /// let falling = Column::numbers("y", (0..100).rev().map(f64::from).collect());
    /// let model = ReconstructionModel::fit(&[&x, &x], 0.65).unwrap();
    /// assert!(model.errors(&[&x, &x]).iter().all(|error| *error < 1e-12));
    /// assert!(model.errors(&[&x, &falling])[0] > 2.0);
    /// ```
    ///
    /// Source: NannyML 0.13.1, `DataReconstructionDriftCalculator`, to 1e-9; Jolliffe, "Principal Component Analysis",
    /// Springer 2002.
    ///
    /// # Panics
    /// When there are not as many columns as the model has.
    pub fn errors(&self, columns: &[&Column]) -> Vec<f64> {
        assert_eq!(columns.len(), self.encoders.len(), "the columns are those that the model knows");
        self.components.errors(&encode(&self.encoders, columns))
    }

    /// Components kept.
    pub const fn n_components(&self) -> usize {
        self.components.n_kept()
    }

    /// Share of the reference's variance that the kept components explain, 0 to 1.
    pub fn explained(&self) -> f64 {
        self.components.explained.iter().take(self.n_components()).sum::<f64>().min(1.0)
    }
}

fn encode(encoders: &[Encoder], columns: &[&Column]) -> Vec<Vec<f64>> {
    let pairs: Vec<_> = encoders.iter().zip(columns).collect();
    parallel::map(&pairs, |(encoder, column)| encoder.encode(column))
}

/// The mean reconstruction error over a chunk of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorOfChunk {
    /// First row, counted from 0.
    pub start: u64,
    /// One past the last row.
    pub end: u64,
    /// Mean reconstruction error.
    pub mean: f64,
    /// Its standard error: the errors' standard deviation (by n - 1) divided by the root of n. `None` for a single row.
    pub sampling_error: Option<f64>,
}

impl ErrorOfChunk {
    /// The chunk `rows` of the rows' `errors`; `None` if it is empty or the errors are too large to add.
    ///
    /// # Panics
    /// When `rows` reaches past the end.
    pub fn of(errors: &[f64], rows: Range<usize>) -> Option<Self> {
        let (start, end) = (rows.start as u64, rows.end as u64);
        let errors = &errors[rows];
        if errors.is_empty() {
            return None;
        }
        let n = errors.len() as f64;
        let (mean, std) = moments(errors);
        let sampling_error = (n > 1.0).then(|| std / (n - 1.0).sqrt());
        let is_finite = mean.is_finite() && sampling_error.is_none_or(f64::is_finite);
        is_finite.then_some(Self { start, end, mean, sampling_error })
    }

    /// Lower and upper limit: three sampling errors away, the lower one not below 0.
    pub fn limits(&self) -> Option<(f64, f64)> {
        self.sampling_error.map(|error| ((self.mean - BAND * error).max(0.0), self.mean + BAND * error))
    }
}

/// The band in which the chunks of the reference lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorBand {
    /// Three standard deviations (by n) of the reference's chunks below their mean. `None` where that is not above 0.
    pub low: Option<f64>,
    /// Three standard deviations above.
    pub high: f64,
}

impl ErrorBand {
    /// The band of the reference's chunks; `None` without one.
    pub fn of(reference: &[ErrorOfChunk]) -> Option<Self> {
        if reference.is_empty() {
            return None;
        }
        let means: Vec<f64> = reference.iter().map(|chunk| chunk.mean).collect();
        let (mean, std) = moments(&means);
        Some(Self { low: Some(mean - BAND * std).filter(|low| *low > 0.0), high: mean + BAND * std })
    }

    /// Whether a chunk lies outside, or on the border: NannyML's rule for an alert.
    pub fn is_left_by(&self, chunk: &ErrorOfChunk) -> bool {
        chunk.mean >= self.high || self.low.is_some_and(|low| chunk.mean <= low)
    }
}

/// What the reconstruction error says about two data sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reconstruction {
    /// Columns that were taken together.
    pub n_columns: u64,
    /// Principal components kept.
    pub n_components: u64,
    /// Share of the reference's variance that they explain, 0 to 1.
    pub explained: f64,
    /// Rows of a chunk.
    pub chunk_size: u64,
    /// The reference in chunks, in row order.
    pub reference: Vec<ErrorOfChunk>,
    /// The current data in chunks, in row order.
    pub current: Vec<ErrorOfChunk>,
    /// The band in which the reference's chunks lie.
    pub band: ErrorBand,
    /// Current chunks outside the band: what NannyML would raise an alert for.
    pub n_alerts: u64,
    /// Mean error of the reference rows that the tested components had not seen.
    pub reference_mean: f64,
    /// Mean error of the current rows by the same components.
    pub current_mean: f64,
    /// Largest gap between the distribution functions of these errors, 0 to 1.
    pub gap: Estimate,
    /// Probability of errors at least as unlike, had nothing changed.
    pub p_value: f64,
    /// The same after Benjamini-Hochberg over the multivariate tests of the report.
    pub p_adjusted: f64,
    /// What significance and size add up to.
    pub verdict: Verdict,
}

/// Whether current rows fit the reference's principal components as well as reference rows do.
///
/// By NannyML's definition: the components are those of the whole reference; the mean error of each chunk of current
/// rows is held against the band `mean ± 3 standard deviations` of the reference's chunks. A chunk has a tenth of the
/// reference's rows unless `options` say otherwise, the last one of a side what remains.
///
/// That rule has no false-alarm rate: its band hangs on ten numbers, and the reference's chunks are held against
/// components that were made from them. Beside it stands a test that has one. The components of one half of the
/// reference, drawn at random, are strangers to the other half and to the current rows alike; if nothing changed, the
/// errors of both come from one distribution, and the two-sample Kolmogorov-Smirnov test of them is exact.
///
/// Inputs: the columns of both sides in one order; see [`ReconstructionModel::fit`]. Score: a p-value, 0 to 1, small
/// speaks for drift, with the largest gap between the errors' distribution functions and its interval. Declines with
/// fewer than [`MIN_ROWS`] rows in half of the reference or in the current data, with fewer than two columns, when the
/// components kept leave nothing over, and when values are too large to compute with.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::multivariate::{Options, reconstruction};
/// use tidemark::stattest::{Current, Reference};
///
/// let x = Column::numbers("x", (0..300).map(|i| f64::from(i * 7 % 100)).collect());
/// let y = Column::numbers("y", (0..300).map(|i| f64::from(i * 7 % 100 + i % 3)).collect());
/// let flipped = Column::numbers("y", (0..300).map(|i| f64::from(99 - i * 7 % 100 + i % 3)).collect());
/// let test = |current: &[&Column]| {
///     reconstruction::test(Reference(&[&x, &y]), Current(current), &Options::default(), 1).unwrap()
/// };
/// assert!(test(&[&x, &flipped]).p_value < 1e-6);
/// assert!(test(&[&x, &y]).p_value > 0.05);
/// ```
///
/// Source: NannyML 0.13.1, `DataReconstructionDriftCalculator`; for the test see [`ks::test`].
///
/// # Errors
/// As above.
pub fn test(
    reference: Reference<&[&Column]>,
    current: Current<&[&Column]>,
    options: &Options,
    seed: u64,
) -> Result<Reconstruction, NotTested> {
    let rows = |columns: &[&Column]| columns.first().map_or(0, |column| column.len());
    let (n, m) = (rows(reference.0), rows(current.0));
    let n_columns = reference.0.len();
    if n_columns < 2 {
        return Err(NotTested::TooFewColumns { found: n_columns as u64, needed: 2 });
    }
    if n < 2 * MIN_ROWS as usize || m < MIN_ROWS as usize {
        return Err(NotTested::TooFew { n_reference: n as u64, n_current: m as u64, needed: 2 * MIN_ROWS });
    }
    let model = ReconstructionModel::fit(reference.0, options.explained)?;
    if model.n_components() >= n_columns {
        return Err(NotTested::NothingLeftOver);
    }
    let size = n.div_ceil(options.n_chunks.max(1) as usize);
    let of_reference = chunks(&model.errors(reference.0), size)?;
    let of_current = chunks(&model.errors(current.0), size)?;
    let band = ErrorBand::of(&of_reference).ok_or(NotTested::NotFinite)?;
    let n_alerts = of_current.iter().filter(|chunk| band.is_left_by(chunk)).count() as u64;
    let held_out = held_out(reference, current, options, seed)?;
    Ok(Reconstruction {
        n_columns: n_columns as u64,
        n_components: model.n_components() as u64,
        explained: model.explained(),
        chunk_size: size as u64,
        reference: of_reference,
        current: of_current,
        band,
        n_alerts,
        reference_mean: held_out.means[0],
        current_mean: held_out.means[1],
        gap: held_out.gap,
        p_value: held_out.p_value,
        p_adjusted: held_out.p_value,
        verdict: Verdict::NotTested,
    })
}

fn chunks(errors: &[f64], size: usize) -> Result<Vec<ErrorOfChunk>, NotTested> {
    let starts = (0..errors.len()).step_by(size);
    let of = |start: usize| ErrorOfChunk::of(errors, start..errors.len().min(start + size));
    starts.map(|start| of(start).ok_or(NotTested::NotFinite)).collect()
}

/// The test by components of one half of the reference.
struct HeldOut {
    means: [f64; 2],
    gap: Estimate,
    p_value: f64,
}

fn held_out(
    reference: Reference<&[&Column]>,
    current: Current<&[&Column]>,
    options: &Options,
    seed: u64,
) -> Result<HeldOut, NotTested> {
    let n = reference.0[0].len();
    let seen = sample::rows(n, n / 2, &mut Rng::new(seed));
    let mut is_seen = vec![false; n];
    seen.iter().for_each(|&row| is_seen[row as usize] = true);
    let unseen: Vec<u32> = (0..n as u32).filter(|&row| !is_seen[row as usize]).collect();

    let half = |rows: &[u32]| parallel::map(reference.0, |column| sample::pick(column, rows));
    let seen = half(&seen);
    let model = ReconstructionModel::fit(&seen.iter().collect::<Vec<_>>(), options.explained)?;
    let unseen = half(&unseen);
    let errors = [model.errors(&unseen.iter().collect::<Vec<_>>()), model.errors(current.0)];
    if errors.iter().flatten().any(|error| !error.is_finite()) {
        return Err(NotTested::NotFinite);
    }
    let means = [moments(&errors[0]).0, moments(&errors[1]).0];
    let [reference, current] = errors.map(|mut errors| {
        errors.iter_mut().filter(|error| **error < ROUNDING).for_each(|error| *error = 0.0);
        errors.sort_unstable_by(f64::total_cmp);
        errors
    });
    let found = ks::test(Reference(&reference), Current(&current), ks::PValue::Fast)?;
    let gap = gap(found.d, reference.len() as f64, current.len() as f64, options.min_gap);
    Ok(HeldOut { means, gap, p_value: found.p_value })
}

/// The largest gap `d` with the 95% band of the scaled Kolmogorov-Smirnov statistic, `sqrt(-ln(0.025) / 2)`.
fn gap(d: f64, n: f64, m: f64, minimum: f64) -> Estimate {
    let half = 1.358_101_5 * ((n + m) / (n * m)).sqrt();
    Estimate { value: d, low: (d - half).max(0.0), high: (d + half).min(1.0), minimum }
}
