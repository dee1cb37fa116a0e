//! Reference and current data in, report out.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::embeddings::ReferenceRows;
use super::{
    ColumnReport, Counted, DatetimeReport, Distribution, DriftReport, EmbeddingReport, GroupVerdict, Input,
    SCHEMA_VERSION, SideSummary, sentence,
};
use crate::data::{Column, Dataset};
use crate::judge::nannyml::{self, ReportChunks};
use crate::judge::{Calibrated, Settings, calibrated, evidently};
use crate::multivariate::{self, MultivariateReport};
use crate::parallel::{self, Shared};
use crate::profile::counts::TableCounts;
use crate::profile::table::{ProfileMismatch, TableProfile, compared};
use crate::profile::{Buffers, ColumnSide};
use crate::quality::{ColumnQuality, Quality, QualityReport, TableFacts};
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use crate::stattest::ks::{self, Walked};
use crate::stattest::{Current, NotTested, Reference, Tested, wasserstein};

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

/// A profile with what a report says about where it came from.
#[derive(Debug, Clone)]
pub struct Profiled<'a> {
    /// What a person calls it: a file name, or a window of the log.
    pub label: &'a str,
    /// What is left of the rows.
    pub profile: &'a TableProfile,
    /// SHA-256 of the file that the rows came from, where there was one.
    pub sha256: Option<String>,
}

impl Profiled<'_> {
    fn input(&self) -> Input {
        Input { label: self.label.to_owned(), rows: self.profile.rows(), sha256: self.sha256.clone() }
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
    let (before, now) = (reference.0.data, current.0.data);
    let multivariate = settings
        .multivariate
        .as_ref()
        .map(|options| multivariate::compare(Reference(before), Current(now), schema, options));
    let specs = compared(schema);
    let nannyml = settings.nannyml_if_asked().map(|options| fit_chunks(before, &specs, &options));
    let comparison = Comparison {
        reference: (reference.0.input(), Side::Rows(before)),
        current: (current.0.input(), Side::Rows(now)),
        specs,
        embeddings: &ReferenceRows::of(settings.evidently.embeddings.values(), |name| before.column(name)),
        nannyml: nannyml.as_ref(),
        importances: &[],
    };
    comparison.report(settings, multivariate, on_progress)
}

/// Compares two profiles. Types and roles are those that the reference was profiled by.
///
/// What takes rows is not tested, and says so.
///
/// # Errors
/// The profiles were taken by different schemas.
pub fn compare_profiles(
    reference: Reference<Profiled<'_>>,
    current: Current<Profiled<'_>>,
    settings: &Settings,
) -> Result<DriftReport, ProfileMismatch> {
    let profile = reference.0.profile;
    let comparison = Comparison {
        reference: (reference.0.input(), Side::Profile(profile)),
        current: (current.0.input(), Side::Profile(current.0.profile)),
        specs: profile.specs().collect(),
        embeddings: &ReferenceRows::default(),
        nannyml: None,
        importances: &[],
    };
    comparison.of_profiles(settings, &|_| {})
}

/// Compares two tables of which the counts are known; the settings ask for nothing that takes rows.
pub(super) fn compare_counted(
    reference: Reference<Counted<'_>>,
    current: Current<Counted<'_>>,
    schema: &Schema,
    settings: &Settings,
) -> DriftReport {
    let side = |Counted { label, counts }| {
        (Input { label: label.to_owned(), rows: counts.rows, sha256: None }, Side::Counts(counts))
    };
    let comparison = Comparison {
        reference: side(reference.0),
        current: side(current.0),
        specs: compared(schema),
        embeddings: &ReferenceRows::default(),
        nannyml: None,
        importances: &[],
    };
    comparison.report(settings, None, &|_| {})
}

/// A reference whose profiles are taken once, to be held against many windows.
#[derive(Debug, Clone)]
pub struct FittedReference {
    input: Input,
    profile: TableProfile,
    embeddings: ReferenceRows,
    nannyml: Option<nannyml::Fitted>,
}

impl FittedReference {
    /// Takes the profile of every column of the schema that is not ignored.
    pub fn fit(reference: Reference<Source<'_>>, schema: &Schema) -> Self {
        Self::new(reference.0.input(), TableProfile::of(reference.0.data, schema))
    }

