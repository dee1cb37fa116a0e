//! What a report needs of one side of one column.

use super::row_ends::RowEnds;
use super::{Buffers, ColumnProfile, Shape, datetime::DatetimeProfile};
use crate::data::{Column, Values};
use crate::judge::calibrated;
use crate::schema::{ColumnSpec, ColumnType};
use crate::stattest::serial_dependence::Dependence;

/// The values as they were read, the moments that they name, and how neighbouring rows hang together. Sides merge, part after
/// part in row order.
#[derive(Debug, Clone)]
pub(crate) struct ColumnSide {
    values: ColumnProfile,
    /// Of a datetime column.
    datetimes: Option<DatetimeProfile>,
    /// Of numbers in a numerical column.
    ends: Option<RowEnds>,
    dependence: Dependence,
}

impl ColumnSide {
    /// One side of a column, in memory of earlier ones.
    pub fn of(column: &Column, spec: &ColumnSpec, buffers: &mut Buffers) -> Self {
        let (datetimes, ends) = Self::in_row_order(column, spec);
        Self::new(ColumnProfile::within(column, buffers), datetimes, ends)
    }

    /// The same of a column that is needed no more: large ones are sorted where they lie, and others leave their memory.
    pub fn of_owned(column: Column, spec: &ColumnSpec, buffers: &mut Buffers) -> Self {
        let (datetimes, ends) = Self::in_row_order(&column, spec);
        Self::new(ColumnProfile::of_owned(column, buffers), datetimes, ends)
    }

    /// What the rows tell while they are in their order.
    fn in_row_order(column: &Column, spec: &ColumnSpec) -> (Option<DatetimeProfile>, Option<RowEnds>) {
        let read = if spec.is_declared { DatetimeProfile::of_declared } else { DatetimeProfile::of };
        let datetimes = (spec.column_type == ColumnType::Datetime).then(|| read(column));
        let ends = match &column.values {
            Values::Numbers(numbers) if spec.column_type == ColumnType::Numerical => {
                Some(RowEnds::of(numbers.as_slice()))
            }
            _ => None,
        };
        (datetimes, ends)
    }

    pub(super) fn new(values: ColumnProfile, datetimes: Option<DatetimeProfile>, ends: Option<RowEnds>) -> Self {
        let both = ends.as_ref().zip(values.sorted());
        let dependence = both.map_or_else(Dependence::default, |(ends, sorted)| ends.dependence(sorted));
        Self { values, datetimes, ends, dependence }
    }

    /// Both parts together, `other` after this one; `None` when they hold values of different kinds.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        let values = self.values.merge(&other.values)?;
        let datetimes = self.datetimes.as_ref().zip(other.datetimes.as_ref()).map(|(a, b)| a.merge(b));
        // A part without values may have been read as strings.
        let ends_of = |side: &Self| side.ends.clone().unwrap_or_else(|| RowEnds::of_missing(side.values.rows));
        let has_ends = self.ends.is_some() || other.ends.is_some();
        let are_numbers = matches!(values.shape, Shape::Numbers { .. });
        let ends = (has_ends && are_numbers).then(|| ends_of(self).merge(&ends_of(other)));
        Some(Self::new(values, datetimes, ends))
    }

    /// Leaves its memory to later ones.
    pub fn leave(self, buffers: &mut Buffers) {
        self.values.leave(buffers);
    }

    pub const fn values(&self) -> &ColumnProfile {
        &self.values
    }

    /// The moments of a datetime column.
    pub const fn datetimes(&self) -> Option<&DatetimeProfile> {
        self.datetimes.as_ref()
    }

    /// Of numbers in a numerical column.
    pub(super) const fn ends(&self) -> Option<&RowEnds> {
        self.ends.as_ref()
    }

    /// What the calibrated judge looks at: the values, and how the rows of a numerical column depend on their
    /// neighbours.
    pub const fn calibrated(&self) -> calibrated::Side<'_> {
        calibrated::Side { profile: &self.values, dependence: self.dependence }
    }
}
