//! What Evidently takes a column for, by the version's rules.

use serde::{Deserialize, Serialize};

use crate::data::Category;
use crate::profile::{ColumnProfile, Shape};
use crate::schema::{ColumnRole, ColumnType, infer_type_of_profile};
use crate::stattest::{Current, Reference};

/// Which version's rules turn values into a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Typing {
    /// Evidently 0.7: by the current rows alone ([`infer_type`](crate::schema::infer_type)).
    #[default]
    #[serde(rename = "0.7")]
    V0_7,
    /// Evidently 0.4: whole numbers are categories up to [`MAX_CATEGORICAL_INTEGERS_0_4`] distinct values in the
    /// reference; strings are always categories, never text, unless declared so; outputs and targets have rules of their
    /// own.
    #[serde(rename = "0.4")]
    V0_4,
}

/// Whole-number columns with at most this many distinct values stand for kinds in Evidently 0.4.
pub const MAX_CATEGORICAL_INTEGERS_0_4: u64 = 5;

/// pandas' kinds of columns, as far as they come from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Fraction,
    Boolean,
    Text,
}

impl Typing {
    /// The type of a column that nobody declared.
    pub(crate) fn column_type(
        self,
        role: ColumnRole,
        reference: Reference<&ColumnProfile>,
        current: Current<&ColumnProfile>,
    ) -> ColumnType {
        match self {
            Self::V0_7 => infer_type_of_profile(current.0),
            Self::V0_4 => v0_4(role, reference, current),
        }
    }
}

/// `_get_column_type` of Evidently 0.4, with no task given. A prediction of truth values is categorical here, where
/// Evidently takes it for numbers.
fn v0_4(role: ColumnRole, reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> ColumnType {
    let (kind_before, kind) = (kind(reference.0), kind(current.0));
    let is_number = |kind: Kind| matches!(kind, Kind::Integer | Kind::Fraction);
    let kind = if is_number(kind) && is_number(kind_before) { kind } else { kind_before };
    // A reference without any value says nothing about how many there are.
    let n_distinct = [reference.0, current.0].map(ColumnProfile::n_distinct).into_iter().find(|n| *n > 0).unwrap_or(0);
    let is_few = n_distinct <= MAX_CATEGORICAL_INTEGERS_0_4;
    let is_numerical = match (role, kind) {
        (_, Kind::Boolean | Kind::Text) => false,
        (ColumnRole::Target, _) | (_, Kind::Integer) => !is_few,
        (ColumnRole::Prediction, Kind::Fraction) => !is_few || lies_between_0_and_1(current),
        (_, Kind::Fraction) => true,
    };
    if is_numerical { ColumnType::Numerical } else { ColumnType::Categorical }
}

fn lies_between_0_and_1(current: Current<&ColumnProfile>) -> bool {
    let sorted = current.0.sorted().unwrap_or(&[]);
    sorted.first().is_none_or(|min| *min >= 0.0) && sorted.last().is_none_or(|max| *max <= 1.0)
}

fn kind(profile: &ColumnProfile) -> Kind {
    match &profile.shape {
        Shape::Numbers { is_integer: true, .. } => Kind::Integer,
        Shape::Numbers { .. } => Kind::Fraction,
        Shape::Categories { counts } => match counts.first() {
            Some((Category::Boolean(_), _)) => Kind::Boolean,
            _ => Kind::Text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;

    fn profile(values: &[f64]) -> ColumnProfile {
        ColumnProfile::of(&Column::numbers("x", values.to_vec()))
    }

    fn typed(role: ColumnRole, reference: &ColumnProfile, current: &ColumnProfile) -> ColumnType {
        v0_4(role, Reference(reference), Current(current))
    }

    #[test]
    fn five_whole_numbers_are_kinds_and_six_are_numbers_by_the_reference() {
        // evidently 0.7.23: create_data_definition(pd.DataFrame({"x": [0,1,2,3,4]}), pd.DataFrame({"x": [*range(9)]}),
        //   ColumnMapping()).columns["x"] is cat; with [0,...,5] as the reference and [0] as current it is num.
        let (five, six, one) = (profile(&[0., 1., 2., 3., 4.]), profile(&[0., 1., 2., 3., 4., 5.]), profile(&[0.]));
        assert_eq!(typed(ColumnRole::Feature, &five, &six), ColumnType::Categorical);
        assert_eq!(typed(ColumnRole::Feature, &six, &one), ColumnType::Numerical);
        assert_eq!(typed(ColumnRole::Feature, &profile(&[]), &six), ColumnType::Numerical);
    }

    #[test]
    fn few_fractions_are_numbers_but_for_targets_and_outputs_beyond_1() {
        // The same function, with columns "x", "target" and "prediction": num, cat, cat, and num within 0 to 1.
        let (beyond, within) = (profile(&[0.5, 1.5]), profile(&[0.5, 0.75]));
        assert_eq!(typed(ColumnRole::Feature, &beyond, &beyond), ColumnType::Numerical);
        assert_eq!(typed(ColumnRole::Target, &beyond, &beyond), ColumnType::Categorical);
        assert_eq!(typed(ColumnRole::Prediction, &beyond, &beyond), ColumnType::Categorical);
        assert_eq!(typed(ColumnRole::Prediction, &within, &within), ColumnType::Numerical);
        assert_eq!(typed(ColumnRole::Prediction, &profile(&[0., 1.]), &within), ColumnType::Numerical);
    }

    #[test]
    fn strings_are_categories_however_many_there_are() {
        let names: Vec<String> = (0..50).map(|i| format!("name {i}")).collect();
        let column = Column::strings("x", names.iter().map(|name| Some(name.as_str())));
        let profile = ColumnProfile::of(&column);
        let by = |typing: Typing| typing.column_type(ColumnRole::Feature, Reference(&profile), Current(&profile));
        assert_eq!((by(Typing::V0_4), by(Typing::V0_7)), (ColumnType::Categorical, ColumnType::Text));
    }
}
