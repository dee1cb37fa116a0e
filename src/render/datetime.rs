//! A column of moments in words: the same lines in the pages, in the HTML report and in a terminal.

use super::format;
use crate::report::{ColumnReport, DatetimeReport, DatetimeSide, Reading};

/// A line of the table: name, reference, current.
pub type Line = [String; 3];

/// A number of rows of a side.
type Count = fn(&DatetimeSide) -> u64;

/// When, how often, and with which gaps rows came. Lines without news, such as rows out of order where there are none,
/// are left out.
pub fn lines(report: &DatetimeReport) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |name: &str, of: &dyn Fn(&DatetimeSide) -> String| {
        lines.push([name.to_owned(), of(&report.reference), of(&report.current)]);
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    add("First", &|side| or_dash(side.first.map(|first| first.short())));
    add("Last", &|side| or_dash(side.last.map(|last| last.short())));
    if report.reading == Reading::Arrivals {
        add("Rows", &|side| or_dash(side.rows_per_second.map(format::frequency)));
    }
    add("Middle gap", &|side| or_dash(side.median_gap_seconds.map(format::duration)));
    add("Longest gap", &|side| or_dash(side.longest_gap.map(|gap| format::duration(gap.seconds))));
    add("Longest gap from", &|side| or_dash(side.longest_gap.map(|gap| gap.from.short())));
    let sides = [&report.reference, &report.current];
    let counts: [(&str, Count); 3] = [
        ("Same moment again", |side| side.duplicates),
        ("Earlier than the row above", |side| side.out_of_order.unwrap_or(0)),
        ("Not a moment", |side| side.unreadable),
    ];
    for (name, count) in counts {
        if sides.iter().any(|side| count(side) > 0) {
            add(name, &|side| {
                let all = (side.moments + side.unreadable).max(1);
                format!("{} ({})", format::count(count(side)), format::share(count(side) as f64 / all as f64))
            });
        }
    }
    lines
}

/// What a reader has to know beside the tests: how the column was read, what was not compared, and a longest gap that the
/// reference never had.
pub fn notes(report: &DatetimeReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.reading == Reading::SamePeriod {
        notes.push(
            "Both sides cover the same period, so where in it the moments lie is compared, and not how often rows come."
                .to_owned(),
        );
    }
    if let Some(blocks) = report.rate_blocks.filter(|blocks| blocks.overdispersion >= 1.5) {
        notes.push(format!(
            "The rate goes up and down by itself: the ratio is {} times as uncertain as that of independent rows.",
            format::number(blocks.overdispersion.sqrt()),
        ));
    }
    for (what, reason) in [("Hours", &report.hours_not_tested), ("Weekdays", &report.weekdays_not_tested)] {
        if let Some(reason) = reason {
            notes.push(format!("{what} not tested: {reason}."));
        }
    }
    let gaps = report.reference.moments.saturating_sub(1);
    if let Some(gap) = report.current.longest_gap
        && report.reading == Reading::Arrivals
        && report.reference_gaps_as_long == 0
        && gaps > 0
    {
        notes.push(format!(
            "No gap of the reference is as long as the longest one now, {} from {}.",
            format::duration(gap.seconds),
            gap.from.short(),
        ));
    }
    notes
}

/// All of it as plain text, under the column's name; empty for other columns.
pub fn text(column: &ColumnReport) -> String {
    let Some(report) = &column.datetime else { return String::new() };
    let mut text = format!("\n{}, reference and current, in UTC\n", column.name);
    let tests = column.calibrated.values.outcome().into_iter().chain(&column.calibrated.further);
    for test in tests {
        text.push_str(&format!(
            "  {}: {}, p {}, {}\n",
            test.test,
            super::text::effect(&test.effect),
            format::far_p_value(test.p_adjusted, test.log10_p_adjusted),
            test.verdict.label().to_lowercase(),
        ));
    }
    for [name, reference, current] in lines(report) {
        text.push_str(&format!("  {name}: {reference}, {current}\n"));
    }
    for note in notes(report) {
        text.push_str(&format!("  {note}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::data::csv;
    use crate::judge::{Settings, Verdict};
    use crate::render::{html, text};
    use crate::report::{DriftReport, Reading, Source, compare};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    fn report(reference: &str, current: &str) -> DriftReport {
        let [reference, current] = [reference, current].map(|text| csv::read(text.as_bytes()).unwrap());
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let source = |data| Source { label: "x", data, sha256: None };
        compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default())
    }

    /// A row every `minutes`, for as many days of 2024-05.
    fn log(first_day: u32, days: u32, minutes: u32, outage: std::ops::Range<u32>) -> String {
        let rows = (0..days * 1440 / minutes).map(|row| row * minutes);
        let rows = rows.filter(|at| !outage.contains(&(at / 60)));
        rows.fold("at\n".to_owned(), |text, at| {
            let day = first_day + at / 1440;
            format!("{text}2024-05-{day:02} {:02}:{:02}:{:02}\n", at / 60 % 24, at % 60, at % 7)
        })
    }

    #[test]
    fn a_quiet_log_reads_as_stable_and_tells_what_was_not_compared() {
        let report = report(&log(1, 15, 10, 0..0), &log(16, 10, 10, 0..0));
        let column = &report.columns[0];
        assert_eq!(column.calibrated.verdict, Verdict::Stable, "{:?}", column.calibrated);
        let text = text::report(&report);
        for words in ["datetime", "Rows: 6 an hour, 6 an hour", "First: 2024-05-01, 2024-05-16", "Hours of the day"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(
            text.contains("Weekdays not tested: takes 2 whole weeks on each side, and there are 2 and 1."),
            "{text}"
        );
        assert!(!text.contains("No gap of the reference"), "{text}");
        assert!(html::report(&report).contains("6 an hour"));
    }

    #[test]
    fn an_outage_is_told_though_the_rate_over_days_holds() {
        let report = report(&log(1, 15, 10, 0..0), &log(16, 10, 10, 100..104));
        let datetime = report.columns[0].datetime.as_ref().unwrap();
        assert_eq!((datetime.reading, datetime.reference_gaps_as_long), (Reading::Arrivals, 0));
        let text = text::report(&report);
        assert!(text.contains("No gap of the reference is as long as the longest one now, 4.1"), "{text}");
        assert!(text.contains("from 2024-05-20 03:50"), "{text}");
    }

    #[test]
    fn twice_as_many_rows_are_drift_and_as_many_in_the_same_period_are_not() {
        let drifted = report(&log(1, 15, 10, 0..0), &log(16, 10, 5, 0..0));
        let test = drifted.columns[0].calibrated.values.outcome().unwrap();
        assert_eq!(test.verdict, Verdict::Drifted, "{test:?}");
        assert!((test.effect.value - 2.0).abs() < 0.02);
        let halves = report(&log(1, 15, 10, 0..0), &log(1, 15, 5, 0..0));
        assert_eq!(halves.columns[0].datetime.as_ref().unwrap().reading, Reading::SamePeriod);
        assert_eq!(halves.columns[0].calibrated.verdict, Verdict::Stable, "{:?}", halves.columns[0].calibrated);
    }
}
