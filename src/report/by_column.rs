//! Reports of tables that need not fit into memory: their columns are read when their turn comes.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::{Parts, compare_column};
use super::{ColumnReport, DriftReport, Input, NeedsRows, OnProgress, Progress};
use crate::data::Column;
use crate::judge::Settings;
use crate::parallel;
use crate::profile::{Buffers, ColumnSide};
use crate::quality::{ColumnQuality, EmptyRows, TableFacts};
use crate::schema::{ColumnRole, SchemaOverrides, UnknownColumn, learn_type};
use crate::stattest::{Current, Reference};

/// A table whose columns are read one by one.
pub trait ColumnSource: Sync {
    /// What may go wrong.
    type Error: Send;

    /// Rows of every column.
    fn rows(&self) -> u64;

    /// The columns, in the table's order.
    fn names(&self) -> &[String];

    /// Reads the column at this place among [`names`](Self::names).
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, place: usize) -> Result<Column, Self::Error>;
}

/// A table that is read by columns, with what a report says about where it came from.
#[derive(Debug, Clone)]
pub struct ByColumn<'a, S> {
    /// What a person calls it: a file name.
    pub label: &'a str,
    /// Where its columns are.
    pub source: &'a S,
    /// SHA-256 of the file.
    pub sha256: Option<String>,
}

/// Why there is no report of columns that are read one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByColumnError<E> {
    /// The settings ask for several columns at once.
    NeedsRows(NeedsRows),
    /// An override names no column of the reference.
    UnknownColumn(UnknownColumn),
    /// A column could not be read.
    Read(E),
}

impl<E: fmt::Display> fmt::Display for ByColumnError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsRows(what) => what.fmt(f),
            Self::UnknownColumn(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for ByColumnError<E> {}

/// Compares two tables of which no more than `at_once` columns lie in memory at a time; types are learnt from the reference as
/// [`Schema::infer`](crate::schema::Schema::infer) learns them. The report is the one that [`compare`](super::compare) makes of the whole tables,
/// byte for byte.
///
/// A column of numbers takes 16 bytes a row on each side while it is sorted and 8 afterwards; one of strings 4 bytes a row, and what its
/// distinct strings take.
///
/// # Errors
/// A column cannot be read, the settings ask for what takes several columns at once, or an override names a column that the
/// reference does not have.
pub fn compare_by_column<S: ColumnSource>(
    reference: Reference<ByColumn<'_, S>>,
    current: Current<ByColumn<'_, S>>,
    overrides: &SchemaOverrides,
    settings: &Settings,
    at_once: usize,
    on_progress: &OnProgress<'_>,
) -> Result<DriftReport, ByColumnError<S::Error>> {
    if let Some(what) = NeedsRows::beyond_columns(settings) {
        return Err(ByColumnError::NeedsRows(what));
    }
    let (reference, current) = (Table::new(reference.0), Table::new(current.0));
    let names = reference.source.names();
    overrides.check(names.iter().map(String::as_str)).map_err(ByColumnError::UnknownColumn)?;
    let is_compared = |place: &usize| overrides.role(&names[*place]) != ColumnRole::Ignored;
    let places: Vec<usize> = (0..names.len()).filter(is_compared).collect();
    let done = AtomicUsize::new(0);
    let mut columns = Vec::with_capacity(places.len());
    for some in places.chunks(at_once.max(1)) {
        let found = parallel::map(some, |place| {
            let found = compare_at(*place, &reference, &current, overrides, settings)?;
            on_progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total: places.len() });
            Ok(found)
        });
        for found in found {
            columns.push(found.map_err(ByColumnError::Read)?);
        }
    }
    let parts = Parts {
        level: settings.quality,
        tables: [reference.facts(), current.facts()].map(Some),
        inputs: [reference.input, current.input],
        columns,
        embeddings: Vec::new(),
        multivariate: None,
        chunks: None,
    };
    Ok(parts.settle(settings))
}

/// A table, and what is known of it so far.
struct Table<'a, S> {
    source: &'a S,
    input: Input,
    empty_rows: Mutex<EmptyRows>,
}

impl<'a, S: ColumnSource> Table<'a, S> {
    fn new(ByColumn { label, source, sha256 }: ByColumn<'a, S>) -> Self {
        let input = Input { label: label.to_owned(), rows: source.rows(), sha256 };
        Self { source, input, empty_rows: Mutex::default() }
    }

    fn read(&self, place: usize) -> Result<Column, S::Error> {
        let column = self.source.read(place)?;
        self.empty_rows.lock().unwrap_or_else(PoisonError::into_inner).look(&column);
        Ok(column)
    }

    fn facts(&self) -> TableFacts {
        TableFacts::of_empty_rows(self.empty_rows.lock().unwrap_or_else(PoisonError::into_inner).count())
    }
}

