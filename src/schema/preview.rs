//! What the first rows of both files show: which columns there are, what they seem to be, and a few values.

use serde::{Deserialize, Serialize};

use super::{ColumnRole, ColumnType, Schema, SchemaOverrides};
use crate::data::{Column, Dataset, Values};
use crate::render::format;
use crate::stattest::{Current, Reference};

/// Values of a column that are shown.
const SHOWN: usize = 3;
/// Letters of a value that are shown.
const LONGEST: usize = 24;

/// Both files at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The columns of the reference in its order, then those that the current file alone has.
    pub columns: Vec<ColumnPreview>,
    /// Rows of the reference that were looked at.
    pub rows_looked_at: u64,
}

/// One column at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnPreview {
    /// Its name.
    pub name: String,
    /// Whether the reference has it.
    pub in_reference: bool,
    /// Whether the current file has it.
    pub in_current: bool,
    /// What its values seem to be.
    pub column_type: ColumnType,
    /// What its name says it is for.
    pub role: ColumnRole,
    /// Whether it seems to say when each row was.
    pub is_time: bool,
    /// Some of its values, shortened.
    pub values: Vec<String>,
}

impl Preview {
    /// Of each side its first rows.
    pub fn of(reference: Reference<&Dataset>, current: Current<&Dataset>) -> Self {
        let (before, now) = (reference.0, current.0);
        let schema = |data| {
            Schema::infer(data, &SchemaOverrides::default())
                .expect("only an override can name an unknown column, and there is none")
        };
        let column = |column: &Column, column_type: ColumnType, in_reference: bool| ColumnPreview {
            name: column.name.clone(),
            in_reference,
            in_current: now.column(&column.name).is_some(),
            column_type,
            role: role(&column.name),
            is_time: column_type == ColumnType::Datetime || is_time_name(&column.name),
            values: values(column),
        };
        let of_reference = before.columns().iter().zip(schema(before).columns);
        let of_reference = of_reference.map(|(found, spec)| column(found, spec.column_type, true));
        let only_current = now.columns().iter().zip(schema(now).columns);
        let only_current = only_current.filter(|(found, _)| before.column(&found.name).is_none());
        let only_current = only_current.map(|(found, spec)| column(found, spec.column_type, false));
        Self { columns: of_reference.chain(only_current).collect(), rows_looked_at: before.n_rows() as u64 }
    }
}

/// What a column is called in nearly every file of predictions. Nothing else is guessed: a wrong guess is worse than none.
fn role(name: &str) -> ColumnRole {
    match name.to_ascii_lowercase().as_str() {
        "prediction" | "predicted" | "y_pred" | "y_pred_proba" => ColumnRole::Prediction,
        "target" | "label" | "y_true" => ColumnRole::Target,
        _ => ColumnRole::Feature,
    }
}

fn is_time_name(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "time" | "timestamp" | "datetime" | "date" | "ts" | "created_at")
}

/// The first different values.
fn values(column: &Column) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    let mut take = |value: String| {
        if !shown.contains(&value) {
            shown.push(value);
        }
        shown.len() < SHOWN
    };
    match &column.values {
        Values::Numbers(numbers) => {
            let present = numbers.as_slice().iter().filter(|number| !number.is_nan());
            present.map(|number| format::number(*number)).all(&mut take);
        }
        Values::Booleans(truths) => {
            truths.iter().map(bool::to_string).all(&mut take);
        }
        Values::Strings(strings) => {
            strings.iter().flatten().map(shortened).all(&mut take);
        }
    }
    shown
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;

    #[test]
    fn columns_of_both_sides_are_named_with_what_they_seem_to_be() {
        let reference = csv::read(b"at,amount,kind,y_pred\n2024-03-01,1.5,card,0\n2024-03-02,1.5,,1\n").unwrap();
        let current =
            csv::read(b"amount,at,fresh\n2.5,2024-03-03,a text that is longer than a cell is wide\n").unwrap();
        let preview = Preview::of(Reference(&reference), Current(&current));
        let glance = |c: &ColumnPreview| (c.name.clone(), c.column_type, c.in_reference, c.in_current, c.is_time);
        use ColumnType::{Categorical, Datetime, Numerical, Text};
        assert_eq!(
            preview.columns.iter().map(glance).collect::<Vec<_>>(),
            [
                ("at".to_owned(), Datetime, true, true, true),
                ("amount".to_owned(), Numerical, true, true, false),
                ("kind".to_owned(), Text, true, false, false),
                ("y_pred".to_owned(), Categorical, true, false, false),
                ("fresh".to_owned(), Text, false, true, false),
            ]
        );
        assert_eq!(preview.columns[3].role, ColumnRole::Prediction);
        assert_eq!(preview.columns[1].values, ["1.5"], "each value once");
        assert_eq!(preview.columns[4].values, ["a text that is longer th…"]);
        assert_eq!(preview.rows_looked_at, 2);
    }
}