    /// The same for columns that do not lie in one table, and may differ in length: a model's features come with all its
    /// training rows, its predictions with those that were held back.
    pub fn fit_columns<'a>(input: Input, schema: &Schema, column: impl Fn(&str) -> Option<&'a Column> + Sync) -> Self {
        Self::new(input, TableProfile::of_columns(schema, column))
    }

    /// A reference of which the profile is there already: read from a file, or merged from parts.
    pub fn of_profile(reference: Reference<Profiled<'_>>) -> Self {
        Self::new(reference.0.input(), reference.0.profile.clone())
    }

    fn new(input: Input, profile: TableProfile) -> Self {
        Self { input, profile, embeddings: ReferenceRows::default(), nannyml: None }
    }

    /// What is kept of the reference.
    pub const fn profile(&self) -> &TableProfile {
        &self.profile
    }

    /// Keeps, besides the profiles, the rows of the embeddings in `settings`. Without them an embedding is absent in the
    /// reference.
    #[must_use]
    pub fn with_embeddings<'a>(self, settings: &Settings, column: impl Fn(&str) -> Option<&'a Column>) -> Self {
        Self { embeddings: ReferenceRows::of(settings.evidently.embeddings.values(), column), ..self }
    }

    /// The same with the reference's rows in chunks, for the nannyml judge.
    #[must_use]
    pub fn with_chunks(self, reference: &Dataset, options: &nannyml::Options) -> Self {
        let specs: Vec<&ColumnSpec> = self.profile.specs().collect();
        Self { nannyml: Some(fit_chunks(reference, &specs, options)), ..self }
    }

    /// Compares one window with the reference. `importances` says how much the model relies on each feature, 0 to 1.
    ///
    /// The reference's profiles hold no rows, so the columns are not taken together here, whatever `settings` say: see
    /// [`multivariate::compare`].
    pub fn compare(
        &self,
        current: Current<Source<'_>>,
        importances: &[(String, f64)],
        settings: &Settings,
        on_progress: &OnProgress<'_>,
    ) -> DriftReport {
        let side = Side::Rows(current.0.data);
        self.comparison(current.0.input(), side, importances).report(settings, None, on_progress)
    }

    /// Compares one window of which the profile is there with the reference.
    ///
    /// # Errors
    /// The profiles were taken by different schemas.
    pub fn compare_profile(
        &self,
        current: Current<Profiled<'_>>,
        importances: &[(String, f64)],
        settings: &Settings,
        on_progress: &OnProgress<'_>,
    ) -> Result<DriftReport, ProfileMismatch> {
        let side = Side::Profile(current.0.profile);
        self.comparison(current.0.input(), side, importances).of_profiles(settings, on_progress)
    }

    fn comparison<'a>(&'a self, input: Input, side: Side<'a>, importances: &'a [(String, f64)]) -> Comparison<'a> {
        Comparison {
            reference: (self.input.clone(), Side::Profile(&self.profile)),
            current: (input, side),
            specs: self.profile.specs().collect(),
            embeddings: &self.embeddings,
            nannyml: self.nannyml.as_ref(),
            importances,
        }
    }
}

fn fit_chunks(reference: &Dataset, specs: &[&ColumnSpec], options: &nannyml::Options) -> nannyml::Fitted {
    let split = nannyml::Fitted::split_reference(reference, options);
    let columns = parallel::map(specs, |spec| {
        let fitted = split.fit_column(spec, reference.column(&spec.name)?)?;
        Some((spec.name.clone(), fitted))
    });
    split.with_columns(columns.into_iter().flatten())
}

/// One side: rows, profiles, or counts. Of rows and counts both sides of a column are sorted one after the other and forgotten with it: they
/// meet in the cache, and no more of them lies in memory than columns are being compared.
#[derive(Debug, Clone, Copy)]
enum Side<'a> {
    Rows(&'a Dataset),
    Profile(&'a TableProfile),
    Counts(&'a TableCounts),
}

impl<'a> Side<'a> {
    fn column(self, spec: &ColumnSpec, buffers: &mut Buffers) -> Option<Cow<'a, ColumnSide>> {
        match self {
            Self::Rows(data) => data.column(&spec.name).map(|column| Cow::Owned(ColumnSide::of(column, spec, buffers))),
            Self::Profile(profile) => profile.column(&spec.name)?.1.map(Cow::Borrowed),
            Self::Counts(counts) => counts.side(spec).map(Cow::Owned),
        }
    }

    const fn rows(self) -> Option<&'a Dataset> {
        match self {
            Self::Rows(data) => Some(data),
            Self::Profile(_) | Self::Counts(_) => None,
        }
    }

    /// What the table as a whole says; `None` where the columns did not lie in one table.
    fn facts(self, specs: &[&ColumnSpec], level: Quality) -> Option<TableFacts> {
        match self {
            Self::Rows(data) => Some(TableFacts::examine(data, specs.iter().copied(), level)),
            Self::Profile(profile) => profile.empty_rows().map(TableFacts::of_empty_rows),
            Self::Counts(counts) => Some(TableFacts::of_empty_rows(counts.empty_rows)),
        }
    }
}

