//! Reference and current data in, report out.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::embeddings::ReferenceRows;
use super::{
    ColumnReport, DatetimeReport, Distribution, DriftReport, GroupVerdict, Input, SCHEMA_VERSION, SideSummary, sentence,
};
use crate::data::{Column, Dataset, Values};
use crate::judge::{Calibrated, Settings, calibrated, evidently, nannyml};
use crate::multivariate::{self, MultivariateReport};
use crate::parallel;
use crate::profile::ColumnProfile;
use crate::profile::datetime::DatetimeProfile;
use crate::quality::{ColumnQuality, Quality, QualityReport, TableFacts};
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use crate::stattest::ks::{self, Walked};
use crate::stattest::{Current, NotTested, Reference, Tested, serial_dependence, wasserstein};

/// A data set with what a report says about where it came from.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// What a person calls it: a file name, or a window of the log.
    pub label: &'a str,
    /// The rows.
    pub data: &'a Dataset,
    /// SHA-256 of the file, where there was one.
    pub sha256: Option<String>,
}

impl Source<'_> {
    fn input(&self) -> Input {
        Input { label: self.label.to_owned(), rows: self.data.n_rows() as u64, sha256: self.sha256.clone() }
    }
}

/// How far a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Columns compared.
    pub done: usize,
    /// Columns in all.
    pub total: usize,
}

/// Called after each column, from any of the threads.
#[cfg(feature = "parallel")]
pub type OnProgress<'a> = dyn Fn(Progress) + Sync + 'a;
/// Called after each column.
#[cfg(not(feature = "parallel"))]
pub type OnProgress<'a> = dyn Fn(Progress) + 'a;

/// Compares current data with a reference. Types and roles are the schema's.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::judge::{Settings, Verdict};
/// use tidemark::report::{Source, compare};
/// use tidemark::schema::{Schema, SchemaOverrides};
/// use tidemark::stattest::{Current, Reference};
///
/// let rows = |shift: u32| (0..500).fold("x\n".to_owned(), |csv, i| format!("{csv}{}.5\n", (i * 37) % 500 + shift));
/// let (reference, current) = (csv::read(rows(0).as_bytes()).unwrap(), csv::read(rows(200).as_bytes()).unwrap());
/// let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
/// let report = compare(
///     Reference(Source { label: "training", data: &reference, sha256: None }),
///     Current(Source { label: "today", data: &current, sha256: None }),
///     &schema,
///     &Settings::default(),
/// );
/// assert_eq!(report.columns[0].calibrated.verdict, Verdict::Drifted);
/// ```
pub fn compare(
    reference: Reference<Source<'_>>,
    current: Current<Source<'_>>,
    schema: &Schema,
    settings: &Settings,
) -> DriftReport {
    compare_with_progress(reference, current, schema, settings, &|_| {})
}

/// [`compare`], telling how far it has come.
pub fn compare_with_progress(
    reference: Reference<Source<'_>>,
    current: Current<Source<'_>>,
    schema: &Schema,
    settings: &Settings,
    on_progress: &OnProgress<'_>,
) -> DriftReport {
    let tables = (Reference(reference.0.data), Current(current.0.data));
    let multivariate =
        settings.multivariate.as_ref().map(|options| multivariate::compare(tables.0, tables.1, schema, options));
    let data = reference.0.data;
    let mut fitted = FittedReference::without_profiles(reference.0.input(), schema);
    fitted = fitted.with_embeddings(settings, |name| data.column(name));
    if settings.quality != Quality::Off {
        fitted.table = Some(TableFacts::examine(data, fitted.specs(), settings.quality));
    }
    if let Some(options) = settings.nannyml_if_asked() {
        fitted = fitted.with_chunks(data, &options);
    }
    // Both sides of a column are sorted one after the other and forgotten with it: they meet in the cache, and no more of them
    // lies in memory than columns are being compared.
    let profiles = |place: usize| {
        let spec = &fitted.columns[place].0;
        data.column(&spec.name).map(|column| Cow::Owned(Profiles::of(column, spec)))
    };
    fitted.report(current, &[], settings, multivariate, &profiles, on_progress)
}

