//! One side of a whole table without its rows.

use std::collections::HashMap;
use std::fmt;

use super::sketch::MergeError;
use super::{Buffers, ColumnSide};
use crate::data::{Column, Dataset};
use crate::parallel::{self, Shared};
use crate::quality::empty_rows;
use crate::schema::{ColumnRole, ColumnSpec, Schema};

/// Everything that a report needs of one side, for every column of a schema that is not ignored.
///
/// Profiles merge: the profile of a table is the merge of those of its parts, taken in the order of the rows. A report from
/// profiles ([`compare_profiles`](crate::report::compare_profiles)) is the one from the rows, byte for byte, but for what no
/// profile can tell: embeddings, the columns taken together, nannyml's chunks, and quality beyond
/// [`Quality::Columns`](crate::quality::Quality::Columns).
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::judge::Settings;
/// use tidemark::profile::TableProfile;
/// use tidemark::report::{Profiled, compare_profiles};
/// use tidemark::schema::{Schema, SchemaOverrides};
/// use tidemark::stattest::{Current, Reference};
///
/// let rows = |range: std::ops::Range<u32>| {
///     csv::read(range.fold("x\n".to_owned(), |csv, i| format!("{csv}{}.5\n", i * 37 % 500)).as_bytes()).unwrap()
/// };
/// let whole = rows(0..500);
/// let schema = Schema::infer(&whole, &SchemaOverrides::default()).unwrap();
/// let reference = TableProfile::of(&whole, &schema);
/// // Two workers look at a part each.
/// let (first, second) = (TableProfile::of(&rows(0..200), &schema), TableProfile::of(&rows(200..500), &schema));
/// let current = first.merge(&second).unwrap();
///
/// let report = compare_profiles(
///     Reference(Profiled { label: "whole", profile: &reference, sha256: None }),
///     Current(Profiled { label: "parts", profile: &current, sha256: None }),
///     &Settings::default(),
/// )
/// .unwrap();
/// assert_eq!(report.columns[0].reference, report.columns[0].current);
/// ```
#[derive(Debug, Clone)]
pub struct TableProfile {
    pub(super) rows: u64,
    /// Rows without any value; `None` where the columns did not lie in one table.
    pub(super) empty_rows: Option<u64>,
    pub(super) columns: Vec<(ColumnSpec, Option<ColumnSide>)>,
}

/// Why two profiles do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileMismatch {
    /// They were taken by different schemas.
    Schema {
        /// The first column, in the order of the schemas, on which they differ.
        column: String,
    },
    /// A column lies in one part alone.
    Absent {
        /// The column.
        column: String,
    },
    /// The sketches of a column do not merge.
    Sketches {
        /// The column.
        column: String,
        /// Why not.
        problem: MergeError,
    },
    /// The parts hold values of different kinds: numbers, truth values or strings.
    Kinds {
        /// The column in which they do.
        column: String,
    },
}

impl fmt::Display for ProfileMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema { column } => write!(f, "the profiles were taken by different schemas: see column {column:?}"),
            Self::Absent { column } => write!(f, "column {column:?} lies in one of the parts alone"),
            Self::Sketches { column, problem } => write!(f, "column {column:?}: {problem}"),
            Self::Kinds { column } => write!(f, "the parts hold values of different kinds in column {column:?}"),
        }
    }
}

impl std::error::Error for ProfileMismatch {}

impl TableProfile {
    /// Takes the profile of a table. A column of the schema that the table lacks is absent.
    pub fn of(data: &Dataset, schema: &Schema) -> Self {
        let profile = Self::of_columns(schema, |name| data.column(name));
        let columns: Vec<&Column> = profile.specs().filter_map(|spec| data.column(&spec.name)).collect();
        Self { rows: data.n_rows() as u64, empty_rows: Some(empty_rows(&columns)), ..profile }
    }

