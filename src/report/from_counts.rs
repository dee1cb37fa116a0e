//! Reports from grouped counts: the counting was done elsewhere, every test is done here.

use std::fmt;

use super::DriftReport;
use super::compare::compare_counted;
use crate::judge::Settings;
use crate::profile::counts::TableCounts;
use crate::quality::Quality;
use crate::schema::Schema;
use crate::stattest::{Current, Reference};

/// Grouped counts with what a report says about where they came from.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// What a person calls the table.
    pub label: &'a str,
    /// Its counts.
    pub counts: &'a TableCounts,
}

/// A setting that columns one by one, or grouped counts, can't answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsRows {
    /// Rows that are like their neighbours count for fewer: [`Options::ordered`](crate::judge::calibrated::Options::ordered).
    Order,
    /// The columns are taken together.
    Multivariate,
    /// Repeated rows and correlations.
    FullQuality,
    /// Chunks of rows, for the nannyml judge.
    Chunks,
    /// Embeddings.
    Embeddings,
}

impl NeedsRows {
    /// What these settings ask for that takes several columns at once.
    pub fn beyond_columns(settings: &Settings) -> Option<Self> {
        let asked = [
            (settings.multivariate.is_some(), Self::Multivariate),
            (settings.quality == Quality::Full, Self::FullQuality),
            (settings.nannyml_if_asked().is_some(), Self::Chunks),
            (!settings.evidently.embeddings.is_empty(), Self::Embeddings),
        ];
        asked.into_iter().find_map(|(is_asked, what)| is_asked.then_some(what))
    }

    /// What these settings ask for that takes several columns at once, or the order of the rows.
    pub fn beyond_counts(settings: &Settings) -> Option<Self> {
        if settings.calibrated.ordered { Some(Self::Order) } else { Self::beyond_columns(settings) }
    }
}

impl fmt::Display for NeedsRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Order => "whether rows are like their neighbours",
            Self::Multivariate => "what all columns together say",
            Self::FullQuality => "repeated rows and correlations",
            Self::Chunks => "chunks of rows",
            Self::Embeddings => "embeddings",
        };
        write!(f, "only whole rows tell {what}")
    }
}

impl std::error::Error for NeedsRows {}

/// Compares two tables of which the counts are known. The report is the one that [`compare`](super::compare) makes of the rows by
/// the same settings, byte for byte, but for labels and hashes of files. What the settings may not ask for is an error, so that
/// nothing is left out silently.
///
/// Takes 8 bytes of memory for each number of the columns that are being compared, one or as many as there are cores: their values are
/// laid out as often as they occur.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::judge::{Settings, calibrated};
/// use tidemark::profile::counts::TableCounts;
/// use tidemark::report::{Counted, compare_counts};
/// use tidemark::stattest::{Current, Reference};
///
/// let counts = TableCounts::of(&csv::read(b"x\n1.5\n2.5\n2.5\n").unwrap());
/// let schema = counts.schema(&Default::default()).unwrap();
/// let calibrated = calibrated::Options { ordered: false, ..Default::default() };
/// let settings = Settings { calibrated, ..Settings::default() };
/// let side = Counted { label: "table", counts: &counts };
/// let report = compare_counts(Reference(side.clone()), Current(side), &schema, &settings).unwrap();
/// assert_eq!(report.columns[0].reference.median, Some(2.5));
/// ```
///
/// # Errors
/// The settings ask for something that takes rows, or their order.
pub fn compare_counts(
    reference: Reference<Counted<'_>>,
    current: Current<Counted<'_>>,
    schema: &Schema,
    settings: &Settings,
) -> Result<DriftReport, NeedsRows> {
    match NeedsRows::beyond_counts(settings) {
        Some(what) => Err(what),
        None => Ok(compare_counted(reference, current, schema, settings)),
    }
}
