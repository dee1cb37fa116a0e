//! What NannyML 0.13 decides: reference and current data in chunks, a distance of every chunk from the whole reference,
//! and thresholds that the reference's own chunks set.
//!
//! For people who switch, and for those who ask *since when*. A chunk alerts when its distance lies beyond the
//! threshold; a column counts as drifted as soon as one chunk of the current data alerts. That second step is ours:
//! NannyML leaves it to the reader, and so it does with the data as a whole, for which half of the columns are taken here.
//!
//! What is known about these rules, and kept: a chunk of the reference is held against a reference that it is itself a part
//! of, so that the thresholds are a little too narrow; and ten chunks are few to take a standard deviation from: were their
//! distances normal, one quiet chunk in 84 would still lie beyond three of them, and one quiet column in nine would alert
//! somewhere in ten chunks. What is not kept: infinite values are
//! left out here, as everywhere, while NannyML fails on them; a chunk without values never alerts by chi-square, while
//! NannyML repeats the verdict of the chunk before.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::Verdict;
use crate::chunking::{Chunk, ChunkError, Chunking, Chunks};
use crate::data::{Column, Dataset};
use crate::schema::{ColumnSpec, ColumnType};
use crate::stattest::{Current, NotTested, Reference, Tested};

mod categorical;
mod continuous;
mod method;
mod part;
mod present;
mod statistic;
mod threshold;

pub use categorical::{CHI2_ALPHA, CategoricalReference, Distance};
pub use continuous::{Calculation, ContinuousReference, Estimation, MIN_ESTIMATED};
pub use method::{Kind, Method};
pub use statistic::Statistic;
pub use threshold::{OffsetFrom, Threshold, ThresholdError};

use part::{Part, PartValues, parts, whole};
use statistic::FittedStatistic;
use threshold::Bounds;

/// Settings of this judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NannymlOptions"))]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// How reference and current data are split, each by itself.
    pub chunking: Chunking,
    /// The column of timestamps: its order is the rows', and periods are its. It is not judged itself.
    pub timestamp: Option<String>,
    /// The drift methods of columns of numbers.
    pub continuous_methods: Vec<Method>,
    /// The drift methods of all other columns.
    pub categorical_methods: Vec<Method>,
    /// Thresholds by method, where they are not three standard deviations above the mean. Those of chi-square are not
    /// looked at, as upstream.
    #[cfg_attr(test, schemars(extend("propertyNames" = { "$ref": "#/$defs/NannymlMethod" })))]
    pub thresholds: BTreeMap<Method, Threshold>,
    /// Whether large references are estimated by bins.
    pub estimation: Estimation,
    /// Whether data quality (missing, unseen and out-of-range values) is looked at as well.
    pub quality: bool,
    /// Whether summary statistics (mean, standard deviation, median, sum and rows) are looked at as well.
    pub summary: bool,
    /// Thresholds by statistic, where they are not the default ones.
    #[cfg_attr(test, schemars(extend("propertyNames" = { "$ref": "#/$defs/NannymlStatistic" })))]
    pub statistic_thresholds: BTreeMap<Statistic, Threshold>,
    /// Share of drifted columns from which on a data set counts as drifted, 0 to 1.
    pub drift_share: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chunking: Chunking::default(),
            timestamp: None,
            continuous_methods: vec![Method::JensenShannon],
            categorical_methods: vec![Method::JensenShannon],
            thresholds: BTreeMap::new(),
            estimation: Estimation::default(),
            quality: true,
            summary: false,
            statistic_thresholds: BTreeMap::new(),
            drift_share: 0.5,
        }
    }
}

impl Options {
    fn methods(&self, kind: Kind) -> Vec<Method> {
        let methods = match kind {
            Kind::Continuous => &self.continuous_methods,
            Kind::Categorical => &self.categorical_methods,
        };
        methods.iter().copied().filter(|method| method.applies_to(kind)).collect()
    }

    fn bounds(&self, method: Method, reference: &[f64]) -> Bounds {
        if method == Method::Chi2 {
            return Bounds { lower: None, upper: None };
        }
        let threshold = self.thresholds.get(&method).copied().unwrap_or(Threshold::ABOVE);
        Bounds::new(threshold, reference, method.limits())
    }

    fn statistic_bounds(&self, statistic: Statistic, reference: &[f64]) -> Bounds {
        let threshold = self.statistic_thresholds.get(&statistic).copied();
        Bounds::new(threshold.unwrap_or(statistic.default_threshold()), reference, statistic.limits())
    }