    /// The same of a table that is needed no more: large columns are sorted where they lie, smaller ones in memory of those before.
    pub fn of_owned(data: Dataset, schema: &Schema) -> Self {
        let specs = compared(schema);
        let columns: Vec<&Column> = specs.iter().filter_map(|spec| data.column(&spec.name)).collect();
        let (rows, empty_rows) = (data.n_rows() as u64, Some(empty_rows(&columns)));
        let columns = data.into_columns().into_iter();
        let mut columns: HashMap<String, Column> = columns.map(|column| (column.name.clone(), column)).collect();
        let columns = specs.into_iter().map(|spec| (spec, columns.remove(&spec.name))).collect();
        let buffers = Shared::<Buffers>::default();
        let columns = parallel::map_owned(columns, |(spec, column): (&ColumnSpec, Option<Column>)| {
            let of = |column| buffers.with(|buffers| ColumnSide::of_owned(column, spec, buffers));
            (spec.clone(), column.map(of))
        });
        Self { rows, empty_rows, columns }
    }

    /// The same of columns that do not lie in one table, and may differ in length; the longest one's rows are the rows.
    pub fn of_columns<'a>(schema: &Schema, column: impl Fn(&str) -> Option<&'a Column> + Sync) -> Self {
        let specs: Vec<&ColumnSpec> = compared(schema);
        let buffers = Shared::<Buffers>::default();
        let of = |column, spec: &ColumnSpec| buffers.with(|buffers| ColumnSide::of(column, spec, buffers));
        let side = |spec: &ColumnSpec| column(&spec.name).map(|column| of(column, spec));
        let columns = parallel::map(&specs, |spec| ((*spec).clone(), side(spec)));
        let rows = columns.iter().filter_map(|(_, side)| side.as_ref()).map(|side| side.values().rows).max();
        Self { rows: rows.unwrap_or(0), empty_rows: None, columns }
    }

    /// The profile of both parts together, `other`'s rows below these.
    ///
    /// # Errors
    /// The parts were taken by different schemas, a column lies in one of them alone, or holds another kind of values there.
    pub fn merge(&self, other: &Self) -> Result<Self, ProfileMismatch> {
        if let Some(column) = first_difference(self.specs(), other.specs()) {
            return Err(ProfileMismatch::Schema { column: column.to_owned() });
        }
        let pairs: Vec<_> = self.columns.iter().zip(&other.columns).collect();
        let merged = parallel::map(&pairs, |((spec, above), (_, below))| {
            let column = || spec.name.clone();
            let side = match (above, below) {
                (Some(above), Some(below)) => {
                    Some(above.merge(below).ok_or_else(|| ProfileMismatch::Kinds { column: column() })?)
                }
                (None, None) => None,
                // A part without rows need not have columns.
                (Some(side), None) if other.rows == 0 => Some(side.clone()),
                (None, Some(side)) if self.rows == 0 => Some(side.clone()),
                _ => return Err(ProfileMismatch::Absent { column: column() }),
            };
            Ok((spec.clone(), side))
        });
        Ok(Self {
            rows: self.rows + other.rows,
            empty_rows: self.empty_rows.zip(other.empty_rows).map(|(a, b)| a + b),
            columns: merged.into_iter().collect::<Result<_, _>>()?,
        })
    }

    /// Rows.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The columns' names, types and roles, in the order of the schema.
    pub fn specs(&self) -> impl Iterator<Item = &ColumnSpec> {
        self.columns.iter().map(|(spec, _)| spec)
    }

    pub(crate) const fn empty_rows(&self) -> Option<u64> {
        self.empty_rows
    }

    /// The column's place in the schema and what is known of it.
    pub(crate) fn column(&self, name: &str) -> Option<(&ColumnSpec, Option<&ColumnSide>)> {
        let (spec, side) = self.columns.iter().find(|(spec, _)| spec.name == name)?;
        Some((spec, side.as_ref()))
    }
}

/// The columns of a schema that are compared.
pub(crate) fn compared(schema: &Schema) -> Vec<&ColumnSpec> {
    schema.columns.iter().filter(|spec| spec.role != ColumnRole::Ignored).collect()
}

fn first_difference<'a>(
    mut a: impl Iterator<Item = &'a ColumnSpec>,
    mut b: impl Iterator<Item = &'a ColumnSpec>,
) -> Option<&'a str> {
    loop {
        let (a, b) = (a.next(), b.next());
        if a != b {
            return a.or(b).map(|spec| spec.name.as_str());
        }
        a?;
    }
}
