//! A report as JUnit XML, as CI systems read it: a column that drifted is a test that failed.

use super::{expectations, format, html, text};
use crate::judge::Verdict;
use crate::report::{ColumnReport, DriftReport};

/// A test suite for the data, one for the predictions, and one per column of expectations, where there are these: a test
/// case per column. What the leading judge calls drifted has failed, what was not tested was skipped; everything else has
/// passed, and says what was found.
pub fn report(report: &DriftReport) -> String {
    let groups = [("data drift", false), ("prediction drift", true)];
    let suites = groups.map(|(name, predictions)| suite(report, name, report.group(predictions).collect()));
    let mut suites: Vec<Suite> = suites.into_iter().filter(|suite| suite.tests > 0).collect();
    suites.extend(report.expectations.iter().flat_map(expectations::suites));
    document(&report.sentence, &suites)
}

/// One test suite, written.
pub(super) struct Suite {
    pub name: String,
    pub tests: usize,
    pub failures: usize,
    pub skipped: usize,
    /// Its test cases, by [`case`].
    pub cases: String,
}

/// What came of a test.
pub(super) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

impl Suite {
    pub(super) fn new(name: &str) -> Self {
        Self { name: escape(name), tests: 0, failures: 0, skipped: 0, cases: String::new() }
    }

    pub(super) fn push(&mut self, case: &str, outcome: &Outcome, message: &str) {
        let (class, case, message) = (&self.name, escape(case), escape(message));
        let inside = match outcome {
            Outcome::Passed => format!("<system-out>{message}</system-out>"),
            Outcome::Failed => format!("<failure message=\"{message}\"/>"),
            Outcome::Skipped => format!("<skipped message=\"{message}\"/>"),
        };
        self.cases += &format!("    <testcase classname=\"{class}\" name=\"{case}\">{inside}</testcase>\n");
        self.tests += 1;
        self.failures += usize::from(matches!(outcome, Outcome::Failed));
        self.skipped += usize::from(matches!(outcome, Outcome::Skipped));
    }
}

fn suite(report: &DriftReport, name: &str, columns: Vec<&ColumnReport>) -> Suite {
    let mut suite = Suite::new(name);
    for column in columns {
        let verdict = report.verdict(column);
        let outcome = match verdict {
            Verdict::Drifted => Outcome::Failed,
            Verdict::NotTested => Outcome::Skipped,
            Verdict::Minor | Verdict::NotEnoughData | Verdict::Stable => Outcome::Passed,
        };
        let found = match column.calibrated.leading() {
            Ok(test) => format!(
                "{}, adjusted p {}",
                text::effect(&test.effect),
                format::far_p_value(test.p_adjusted, test.log10_p_adjusted)
            ),
            Err(reason) => reason.to_string(),
        };
        suite.push(&column.name, &outcome, &format!("{}: {found}", verdict.label()));
    }
    suite
}

/// The suites under one roof.
pub(super) fn document(name: &str, suites: &[Suite]) -> String {
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        escape(name),
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.skipped),
    );
    for Suite { name, tests, failures, skipped, cases } in suites {
        xml += &format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\">\n{cases}  \
             </testsuite>\n"
        );
    }
    xml + "</testsuites>\n"
}

/// Text for XML, in which most control characters cannot be written at all.
fn escape(text: &str) -> String {
    html::escape(&text.replace(|character: char| character.is_control(), "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use crate::data::{Column, Dataset};
    use crate::judge::Settings;
    use crate::report::{Source, compare};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    #[test]
    fn a_drifted_column_fails_and_an_absent_one_is_skipped() {
        let numbers = |name: &str, shift: f64| {
            Column::fractions(name, (0..600).map(|i| f64::from(i * 37 % 97) + shift).collect())
        };
        let reference =
            Dataset::new(vec![numbers("<moved>", 0.0), numbers("same", 0.0), numbers("gone", 0.0)]).unwrap();
        let current = Dataset::new(vec![numbers("<moved>", 60.0), numbers("same", 0.0)]).unwrap();
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let side = |data| Source { label: "x", data, sha256: None };
        let report = super::report(&compare(
            Reference(side(&reference)),
            Current(side(&current)),
            &schema,
            &Settings::default(),
        ));
        assert!(
            report.contains("<testsuite name=\"data drift\" tests=\"3\" failures=\"1\" skipped=\"1\">"),
            "{report}"
        );
        assert!(report.contains("name=\"&lt;moved&gt;\"><failure message=\"Drifted: largest gap "), "{report}");
        assert!(report.contains("name=\"same\"><system-out>Stable: "), "{report}");
        assert!(report.contains("name=\"gone\"><skipped message=\"Not tested: "), "{report}");
    }
}