    fn statistics(&self) -> impl Iterator<Item = Statistic> {
        let quality = Statistic::QUALITY.into_iter().filter(|_| self.quality);
        quality.chain(Statistic::SUMMARY.into_iter().filter(|_| self.summary))
    }
}

/// What this judge found in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColumnChunks {
    /// What the column was taken for.
    pub kind: Kind,
    /// The drift methods, or why there is none.
    pub drift: Tested<Vec<Measured<Method>>>,
    /// Data quality and summary statistics, those that were asked for. They alert by themselves and do not make a column
    /// count as drifted.
    #[serde(default)]
    pub statistics: Vec<Measured<Statistic>>,
}

impl ColumnChunks {
    /// `drifted` as soon as a chunk of the current data alerts by any drift method, else `stable`.
    pub fn verdict(&self) -> Verdict {
        match &self.drift {
            Tested::Tested(_) if self.n_alerting() > 0 => Verdict::Drifted,
            Tested::Tested(_) => Verdict::Stable,
            Tested::NotTested(_) => Verdict::NotTested,
        }
    }

    /// Chunks of the current data that alert by any drift method.
    pub fn n_alerting(&self) -> u64 {
        self.alerts().filter(|alert| *alert).count() as u64
    }

    /// Chunks of the current data.
    pub fn n_chunks(&self) -> u64 {
        self.alerts().count() as u64
    }

    /// The place of the first chunk of the current data that alerts by any drift method.
    pub fn first_alert(&self) -> Option<usize> {
        self.alerts().position(|alert| alert)
    }

    /// For each chunk of the current data, whether it alerts by any drift method.
    fn alerts(&self) -> impl Iterator<Item = bool> {
        let methods = self.drift.outcome().map_or(&[] as &[_], Vec::as_slice);
        let n_chunks = methods.first().map_or(0, |method| method.current.len());
        (0..n_chunks).map(|i| methods.iter().any(|method| method.current[i].alert))
    }

    fn not_tested(kind: Kind, reason: NotTested) -> Self {
        Self { kind, drift: Tested::NotTested(reason), statistics: Vec::new() }
    }
}

/// A measure of every chunk, with its thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Measured{M}"))]
pub struct Measured<M> {
    /// What was measured.
    pub measure: M,
    /// The lower threshold, where there is one.
    pub lower_threshold: Option<f64>,
    /// The upper threshold, where there is one.
    pub upper_threshold: Option<f64>,
    /// The reference's chunks.
    pub reference: Vec<ChunkValue>,
    /// The current data's chunks.
    pub current: Vec<ChunkValue>,
}

impl<M> Measured<M> {
    fn new(measure: M, bounds: Bounds, reference: Vec<ChunkValue>, current: Vec<ChunkValue>) -> Self {
        let shown = |bound: Option<f64>| bound.filter(|bound| bound.is_finite());
        let (lower_threshold, upper_threshold) = (shown(bounds.lower), shown(bounds.upper));
        Self { measure, lower_threshold, upper_threshold, reference, current }
    }
}

/// One measure of one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChunkValue {
    /// The value; `None` where the chunk has no values to work it out from.
    pub value: Option<f64>,
    /// Whether it lies beyond a threshold.
    pub alert: bool,
    /// The p-value by which chi-square alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// How much the value moves by chance, as one standard deviation, where there is a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling_error: Option<f64>,
}

/// The chunks of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReportChunks {
    /// The reference's, in order.
    pub reference: Vec<Chunk>,
    /// The current data's, in order.
    pub current: Vec<Chunk>,
    /// How many rows each has, where summary statistics were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Measured<Statistic>>,
}

/// A reference in chunks, to hold many data sets against.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    options: Options,
    chunks: Result<Chunks, ChunkError>,
    columns: BTreeMap<String, FittedColumn>,
}

/// One column of the reference.
#[derive(Debug, Clone)]
pub(crate) struct FittedColumn {
    kind: Kind,
    n_reference: u64,
    drift: Result<Vec<FittedMethod>, NotTested>,
    statistics: Vec<(FittedStatistic, Bounds, Vec<ChunkValue>)>,
}

#[derive(Debug, Clone)]
struct FittedMethod {
    method: Method,
    kept: Kept,
    bounds: Bounds,
    reference: Vec<ChunkValue>,
}

