//! A column of moments, as its panel shows it.

use leptos::prelude::*;

use tidemark::data::csv;
use tidemark::judge::Settings;
use tidemark::report::{DatetimeReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use tidemark_app::components::column_panel::datetime_card::DatetimeCard;

/// Ten rows a day, at noon and later, for so many days of 2024-05.
fn log(days: std::ops::Range<u32>) -> String {
    let rows = days.flat_map(|day| (0..10).map(move |row| format!("2024-05-{day:02}T{:02}:30:00Z\n", 12 + row)));
    std::iter::once("at\n".to_owned()).chain(rows).collect()
}

fn card(reference: &str, current: &str) -> String {
    let [reference, current] = [reference, current].map(|text| csv::read(text.as_bytes()).expect("well formed"));
    let schema = Schema::infer(&reference, &SchemaOverrides::default()).expect("no overrides");
    let source = |data| Source { label: "x", data, sha256: None };
    let found = compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default());
    let report: DatetimeReport = *found.columns[0].datetime.clone().expect("a column of moments");
    let owner = Owner::new();
    owner.with(|| view! { <DatetimeCard report/> }.to_html()).replace("<!>", "")
}

#[test]
fn hours_weekdays_span_rate_and_gaps_are_shown_in_words_and_pictures() {
    let html = card(&log(1..15), &log(15..29));
    assert_eq!(html.matches("<svg").count(), 2, "{html}");
    for words in ["Hours of the day", "Days of the week", "2024-05-01 12:30", "Longest gap", "15 h", "Sun"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("Out of order") && !html.contains("style=\""), "{html}");
}

#[test]
fn what_is_no_moment_is_counted() {
    let html = card(&log(1..15), &format!("{}soon\n", log(15..29)));
    assert!(html.contains("Not a moment") && html.contains("1 (0.71%)"), "{html}");
}