/// What is compared.
struct Comparison<'a> {
    reference: (Input, Side<'a>),
    current: (Input, Side<'a>),
    /// The columns, in schema order.
    specs: Vec<&'a ColumnSpec>,
    /// The reference's rows where embeddings take them.
    embeddings: &'a ReferenceRows,
    /// The reference's chunks.
    nannyml: Option<&'a nannyml::Fitted>,
    /// How much the model relies on each feature, 0 to 1.
    importances: &'a [(String, f64)],
}

impl Comparison<'_> {
    /// A report without any rows of the current data.
    fn of_profiles(self, settings: &Settings, on_progress: &OnProgress<'_>) -> Result<DriftReport, ProfileMismatch> {
        if let Side::Profile(profile) = self.current.1 {
            let is_other = |spec: &&&ColumnSpec| profile.column(&spec.name).is_none_or(|(found, _)| found != **spec);
            if let Some(spec) = self.specs.iter().find(is_other) {
                return Err(ProfileMismatch::Schema { column: spec.name.clone() });
            }
        }
        let multivariate = settings.multivariate.as_ref();
        let multivariate = multivariate.map(|options| multivariate::without_rows(&self.specs, options));
        Ok(self.report(settings, multivariate, on_progress))
    }

    fn report(
        self,
        settings: &Settings,
        multivariate: Option<MultivariateReport>,
        on_progress: &OnProgress<'_>,
    ) -> DriftReport {
        let (before, now) = (self.reference.1, self.current.1);
        let total = self.specs.len();
        let done = AtomicUsize::new(0);
        let rows_not_kept = settings.nannyml_if_asked().map(|options| nannyml::Fitted::without_rows(&options));
        let chunks = self.nannyml.or(rows_not_kept.as_ref()).map(|fitted| fitted.split(now.rows()));
        // Both sides of a column lie where those of the one before lay.
        let buffers = Shared::<Buffers>::default();
        let compare = |spec: &ColumnSpec, buffers: &mut Buffers| {
            let sides = [before.column(spec, buffers), now.column(spec, buffers)];
            let [reference, current] = sides.each_ref().map(Option::as_deref);
            let found = compare_column(spec, Reference(reference), Current(current), settings);
            sides.into_iter().flatten().for_each(|side| {
                if let Cow::Owned(side) = side {
                    side.leave(buffers)
                }
            });
            found
        };
        let compared = parallel::map(&self.specs, |spec| {
            let (mut report, quality) = buffers.with(|buffers| compare(spec, buffers));
            let rows = || now.rows().and_then(|data| data.column(&spec.name));
            report.nannyml = chunks.as_ref().map(|chunks| chunks.judge(spec, rows()));
            report.importance = self.importances.iter().find(|(name, _)| *name == spec.name).map(|(_, share)| *share);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            on_progress(Progress { done, total });
            (report, quality)
        });
        let level = if now.rows().is_some() { settings.quality } else { Quality::Columns };
        let embeddings = settings.evidently.embeddings.iter();
        let embeddings = embeddings.map(|(name, how)| match now.rows() {
            Some(rows) => self.embeddings.compare(name, how, rows),
            None => EmbeddingReport::without_rows(name),
        });
        let parts = Parts {
            inputs: [self.reference.0, self.current.0],
            columns: compared,
            level,
            tables: [before, now].map(|side| (level != Quality::Off).then(|| side.facts(&self.specs, level)).flatten()),
            embeddings: embeddings.collect(),
            multivariate,
            chunks: chunks.and_then(|chunks| chunks.chunks()),
        };
        parts.settle(settings)
    }
}