/// A reference whose profiles are taken once, to be held against many windows.
#[derive(Debug, Clone)]
pub struct FittedReference {
    input: Input,
    columns: Vec<(ColumnSpec, Option<Profiles>)>,
    rows: ReferenceRows,
    /// What only whole rows tell; `None` where the columns did not lie in one table.
    table: Option<TableFacts>,
    nannyml: Option<nannyml::Fitted>,
}

/// What is known of one side of a column: the values as they were read, and the moments that they name.
#[derive(Debug, Clone)]
struct Profiles {
    values: ColumnProfile,
    /// Of a datetime column.
    datetimes: Option<DatetimeProfile>,
    /// About how many neighbouring rows of a numerical column are worth one independent row, where they depend on each other.
    autocorrelation_time: Option<f64>,
}

impl Profiles {
    fn of(column: &Column, spec: &ColumnSpec) -> Self {
        let read = if spec.is_declared { DatetimeProfile::of_declared } else { DatetimeProfile::of };
        let datetimes = (spec.column_type == ColumnType::Datetime).then(|| read(column));
        let values = ColumnProfile::of(column);
        let autocorrelation_time = match (&column.values, values.sorted()) {
            (Values::Numbers(numbers), Some(sorted)) if spec.column_type == ColumnType::Numerical => {
                serial_dependence::autocorrelation_time(numbers.as_slice(), sorted)
            }
            _ => None,
        };
        Self { values, datetimes, autocorrelation_time }
    }

    const fn side(&self) -> calibrated::Side<'_> {
        calibrated::Side { profile: &self.values, autocorrelation_time: self.autocorrelation_time }
    }
}

impl FittedReference {
    /// Takes the profile of every column of the schema that is not ignored.
    pub fn fit(reference: Reference<Source<'_>>, schema: &Schema) -> Self {
        let data = reference.0.data;
        let mut fitted = Self::fit_columns(reference.0.input(), schema, |name| data.column(name));
        fitted.table = Some(TableFacts::examine(data, fitted.specs(), Quality::Columns));
        fitted
    }

    fn specs(&self) -> impl Iterator<Item = &ColumnSpec> {
        self.columns.iter().map(|(spec, _)| spec)
    }

