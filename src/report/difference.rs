//! What changed between two reports.

use serde::{Deserialize, Serialize};

use super::{ColumnReport, DriftReport, Input};
use crate::judge::Verdict;
use crate::render::format::plural;

/// One report held against an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What the earlier report examined.
    pub earlier: Input,
    /// What the later report examined.
    pub later: Input,
    /// Whether both were held against the same data, as far as labels, rows and hashes tell, by the same settings.
    pub comparable: bool,
    /// The columns whose verdict or presence differs, in the order of the later report, then those it no longer has.
    pub columns: Vec<ColumnDifference>,
    /// The whole in one sentence.
    pub sentence: String,
}

/// One column in two reports; `None` where a report does not have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDifference {
    /// The column.
    pub name: String,
    /// Its verdict in the earlier and in the later report, each under its leading judge.
    pub verdicts: (Option<Verdict>, Option<Verdict>),
    /// Its effect under the calibrated judge.
    pub effects: (Option<f64>, Option<f64>),
}

impl Difference {
    /// What `later` says otherwise than `earlier`.
    pub fn of(earlier: &DriftReport, later: &DriftReport) -> Self {
        let names = later.columns.iter().chain(earlier.columns.iter().filter(|c| later.column(&c.name).is_none()));
        let difference = |name: &str| {
            let (before, after) = (earlier.column(name), later.column(name));
            ColumnDifference {
                name: name.to_owned(),
                verdicts: (before.map(|column| earlier.verdict(column)), after.map(|column| later.verdict(column))),
                effects: (before.and_then(ColumnReport::effect), after.and_then(ColumnReport::effect)),
            }
        };
        let columns =
            names.map(|column| difference(&column.name)).filter(|column| column.verdicts.0 != column.verdicts.1);
        let columns: Vec<ColumnDifference> = columns.collect();
        let count =
            |is_one: fn(&ColumnDifference) -> bool| columns.iter().filter(|column| is_one(column)).count() as u64;
        let began = count(|column| column.verdicts.1 == Some(Verdict::Drifted));
        let ended = count(|column| column.verdicts.0 == Some(Verdict::Drifted));
        let sentence = match (columns.len(), began, ended) {
            (0, ..) => "No column's verdict changed.".to_owned(),
            (n, 0, 0) => format!("The verdict of {} changed, none from or to drift.", plural(n as u64, "column")),
            (_, began, 0) => format!("{} drifted that had not.", plural(began, "column")),
            (_, 0, ended) => format!("{} no longer drifted.", plural(ended, "column")),
            (_, began, ended) => {
                format!("{} drifted that had not, and {} no longer.", plural(began, "column"), plural(ended, "column"))
            }
        };
        let comparable = earlier.reference == later.reference && earlier.settings == later.settings;
        Self { earlier: earlier.current.clone(), later: later.current.clone(), comparable, columns, sentence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Dataset};
    use crate::judge::Settings;
    use crate::report::{Source, compare};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    fn report(shifts: [f64; 2]) -> DriftReport {
        let data = |shifts: [f64; 2]| {
            let column = |name, shift| {
                Column::fractions(name, (0..400).map(|nth| f64::from(nth * 7919 % 400) / 400.0 + shift).collect())
            };
            Dataset::new(vec![column("a", shifts[0]), column("b", shifts[1])]).unwrap()
        };
        let (reference, current) = (data([0.0, 0.0]), data(shifts));
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let source = |data| Source { label: "test", data, sha256: None };
        compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default())
    }

    #[test]
    fn only_what_changed_is_listed() {
        let (still, one, other) = (report([0.0, 0.0]), report([0.7, 0.0]), report([0.0, 0.7]));
        let difference = Difference::of(&still, &one);
        assert!(difference.comparable);
        assert_eq!(difference.columns.len(), 1);
        assert_eq!(difference.columns[0].name, "a");
        assert_eq!(difference.columns[0].verdicts.1, Some(Verdict::Drifted));
        assert_eq!(difference.sentence, "1 column drifted that had not.");
        assert_eq!(Difference::of(&one, &still).sentence, "1 column no longer drifted.");
        assert_eq!(Difference::of(&one, &other).sentence, "1 column drifted that had not, and 1 column no longer.");
        assert_eq!(Difference::of(&one, &one).columns, []);
    }

    #[test]
    fn a_column_that_is_gone_is_listed_and_other_settings_are_no_comparison() {
        let (mut later, earlier) = (report([0.0, 0.0]), report([0.0, 0.0]));
        later.columns.pop();
        later.settings.calibrated.drift_share = 0.3;
        let difference = Difference::of(&earlier, &later);
        assert!(!difference.comparable);
        assert_eq!((difference.columns[0].name.as_str(), difference.columns[0].verdicts.1), ("b", None));
    }
}
