//! The HTML report is one small file that loads nothing: for a mail, a ticket or a share link.

use tidemark::data::{Column, Dataset};
use tidemark::expectations::{Expectations, InferOptions};
use tidemark::judge::{Settings, nannyml};
use tidemark::multivariate;
use tidemark::quality::Quality;
use tidemark::render::html;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

/// Bytes that a report of this many columns has at most.
const MOST: usize = 200_000;
const COLUMNS: usize = 30;
/// Bytes that every further column adds at most.
const MOST_PER_FURTHER_COLUMN: usize = 5_000;
const FURTHER: usize = 200;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Numerical,
    Categorical,
    Datetime,
}

fn noise(column: usize, row: usize) -> f64 {
    let mut x = (column * 1_000_003 + row) as u64;
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

/// A column that drifted, with some values missing: what there is to say about it, is said.
fn column(kind: Kind, nth: usize, is_current: bool) -> Column {
    let (n, side) = if is_current { (1000, 1) } else { (1500, 0) };
    let name = format!("a feature with a name {nth}");
    let value = |row| noise(2 * nth + side, row);
    let is_missing = |row| noise(nth + 7, row) < 0.05 + 0.1 * side as f64;
    let texts = |of: &dyn Fn(usize) -> String| {
        let values: Vec<Option<String>> = (0..n).map(|row| (!is_missing(row)).then(|| of(row))).collect();
        Column::strings(name.clone(), values.iter().map(Option::as_deref))
    };
    match kind {
        Kind::Numerical => {
            let of = |row| if is_missing(row) { f64::NAN } else { 1234.5678 * (value(row) + 0.2 * side as f64) };
            Column::fractions(name.clone(), (0..n).map(of).collect())
        }
        Kind::Categorical => texts(&|row| format!("category {:02}", (value(row) * 30.0) as usize + 5 * side)),
        Kind::Datetime => texts(&|row| {
            let minutes = 40_000 * side + row * (17 + 7 * side) + (value(row) * 60.0) as usize;
            let (day, minute) = (minutes / 1440, minutes % 1440);
            format!("2024-{:02}-{:02} {:02}:{:02}:00", 1 + day / 28, 1 + day % 28, minute / 60, minute % 60)
        }),
    }
}

fn report(kinds: &[Kind], settings: &Settings) -> DriftReport {
    let [reference, current] = [false, true].map(|is_current| {
        let columns = kinds.iter().enumerate().map(|(nth, kind)| column(*kind, nth, is_current));
        Dataset::new(columns.collect()).expect("columns of one length")
    });
    let schema = Schema::infer(&reference, &SchemaOverrides::default()).expect("nothing is overridden");
    let source = |label, data| Source { label, data, sha256: Some("0".repeat(64)) };
    let (then, now) = (source("reference.csv", &reference), source("current.csv", &current));
    let mut report = compare(Reference(then.clone()), Current(now), &schema, settings);
    if settings.multivariate.is_some() {
        let learnt = Expectations::infer(Reference(then), &schema, &InferOptions::default());
        report.expectations = Some(learnt.check(&current));
    }
    report
}

fn mixed(n: usize) -> Vec<Kind> {
    [Kind::Numerical, Kind::Categorical, Kind::Datetime].into_iter().cycle().take(n).collect()
}

/// What thirty columns take, and what each further one adds.
fn sizes(of: impl Fn(usize) -> Vec<Kind>, settings: &Settings) -> (usize, usize) {
    let size = |n| html::report(&report(&of(n), settings)).len();
    let few = size(COLUMNS);
    (few, (size(COLUMNS + FURTHER) - few).div_ceil(FURTHER))
}

#[test]
fn a_report_of_thirty_columns_is_small_and_a_further_column_adds_little() {
    let everything = Settings {
        multivariate: Some(multivariate::Options { n_trees: 5, ..multivariate::Options::default() }),
        nannyml: Some(nannyml::Options { quality: true, summary: true, ..nannyml::Options::default() }),
        quality: Quality::Full,
        ..Settings::default()
    };
    let default = Settings::default();
    let of = |kind| move |n| vec![kind; n];
    let all = [
        ("a third of each kind", sizes(mixed, &default)),
        ("numerical", sizes(of(Kind::Numerical), &default)),
        ("categorical", sizes(of(Kind::Categorical), &default)),
        ("datetime", sizes(of(Kind::Datetime), &default)),
        ("a third of each kind, with all that can be asked for", sizes(mixed, &everything)),
    ];
    println!("bytes of {COLUMNS} columns, and of each further one: {all:#?}");
    for (columns, (few, further)) in all {
        assert!(
            few <= MOST && further <= MOST_PER_FURTHER_COLUMN,
            "{columns}: {few}, and {further} for each further one"
        );
    }
}

#[test]
fn a_report_runs_nothing_and_loads_nothing() {
    let html = html::report(&report(&mixed(6), &Settings::default()));
    for part in
        ["<script", "<link", "<img", "<iframe", "<object", "<embed", "@import", "url(", "src=", "srcset=", "href="]
    {
        assert!(!html.contains(part), "{part}");
    }
    // A link is followed by a person, not loaded.
    let downloads = [("JSON", "/r/x/report.json".to_owned())];
    let shared = html::shared(&report(&mixed(6), &Settings::default()), "title", &downloads);
    assert_eq!(shared.matches("href=").count(), shared.matches("<a href=\"/r/x/report.json\"").count());
    assert_eq!(shared.matches("<script").count() + shared.matches("src=").count() + shared.matches("url(").count(), 0);
}