#[derive(Debug, Clone)]
enum Kept {
    Continuous(ContinuousReference),
    Categorical(CategoricalReference),
}

impl Fitted {
    /// Splits the reference. Its columns are fitted one by one ([`Fitted::fit_column`]) and put in place
    /// ([`Fitted::with_columns`]), so that the caller decides on how many threads.
    pub(crate) fn split_reference(reference: &Dataset, options: &Options) -> Self {
        let chunks = Chunks::split(reference, options.chunking, options.timestamp.as_deref());
        Self { options: options.clone(), chunks, columns: BTreeMap::new() }
    }

    /// A reference whose rows were not kept: nothing can be held against it, and the report says so.
    pub(crate) fn without_rows(options: &Options) -> Self {
        Self { options: options.clone(), chunks: Err(ChunkError::RowsNotKept), columns: BTreeMap::new() }
    }

    /// Takes from a column of the reference what its methods need; `None` where the reference could not be split.
    pub(crate) fn fit_column(&self, spec: &ColumnSpec, column: &Column) -> Option<FittedColumn> {
        let is_judged = self.options.timestamp.as_deref() != Some(spec.name.as_str());
        let chunks = self.chunks.as_ref().ok().filter(|_| is_judged)?;
        Some(FittedColumn::fit(column, spec, chunks, &self.options))
    }

    /// Puts fitted columns in place, by name.
    pub(crate) fn with_columns(self, columns: impl IntoIterator<Item = (String, FittedColumn)>) -> Self {
        Self { columns: columns.into_iter().collect(), ..self }
    }

    /// Splits the current data; without their rows there are no chunks.
    pub(crate) fn split(&self, current: Option<&Dataset>) -> Comparison<'_> {
        let split = |data| Chunks::split(data, self.options.chunking, self.options.timestamp.as_deref());
        let chunks = current.map_or(Err(ChunkError::RowsNotKept), split);
        Comparison { fitted: self, chunks }
    }
}

/// A reference with current data that have been split.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    fitted: &'a Fitted,
    chunks: Result<Chunks, ChunkError>,
}

impl Comparison<'_> {
    /// The chunks of both sides; `None` where one could not be split.
    pub(crate) fn chunks(&self) -> Option<ReportChunks> {
        let reference = self.fitted.chunks.as_ref().ok()?.chunks().to_vec();
        let current = self.chunks.as_ref().ok()?.chunks().to_vec();
        let options = &self.fitted.options;
        let rows = options.summary.then(|| {
            let rows: Vec<f64> = reference.iter().map(|chunk| chunk.rows as f64).collect();
            let bounds = options.statistic_bounds(Statistic::RowsCount, &rows);
            let look = |chunk: &Chunk| {
                let value = chunk.rows as f64;
                let alert = Statistic::RowsCount.alerts(value, bounds);
                ChunkValue { value: Some(value), alert, p_value: None, sampling_error: None }
            };
            let [reference, current] = [&reference, &current].map(|chunks| chunks.iter().map(look).collect());
            Measured::new(Statistic::RowsCount, bounds, reference, current)
        });
        Some(ReportChunks { reference, current, rows })
    }

    /// Judges one column.
    pub(crate) fn judge(&self, spec: &ColumnSpec, current: Option<&Column>) -> ColumnChunks {
        let by_spec = if spec.column_type == ColumnType::Numerical { Kind::Continuous } else { Kind::Categorical };
        let declined = |kind, reason| ColumnChunks::not_tested(kind, reason);
        let problem = |problem: &ChunkError| NotTested::NotChunked { problem: problem.clone() };
        if self.fitted.options.timestamp.as_deref() == Some(spec.name.as_str()) {
            return declined(by_spec, problem(&ChunkError::OrdersTheRows));
        }
        let chunks = match (&self.fitted.chunks, &self.chunks) {
            (Ok(_), Ok(chunks)) => chunks,
            (Err(error), _) | (_, Err(error)) => return declined(by_spec, problem(error)),
        };
        let Some(fitted) = self.fitted.columns.get(&spec.name) else {
            return declined(by_spec, NotTested::AbsentInReference);
        };
        match current {
            None => declined(fitted.kind, NotTested::AbsentInCurrent),
            Some(column) => fitted.judge(&parts(column, fitted.kind, chunks)),
        }
    }
}

