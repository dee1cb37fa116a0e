//! What came of expectations: for a terminal, as part of an HTML report, and as JUnit XML for a CI system.

use std::fmt::Write;

use super::html::escape;
use super::junit::{self, Outcome, Suite};
use crate::expectations::{Check, CheckReport, CheckStatus};

/// As plain text: the sentence, then everything that failed or could not be checked.
pub fn text(report: &CheckReport) -> String {
    let mut text = report.sentence() + "\n";
    for status in [CheckStatus::Fail, CheckStatus::NotChecked] {
        for check in report.checks.iter().filter(|check| check.status == status) {
            push(&mut text, format_args!("  {:<12}{}: {}\n", status.label(), place(check), outcome(check)));
        }
    }
    text
}

/// As a section of an HTML page.
pub fn html(report: &CheckReport) -> String {
    let mut html = format!(
        "<h2>Expectations</h2><p>{}</p><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Column</th>\
         <th scope=\"col\">Expectation</th><th scope=\"col\">Outcome</th><th scope=\"col\">Expected</th>\
         <th scope=\"col\">Observed</th></tr></thead><tbody>",
        escape(&report.sentence()),
    );
    let mut checks: Vec<&Check> = report.checks.iter().collect();
    checks.sort_by_key(|check| check.status);
    for check in checks {
        let (class, shape) = match check.status {
            CheckStatus::Fail => ("drifted", "▲"),
            CheckStatus::NotChecked => ("not_tested", "–"),
            CheckStatus::Pass => ("stable", "●"),
        };
        let small = [check.reason.clone(), rows(check)].into_iter().flatten().collect::<Vec<_>>().join("; ");
        push(
            &mut html,
            format_args!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td><span class=\"badge {class}\">{shape} {}</span></td>\
                 <td>{}</td><td>{}<span class=\"small\">{}</span></td></tr>",
                escape(check.column.as_deref().unwrap_or("whole table")),
                escape(&check.expectation),
                check.status.label(),
                escape(&check.expected),
                escape(&check.observed),
                escape(&small),
            ),
        );
    }
    html.push_str("</tbody></table></div>");
    html
}

/// As JUnit XML: a test suite per column, a test case per expectation.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::expectations::Expectations;
///
/// let text = r#"{"format": "tidemark-expectations/1", "columns": [{"name": "age", "range": {"low": 0, "high": 120}}]}"#;
/// let report = Expectations::from_json(text).unwrap().check(&csv::read(b"age\n130\n").unwrap());
/// let xml = tidemark::render::expectations::junit(&report);
/// assert!(xml.contains(r#"<testsuite name="age" tests="2" failures="1" skipped="0">"#));
/// ```
pub fn junit(report: &CheckReport) -> String {
    junit::document("expectations", &suites(report))
}

/// The suites of [`junit()`].
pub(super) fn suites(report: &CheckReport) -> Vec<Suite> {
    let by_column = report.checks.chunk_by(|a, b| a.column == b.column);
    let suites = by_column.map(|checks| {
        let mut suite = Suite::new(checks[0].column.as_deref().unwrap_or("whole table"));
        for check in checks {
            let status = match check.status {
                CheckStatus::Pass => Outcome::Passed,
                CheckStatus::Fail => Outcome::Failed,
                CheckStatus::NotChecked => Outcome::Skipped,
            };
            suite.push(&check.expectation, &status, &outcome(check));
        }
        suite
    });
    suites.collect()
}

/// `Amount, range`.
fn place(check: &Check) -> String {
    match &check.column {
        Some(column) => format!("{column}, {}", check.expectation),
        None => check.expectation.clone(),
    }
}

/// `expected 0 to 5, found 7; 1 row, the first: 4`.
fn outcome(check: &Check) -> String {
    let found = format!("expected {}, found {}", check.expected, check.observed);
    [Some(found), rows(check), check.reason.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn rows(check: &Check) -> Option<String> {
    let count = check.violating_rows.filter(|count| *count > 0)?;
    let first: Vec<String> = check.first_violating_rows.iter().map(u64::to_string).collect();
    Some(format!("{}, the first: {}", super::format::plural(count, "row"), first.join(", ")))
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;
    use crate::expectations::Expectations;

    fn report() -> CheckReport {
        let text = r#"{"format": "tidemark-expectations/1", "columns": [
            {"name": "<a>", "range": {"low": 0, "high": 5}, "kind": "numbers"},
            {"name": "b\u0007", "not_constant": true}]}"#;
        Expectations::from_json(text).unwrap().check(&csv::read(b"<a>,b\x07\n7,1\n").unwrap())
    }

    #[test]
    fn every_form_says_what_failed_and_where() {
        let report = report();
        let text = text(&report);
        let expected = "  fail        <a>, range: expected 0 to 5, found 7 to 7; 1 row, the first: 1\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("  not checked b\u{7}, not_constant: "), "{text}");
        let html = html(&report);
        assert!(html.contains("&lt;a&gt;") && !html.contains("<a>"));
        assert!(html.find("▲ fail") < html.find("● pass"), "failures come first");
    }

    #[test]
    fn junit_counts_and_escapes() {
        let xml = junit(&report());
        assert!(xml.contains("<testsuites name=\"expectations\" tests=\"5\" failures=\"1\" skipped=\"1\">"), "{xml}");
        assert!(xml.contains("<testsuite name=\"&lt;a&gt;\" tests=\"3\" failures=\"1\" skipped=\"0\">"), "{xml}");
        assert!(xml.contains("<failure message=\"expected 0 to 5, found 7 to 7; 1 row, the first: 1\"/>"), "{xml}");
        assert!(!xml.contains('\u{7}'));
        assert_eq!(xml.matches("<testsuite ").count(), xml.matches("</testsuite>").count());
    }
}