/// Compares the column at this place in the reference.
fn compare_at<S: ColumnSource>(
    place: usize,
    reference: &Table<'_, S>,
    current: &Table<'_, S>,
    overrides: &SchemaOverrides,
    settings: &Settings,
) -> Result<(ColumnReport, Option<ColumnQuality>), S::Error> {
    let name = &reference.source.names()[place];
    let found = current.source.names().iter().position(|other| other == name);
    let (before, now) = parallel::join(|| reference.read(place), || found.map(|place| current.read(place)).transpose());
    let (before, now) = (before?, now?);
    let spec = overrides.spec(name, || learn_type(&before));
    let (before, now) = parallel::join(
        || ColumnSide::of_owned(before, &spec, &mut Buffers::default()),
        || now.map(|column| ColumnSide::of_owned(column, &spec, &mut Buffers::default())),
    );
    Ok(compare_column(&spec, Reference(Some(&before)), Current(now.as_ref()), settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, csv};
    use crate::judge::nannyml;
    use crate::quality::MeasureName;
    use crate::random::Rng;
    use crate::report::{Source, compare};
    use crate::schema::{ColumnType, Schema};

    /// A table that is there, and counts the columns that are read.
    struct Whole {
        data: Dataset,
        names: Vec<String>,
        fails_at: Option<usize>,
    }

    impl Whole {
        fn of(text: &str) -> Self {
            let data = csv::read(text.as_bytes()).unwrap();
            let names = data.columns().iter().map(|column| column.name.clone()).collect();
            Self { data, names, fails_at: None }
        }
    }

    impl ColumnSource for Whole {
        type Error = String;

        fn rows(&self) -> u64 {
            self.data.n_rows() as u64
        }

        fn names(&self) -> &[String] {
            &self.names
        }

        fn read(&self, place: usize) -> Result<Column, String> {
            if self.fails_at == Some(place) {
                return Err(format!("column {place} is damaged"));
            }
            Ok(self.data.columns()[place].clone())
        }
    }

    /// Numbers, whole numbers, kinds, texts, moments, truth values, gaps, and rows that hold nothing.
    fn table(seed: u64, rows: usize, shift: f64) -> String {
        let mut rng = Rng::new(seed);
        let mut text = "x,count,kind,text,at,flag,gaps\n".to_owned();
        for row in 0..rows {
            if row % 97 == 3 {
                text.push_str(",,,,,,\n");
                continue;
            }
            let gap = if rng.below(4) == 0 { String::new() } else { rng.uniform().to_string() };
            let (kind, flag) = (rng.below(5), rng.below(2) == 0);
            text.push_str(&format!(
                "{},{},k{kind},t{row},2026-11-{:02} 10:00:00,{flag},{gap}\n",
                rng.normal() + shift,
                rng.below(1000),
                row % 28 + 1
            ));
        }
        text
    }

    fn both(reference: &Whole, current: &Whole, overrides: &SchemaOverrides, settings: &Settings) -> [DriftReport; 2] {
        let whole = |whole| Source { label: "table", data: whole, sha256: None };
        let schema = Schema::infer(&reference.data, overrides).unwrap();
        let expected = compare(Reference(whole(&reference.data)), Current(whole(&current.data)), &schema, settings);
        let one = |source| ByColumn { label: "table", source, sha256: None };
        let found =
            compare_by_column(Reference(one(reference)), Current(one(current)), overrides, settings, 2, &|_| {})
                .unwrap();
        [expected, found]
    }

    #[test]
    fn columns_one_by_one_make_the_report_of_the_whole_tables() {
        let (reference, current) = (Whole::of(&table(1, 1500, 0.0)), Whole::of(&table(2, 900, 0.4)));
        let declared = SchemaOverrides {
            types: [("count".to_owned(), ColumnType::Categorical)].into(),
            roles: [("kind".to_owned(), ColumnRole::Prediction), ("text".to_owned(), ColumnRole::Ignored)].into(),
        };
        let lacks = Whole::of("x,kind\n1.5,k1\n2.5,k2\n");
        let nothing = Whole::of("x,count,kind,text,at,flag,gaps\n");
        let off = Settings { quality: crate::quality::Quality::Off, ..Settings::default() };
        for (current, overrides, settings) in [
            (&current, &SchemaOverrides::default(), &Settings::default()),
            (&current, &declared, &Settings::default()),
            (&lacks, &declared, &Settings::default()),
            (&nothing, &SchemaOverrides::default(), &Settings::default()),
            (&current, &SchemaOverrides::default(), &off),
        ] {
            let [expected, found] =
                both(&reference, current, overrides, settings).map(|report| serde_json::to_string(&report).unwrap());
            assert_eq!(found, expected);
        }
        let [expected, _] = both(&reference, &current, &SchemaOverrides::default(), &Settings::default());
        let empty = expected.quality.unwrap().measure(MeasureName::EmptyRows).unwrap().reference;
        assert_eq!(empty, Some(16.0));
    }

    #[test]
    fn what_takes_rows_or_cannot_be_read_is_told() {
        let mut table = Whole::of("x,y\n1.5,2.5\n2.5,3.5\n");
        let run = |table: &Whole, overrides: &SchemaOverrides, settings: &Settings| {
            let one = || ByColumn { label: "table", source: table, sha256: None };
            compare_by_column(Reference(one()), Current(one()), overrides, settings, 1, &|_| {}).unwrap_err()
        };
        let chunks = Settings { nannyml: Some(nannyml::Options::default()), ..Settings::default() };
        let needs = ByColumnError::NeedsRows(NeedsRows::Chunks);
        assert_eq!(run(&table, &SchemaOverrides::default(), &chunks), needs);
        let unknown = SchemaOverrides { roles: [("z".to_owned(), ColumnRole::Target)].into(), ..Default::default() };
        assert_eq!(
            run(&table, &unknown, &Settings::default()).to_string(),
            "no column is called \"z\"; there are x, y"
        );
        table.fails_at = Some(1);
        let damaged = run(&table, &SchemaOverrides::default(), &Settings::default());
        assert_eq!(damaged.to_string(), "column 1 is damaged");
    }
}