/// What a report is made of.
pub(super) struct Parts {
    /// What was compared, reference and current.
    pub inputs: [Input; 2],
    /// What was found in each column by itself.
    pub columns: Vec<(ColumnReport, Option<ColumnQuality>)>,
    /// How much is said about quality.
    pub level: Quality,
    /// Both tables as a whole, where that is known.
    pub tables: [Option<TableFacts>; 2],
    pub embeddings: Vec<EmbeddingReport>,
    pub multivariate: Option<MultivariateReport>,
    pub chunks: Option<ReportChunks>,
}

impl Parts {
    /// The report: what all columns together say about each, and the whole in a sentence.
    pub fn settle(self, settings: &Settings) -> DriftReport {
        let (mut columns, quality): (Vec<_>, Vec<_>) = self.columns.into_iter().unzip();
        let quality = (settings.quality != Quality::Off).then(|| {
            let columns = quality.into_iter().flatten().collect();
            let [reference, current] = self.tables.each_ref().map(Option::as_ref);
            QualityReport::of(self.level, columns, Reference(reference), Current(current))
        });
        let mut verdicts: Vec<_> = columns.iter_mut().map(|column| &mut column.calibrated).collect();
        calibrated::settle(&mut verdicts, &settings.calibrated);
        for column in &mut columns {
            column.why_they_differ = sentence::why_they_differ(column);
        }
        let data = GroupVerdict::of(&columns, settings, settings.judge, false);
        let has_predictions = columns.iter().any(|column| column.role == ColumnRole::Prediction);
        let predictions = has_predictions.then(|| GroupVerdict::of(&columns, settings, settings.judge, true));
        let sentence = sentence::whole(&columns, &data, predictions.as_ref(), self.multivariate.as_ref(), settings);
        let [reference, current] = self.inputs;
        DriftReport {
            schema_version: SCHEMA_VERSION,
            tidemark_version: crate::VERSION.to_owned(),
            settings: settings.clone(),
            reference,
            current,
            data,
            predictions,
            sentence,
            columns,
            embeddings: self.embeddings,
            multivariate: self.multivariate,
            quality,
            expectations: None,
            chunks: self.chunks,
        }
    }
}

/// What both judges find in one column. The calibrated verdict stands only when all columns are settled together.
pub(super) fn compare_column(
    spec: &ColumnSpec,
    reference: Reference<Option<&ColumnSide>>,
    current: Current<Option<&ColumnSide>>,
    settings: &Settings,
) -> (ColumnReport, Option<ColumnQuality>) {
    let (reference, current) = (reference.0, current.0);
    let summary = |side: Option<&ColumnSide>| side.map_or_else(SideSummary::default, |side| side.values().summary());
    let (reference_summary, current_summary) = (summary(reference), summary(current));
    let (evidently, found) = match (reference, current) {
        (Some(reference), Some(current)) => {
            let sides = (Reference(reference.values()), Current(current.values()));
            let evidently_type = match spec.is_declared {
                true => spec.column_type,
                false => settings.evidently.typing.column_type(spec.role, sides.0, sides.1),
            };
            // What every report asks about numbers comes from one walk through both sides.
            let walked = match (sides.0.0.sorted(), sides.1.0.sorted()) {
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
    let quality = (settings.quality != Quality::Off).then(|| {
        let reference = reference.map(|side| (side.values(), &reference_summary));
        let current = current.map(|side| (side.values(), &current_summary));
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
        reference: &ColumnSide,
        current: &ColumnSide,
        walked: Option<&Walked>,
        settings: &Settings,
    ) -> Self {
        if let (Some(a), Some(b)) = (reference.datetimes(), current.datetimes()) {
            let reference = Reference(calibrated::datetime::Side { column: reference.values(), datetimes: a });
            let current = Current(calibrated::datetime::Side { column: current.values(), datetimes: b });
            let (calibrated, report) = calibrated::datetime::examine(reference, current, &settings.calibrated);
            return Self { calibrated, distribution: report.distribution(), datetime: Some(Box::new(report)) };
        }
        let is_numerical = column_type == ColumnType::Numerical;
        let distribution = Distribution::of(reference.values(), current.values(), is_numerical);
        let sides = (Reference(reference.calibrated()), Current(current.calibrated()));
        let calibrated = calibrated::examine(column_type, sides.0, sides.1, walked, &settings.calibrated);
        Self { calibrated, distribution, datetime: None }
    }
}