    /// The same for columns that do not lie in one table, and may differ in length: a model's features come with all its
    /// training rows, its predictions with those that were held back.
    pub fn fit_columns<'a>(input: Input, schema: &Schema, column: impl Fn(&str) -> Option<&'a Column> + Sync) -> Self {
        let mut fitted = Self::without_profiles(input, schema);
        fitted.columns = parallel::map_owned(fitted.columns, |(spec, _)| {
            let profiles = column(&spec.name).map(|column| Profiles::of(column, &spec));
            (spec, profiles)
        });
        fitted
    }

    /// A reference whose columns are named, and not looked at.
    fn without_profiles(input: Input, schema: &Schema) -> Self {
        let specs = schema.columns.iter().filter(|spec| spec.role != ColumnRole::Ignored);
        let columns = specs.map(|spec| (spec.clone(), None)).collect();
        Self { input, columns, rows: ReferenceRows::default(), table: None, nannyml: None }
    }

    /// Keeps, besides the profiles, the rows of the embeddings in `settings`. Without them an embedding is absent in the
    /// reference.
    #[must_use]
    pub fn with_embeddings<'a>(self, settings: &Settings, column: impl Fn(&str) -> Option<&'a Column>) -> Self {
        Self { rows: ReferenceRows::of(settings.evidently.embeddings.values(), column), ..self }
    }

    /// The same with the reference's rows in chunks, for the nannyml judge.
    #[must_use]
    pub fn with_chunks(self, reference: &Dataset, options: &nannyml::Options) -> Self {
        let split = nannyml::Fitted::split_reference(reference, options);
        let columns = parallel::map(&self.columns, |(spec, _)| {
            let fitted = split.fit_column(spec, reference.column(&spec.name)?)?;
            Some((spec.name.clone(), fitted))
        });
        Self { nannyml: Some(split.with_columns(columns.into_iter().flatten())), ..self }
    }

    /// Compares one window with the reference. `importances` says how much the model relies on each feature, 0 to 1.
    ///
    /// Profiles hold no rows, so the columns are not taken together here, whatever `settings` say: see
    /// [`multivariate::compare`].
    pub fn compare(
        &self,
        current: Current<Source<'_>>,
        importances: &[(String, f64)],
        settings: &Settings,
        on_progress: &OnProgress<'_>,
    ) -> DriftReport {
        let profiles = |place: usize| self.columns[place].1.as_ref().map(Cow::Borrowed);
        self.report(current, importances, settings, None, &profiles, on_progress)
    }

    /// `profiles` are those of the reference's column at a place.
    fn report<'a>(
        &self,
        current: Current<Source<'_>>,
        importances: &[(String, f64)],
        settings: &Settings,
        multivariate: Option<MultivariateReport>,
        profiles: &(impl Fn(usize) -> Option<Cow<'a, Profiles>> + Sync),
        on_progress: &OnProgress<'_>,
    ) -> DriftReport {
        let source = current.0;
        let total = self.columns.len();
        let done = AtomicUsize::new(0);
        let rows_not_kept = settings.nannyml_if_asked().map(|options| nannyml::Fitted::without_rows(&options));
        let chunks = self.nannyml.as_ref().or(rows_not_kept.as_ref()).map(|fitted| fitted.split(source.data));
        let places: Vec<usize> = (0..total).collect();
        let compared = parallel::map(&places, |&place| {
            let (spec, reference) = (&self.columns[place].0, profiles(place));
            let (mut report, quality) = compare_column(spec, reference.as_deref(), source.data, settings);
            report.nannyml = chunks.as_ref().map(|chunks| chunks.judge(spec, source.data.column(&spec.name)));
            report.importance = importances.iter().find(|(name, _)| *name == spec.name).map(|(_, share)| *share);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            on_progress(Progress { done, total });
            (report, quality)
        });
        let (mut columns, quality): (Vec<_>, Vec<_>) = compared.into_iter().unzip();
        let quality = (settings.quality != Quality::Off).then(|| {
            let table = TableFacts::examine(source.data, self.specs(), settings.quality);
            let columns = quality.into_iter().flatten().collect();
            QualityReport::of(settings.quality, columns, Reference(self.table.as_ref()), Current(Some(&table)))
        });
        let mut verdicts: Vec<_> = columns.iter_mut().map(|column| &mut column.calibrated).collect();
        calibrated::settle(&mut verdicts, &settings.calibrated);
        for column in &mut columns {
            column.why_they_differ = sentence::why_they_differ(column);
        }
        let data = GroupVerdict::of(&columns, settings, settings.judge, false);
        let has_predictions = columns.iter().any(|column| column.role == ColumnRole::Prediction);
        let predictions = has_predictions.then(|| GroupVerdict::of(&columns, settings, settings.judge, true));
        let embeddings = settings.evidently.embeddings.iter();
        let embeddings = embeddings.map(|(name, how)| self.rows.compare(name, how, source.data)).collect();
        let sentence = sentence::whole(&columns, &data, predictions.as_ref(), multivariate.as_ref(), settings);
        DriftReport {
            schema_version: SCHEMA_VERSION,
            tidemark_version: crate::VERSION.to_owned(),
            settings: settings.clone(),
            reference: self.input.clone(),
            current: source.input(),
            data,
            predictions,
            sentence,
            columns,
            embeddings,
            multivariate,
            quality,
            expectations: None,
            chunks: chunks.and_then(|chunks| chunks.chunks()),
        }
    }
}