impl FittedColumn {
    fn fit(column: &Column, spec: &ColumnSpec, chunks: &Chunks, options: &Options) -> Self {
        let kind = Kind::of(column, spec);
        let (reference, parts) = (whole(column, kind), parts(column, kind, chunks));
        let methods = options.methods(kind);
        let drift = if methods.is_empty() {
            Err(NotTested::TypeNotCovered { column_type: spec.column_type })
        } else {
            methods.into_iter().map(|method| FittedMethod::fit(method, &reference, &parts, options)).collect()
        };
        let statistics = options.statistics().filter(|statistic| statistic.applies_to(kind));
        let statistics = statistics.filter_map(|statistic| {
            let fitted = FittedStatistic::fit(statistic, &reference)?;
            let values: Vec<f64> = parts.iter().map(|part| fitted.measure(part).0).collect();
            let bounds = options.statistic_bounds(statistic, &values);
            let reference = parts.iter().map(|part| fitted.look(part, bounds)).collect();
            Some((fitted, bounds, reference))
        });
        Self { kind, n_reference: reference.n(), drift, statistics: statistics.collect() }
    }

    fn judge(&self, parts: &[Part]) -> ColumnChunks {
        let drift = match &self.drift {
            Err(reason) => Err(reason.clone()),
            Ok(_) if parts.iter().any(|part| matches!(part.values, PartValues::OtherThanNumbers)) => {
                let (reference, current) = (ColumnType::Numerical, ColumnType::Categorical);
                Err(NotTested::TypeMismatch { reference, current })
            }
            Ok(_) if parts.iter().all(|part| part.n() == 0) => {
                Err(NotTested::Empty { n_reference: self.n_reference, n_current: 0 })
            }
            Ok(methods) => Ok(methods.iter().map(|method| method.judge(parts)).collect()),
        };
        let statistics = self.statistics.iter().map(|(fitted, bounds, reference)| {
            let current = parts.iter().map(|part| fitted.look(part, *bounds)).collect();
            Measured::new(fitted.statistic, *bounds, reference.clone(), current)
        });
        ColumnChunks { kind: self.kind, drift: drift.into(), statistics: statistics.collect() }
    }
}

impl FittedMethod {
    fn fit(method: Method, reference: &Part, parts: &[Part], options: &Options) -> Result<Self, NotTested> {
        let kept = match &reference.values {
            PartValues::Numbers { sorted, .. } => {
                Kept::Continuous(ContinuousReference::fit(method, Reference(sorted), options.estimation)?)
            }
            PartValues::Categories(counts) => Kept::Categorical(CategoricalReference::fit(method, Reference(counts))?),
            PartValues::OtherThanNumbers => return Err(NotTested::Empty { n_reference: 0, n_current: 0 }),
        };
        let distances: Vec<Option<Distance>> = parts.iter().map(|part| kept.measure(part)).collect();
        let values: Vec<f64> = distances.iter().map(|found| found.map_or(f64::NAN, |found| found.value)).collect();
        let bounds = options.bounds(method, &values);
        let reference = distances.into_iter().map(|found| look(method, found, bounds)).collect();
        Ok(Self { method, kept, bounds, reference })
    }

    fn judge(&self, parts: &[Part]) -> Measured<Method> {
        let current = parts.iter().map(|part| look(self.method, self.kept.measure(part), self.bounds)).collect();
        Measured::new(self.method, self.bounds, self.reference.clone(), current)
    }
}

impl Kept {
    fn measure(&self, part: &Part) -> Option<Distance> {
        match (self, &part.values) {
            (Self::Continuous(reference), PartValues::Numbers { sorted, .. }) => {
                reference.measure(Current(sorted)).map(|value| Distance { value, p_value: None })
            }
            (Self::Categorical(reference), PartValues::Categories(counts)) => reference.measure(Current(counts)),
            _ => None,
        }
    }
}

/// Whether a chunk at this distance alerts.
fn look(method: Method, found: Option<Distance>, bounds: Bounds) -> ChunkValue {
    let Some(Distance { value, p_value }) = found else {
        return ChunkValue { value: None, alert: false, p_value: None, sampling_error: None };
    };
    let alert = match (method, p_value) {
        (Method::Chi2, Some(p)) => p < CHI2_ALPHA,
        _ => bounds.are_left_by(value),
    };
    ChunkValue { value: Some(value).filter(|value| value.is_finite()), alert, p_value, sampling_error: None }
}

#[cfg(test)]
mod tests;
