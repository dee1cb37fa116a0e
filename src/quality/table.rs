//! What only whole rows, or several columns together, tell about one side.

use super::Quality;
use super::correlation::{CorrelationKind, CorrelationMatrix, matrices};
use super::rows::{duplicate_rows, empty_rows};
use super::twins::twins;
use crate::data::{Column, Dataset, Values};
use crate::schema::{ColumnSpec, ColumnType};

/// One side as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFacts {
    /// Rows without any value.
    pub empty_rows: u64,
    /// What takes longer, where it is asked for.
    pub full: Option<FullFacts>,
}

/// What is looked at with [`Quality::Full`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct FullFacts {
    /// Rows that repeat an earlier one.
    pub duplicate_rows: u64,
    /// Pairs of columns that hold the same.
    pub duplicate_columns: u64,
    /// Pairs of columns that are equal in at least 95% of the rows.
    pub almost_duplicate_columns: u64,
    /// The pairs by name, the further left first, with the share of equal rows.
    pub twins: Vec<(String, String, f64)>,
    /// The matrices of the columns that each kind applies to.
    pub correlations: Vec<CorrelationMatrix>,
}

impl TableFacts {
    /// What is known where rows are no more.
    pub(crate) const fn of_empty_rows(empty_rows: u64) -> Self {
        Self { empty_rows, full: None }
    }

    /// Looks at the columns of `specs` that `data` has.
    pub fn examine<'a>(data: &Dataset, specs: impl Iterator<Item = &'a ColumnSpec>, quality: Quality) -> Self {
        let columns: Vec<(&Column, ColumnType)> =
            specs.filter_map(|spec| data.column(&spec.name).map(|column| (column, spec.column_type))).collect();
        let all: Vec<&Column> = columns.iter().map(|(column, _)| *column).collect();
        let full = (quality == Quality::Full).then(|| {
            let twins = twins(&all);
            FullFacts {
                duplicate_rows: duplicate_rows(&all),
                duplicate_columns: twins.iter().filter(|twins| twins.is_duplicate).count() as u64,
                almost_duplicate_columns: twins.iter().filter(|twins| twins.is_almost_duplicate()).count() as u64,
                twins: twins
                    .iter()
                    .map(|twins| (twins.first.to_owned(), twins.second.to_owned(), twins.share_equal))
                    .collect(),
                correlations: correlations(&columns),
            }
        });
        Self { empty_rows: empty_rows(&all), full }
    }
}

/// The three matrices of the numerical columns and the one of the categorical columns.
fn correlations(columns: &[(&Column, ColumnType)]) -> Vec<CorrelationMatrix> {
    let of_type = |wanted: ColumnType| columns.iter().filter(move |(_, found)| *found == wanted);
    let is_numbers = |column: &Column| matches!(column.values, Values::Numbers(_));
    let numerical: Vec<&Column> =
        of_type(ColumnType::Numerical).map(|(column, _)| *column).filter(|column| is_numbers(column)).collect();
    let categorical: Vec<&Column> = of_type(ColumnType::Categorical).map(|(column, _)| *column).collect();
    let [rest @ .., last] = &CorrelationKind::ALL;
    let mut found = matrices(rest, &numerical);
    found.extend(matrices(&[*last], &categorical));
    found
}