fn compare_column(
    spec: &ColumnSpec,
    reference: Option<&Profiles>,
    current: &Dataset,
    settings: &Settings,
) -> (ColumnReport, Option<ColumnQuality>) {
    let current_column = current.column(&spec.name);
    let current = current_column.map(|column| Profiles::of(column, spec));
    let summary = |side: Option<&Profiles>| side.map_or_else(SideSummary::default, |side| side.values.summary());
    let (reference_summary, current_summary) = (summary(reference), summary(current.as_ref()));
    let (evidently, found) = match (reference, &current, current_column) {
        (Some(reference), Some(current), Some(column)) => {
            let sides = (Reference(&reference.values), Current(&current.values));
            let evidently_type = match spec.is_declared {
                true => spec.column_type,
                false => settings.evidently.typing.column_type(spec.role, sides.0, sides.1, column),
            };
            // What every report asks about numbers comes from one walk through both sides.
            let walked = match (reference.values.sorted(), current.values.sorted()) {
                (Some(a), Some(b)) if spec.column_type == ColumnType::Numerical => {
                    ks::walk(Reference(a), Current(b)).ok()
                }
                _ => None,
            };
            let wasserstein =
                walked.zip(reference_summary.std).map(|(walked, std)| wasserstein::normed_by(walked.area, std));
            let options = &settings.evidently;
            let evidently =
                evidently::judge_knowing(&spec.name, evidently_type, sides.0, sides.1, wasserstein, options);
            (evidently.into(), Found::of(spec.column_type, reference, current, walked.as_ref(), settings))
        }
        _ => {
            let reason = if reference.is_none() { NotTested::AbsentInReference } else { NotTested::AbsentInCurrent };
            let calibrated = calibrated::absent(reason.clone());
            (Tested::NotTested(reason), Found { calibrated, distribution: Distribution::Empty, datetime: None })
        }
    };
    let current = current.as_ref();
    let quality = (settings.quality != Quality::Off).then(|| {
        let reference = reference.map(|side| (&side.values, &reference_summary));
        let current = current.map(|side| (&side.values, &current_summary));
        ColumnQuality::of(spec, Reference(reference), Current(current))
    });
    let report = ColumnReport {
        name: spec.name.clone(),
        role: spec.role,
        column_type: spec.column_type,
        reference: reference_summary,
        current: current_summary,
        evidently,
        calibrated: found.calibrated,
        why_they_differ: None,
        importance: None,
        distribution: found.distribution,
        datetime: found.datetime,
        nannyml: None,
    };
    (report, quality)
}

/// What the calibrated judge found in a column, and what it looks like.
struct Found {
    calibrated: Calibrated,
    distribution: Distribution,
    datetime: Option<Box<DatetimeReport>>,
}

impl Found {
    fn of(
        column_type: ColumnType,
        reference: &Profiles,
        current: &Profiles,
        walked: Option<&Walked>,
        settings: &Settings,
    ) -> Self {
        if let (Some(a), Some(b)) = (&reference.datetimes, &current.datetimes) {
            let reference = Reference(calibrated::datetime::Side { column: &reference.values, datetimes: a });
            let current = Current(calibrated::datetime::Side { column: &current.values, datetimes: b });
            let (calibrated, report) = calibrated::datetime::examine(reference, current, &settings.calibrated);
            return Self { calibrated, distribution: report.distribution(), datetime: Some(Box::new(report)) };
        }
        let is_numerical = column_type == ColumnType::Numerical;
        let distribution = Distribution::of(&reference.values, &current.values, is_numerical);
        let sides = (Reference(reference.side()), Current(current.side()));
        let calibrated = calibrated::examine(column_type, sides.0, sides.1, walked, &settings.calibrated);
        Self { calibrated, distribution, datetime: None }
    }
}
