//! Reports from grouped counts are those from the rows, to the last byte.

use tidemark::data::{Column, Dataset, Values};
use tidemark::judge::evidently::Typing;
use tidemark::judge::{Judge, Settings};
use tidemark::multivariate;
use tidemark::profile::counts::{CountedValues, TableCounts};
use tidemark::quality::Quality;
use tidemark::random::Rng;
use tidemark::report::{Counted, NeedsRows, Source, compare, compare_counts};
use tidemark::schema::{ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

fn shuffled() -> Settings {
    let mut settings = Settings::default();
    settings.calibrated.ordered = false;
    settings
}

/// A column of every kind; numbers have NaN, infinities, both zeros and repeats.
fn table(n: usize, shift: f64, seed: u64) -> Dataset {
    let mut rng = Rng::new(seed);
    let empty: Vec<bool> = (0..n).map(|_| rng.below(40) == 0).collect();
    let amounts = (0..n).map(|row| match rng.below(30) {
        _ if empty[row] => f64::NAN,
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        2 => f64::NAN,
        3 => -0.0,
        4 => 0.0,
        5..15 => (rng.normal() * 4.0).round() / 4.0 + shift,
        _ => rng.normal() + shift,
    });
    let mut columns = vec![Column::fractions("amount", amounts.collect())];
    columns.push(Column::numbers("items", (0..n).map(|_| rng.below(9) as f64).collect()));
    columns.push(Column::numbers("count", (0..n).map(|_| rng.below(300) as f64).collect()));
    columns.push(Column::fractions("constant", vec![7.25; n]));
    columns.push(Column::numbers("unix", (0..n).map(|row| 1.7e9 + (row * 977 % 86_400) as f64).collect()));
    let flags = (0..n).map(|_| rng.uniform() < 0.1 + shift / 10.0).collect();
    columns.push(Column { name: "flag".to_owned(), values: Values::Booleans(flags) });
    let mut texts = |name: &str, draw: &mut dyn FnMut(&mut Rng, usize) -> String| {
        let texts: Vec<Option<String>> = (0..n).map(|row| (!empty[row]).then(|| draw(&mut rng, row))).collect();
        columns.push(Column::strings(name, texts.iter().map(Option::as_deref)));
    };
    texts("city", &mut |rng, _| ["", "Oslo", "a \"b\"", "São\nPaulo"][rng.below(4) as usize].to_owned());
    texts("note", &mut |rng, row| format!("word{} of row {row}", rng.below(30)));
    texts("at", &mut |rng, row| format!("2024-03-{:02}T{:02}:00:00Z", 1 + row / 24 % 28, rng.below(24)));
    columns.push(Column::strings("gone", vec![None; n]));
    Dataset::new(columns).unwrap()
}

fn both(reference: &Dataset, current: &Dataset, settings: &Settings) -> [String; 2] {
    let overrides =
        SchemaOverrides { types: [("unix".to_owned(), ColumnType::Datetime)].into(), ..SchemaOverrides::default() };
    let schema = Schema::infer(reference, &overrides).unwrap();
    let source = |data| Source { label: "", data, sha256: None };
    let by_rows = compare(Reference(source(reference)), Current(source(current)), &schema, settings);
    let counts = [reference, current].map(TableCounts::of);
    assert_eq!(counts[0].schema(&overrides).unwrap(), schema);
    let counted = |counts| Counted { label: "", counts };
    let by_counts =
        compare_counts(Reference(counted(&counts[0])), Current(counted(&counts[1])), &schema, settings).unwrap();
    [by_rows, by_counts].map(|report| serde_json::to_string_pretty(&report).unwrap())
}

#[test]
fn a_report_from_counts_is_the_report_from_the_rows() {
    for (round, n) in [0, 1, 2, 40, 900, 1500, 20_000].into_iter().enumerate() {
        let (reference, current) = (table(n, 0.0, round as u64), table(n + n / 2, 0.5, 100 + round as u64));
        for typing in [Typing::V0_7, Typing::V0_4] {
            for judge in [Judge::Calibrated, Judge::Evidently] {
                let mut settings = Settings { judge, ..shuffled() };
                settings.evidently.typing = typing;
                let [by_rows, by_counts] = both(&reference, &current, &settings);
                assert!(by_rows == by_counts, "{n} rows:\n{by_rows}\n{by_counts}");
            }
        }
    }
}

#[test]
fn values_that_come_in_pieces_and_out_of_order_count_together() {
    let whole = TableCounts::of(&table(500, 0.0, 3));
    let mut pieces = whole.clone();
    for column in &mut pieces.columns {
        match &mut column.values {
            CountedValues::Numbers { counts, .. } => {
                let halves: Vec<_> = counts.iter().rev().map(|(value, n)| (*value, n / 2)).collect();
                counts.iter_mut().for_each(|(_, n)| *n -= *n / 2);
                counts.extend(halves);
            }
            CountedValues::Texts { counts } => counts.reverse(),
            CountedValues::Booleans { .. } => {}
        }
    }
    let schema = whole.schema(&SchemaOverrides::default()).unwrap();
    assert_eq!(pieces.schema(&SchemaOverrides::default()).unwrap(), schema);
    let report = |current| {
        let (reference, current) = (Counted { label: "", counts: &whole }, Counted { label: "", counts: current });
        let report = compare_counts(Reference(reference), Current(current), &schema, &shuffled()).unwrap();
        serde_json::to_string(&report).unwrap()
    };
    assert!(report(&whole) == report(&pieces));
}

#[test]
fn what_counts_cannot_tell_is_refused_by_name() {
    let counts = TableCounts::of(&table(50, 0.0, 1));
    let schema = counts.schema(&SchemaOverrides::default()).unwrap();
    let refusal = |settings: Settings| {
        let side = || Counted { label: "", counts: &counts };
        compare_counts(Reference(side()), Current(side()), &schema, &settings).err()
    };
    assert_eq!(refusal(Settings::default()), Some(NeedsRows::Order));
    let multivariate = Some(multivariate::Options::default());
    assert_eq!(refusal(Settings { multivariate, ..shuffled() }), Some(NeedsRows::Multivariate));
    assert_eq!(refusal(Settings { quality: Quality::Full, ..shuffled() }), Some(NeedsRows::FullQuality));
    assert_eq!(refusal(Settings { judge: Judge::Nannyml, ..shuffled() }), Some(NeedsRows::Chunks));
    assert_eq!(refusal(shuffled()), None);
}
