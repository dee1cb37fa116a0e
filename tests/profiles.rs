//! Reports from profiles: merged parts say what the whole says, to the last byte.

use tidemark::data::{Column, Dataset, Values};
use tidemark::judge::evidently::{EmbeddingSettings, Typing};
use tidemark::judge::{Judge, Settings};
use tidemark::multivariate;
use tidemark::profile::TableProfile;
use tidemark::profile::table::ProfileMismatch;
use tidemark::quality::Quality;
use tidemark::random::Rng;
use tidemark::report::{DriftReport, FittedReference, Profiled, Source, compare, compare_profiles};
use tidemark::schema::{ColumnRole, ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

/// A table with a column of every kind, and holes in most of them.
fn table(n: usize, shift: f64, seed: u64) -> Dataset {
    let mut rng = Rng::new(seed);
    let mut level = 0.0;
    let mut empty = vec![false; n];
    empty.fill_with(|| rng.below(50) == 0);
    let mut numbers = |name: &str, draw: &mut dyn FnMut(&mut Rng) -> f64| {
        let value = |row: usize| if empty[row] { f64::NAN } else { draw(&mut rng) };
        Column::numbers(name, (0..n).map(value).collect())
    };
    let mut columns = vec![
        numbers("amount", &mut |rng| match rng.below(40) {
            0 => f64::INFINITY,
            1 => f64::NAN,
            _ => rng.normal() + shift,
        }),
        // Rows that are like their neighbours.
        numbers("level", &mut |rng| {
            level = 0.95 * level + rng.normal();
            level + shift
        }),
        numbers("zero", &mut |rng| if rng.below(2) == 0 { -0.0 } else { 0.0 }),
    ];
    let mut rng = Rng::new(seed + 1);
    let mut whole = |name: &str, below: u64| Column::numbers(name, (0..n).map(|_| rng.below(below) as f64).collect());
    columns.extend([whole("items", 9), whole("count", 300)]);
    let flags = (0..n).map(|_| rng.uniform() < 0.1 + shift / 10.0).collect();
    columns.push(Column { name: "flag".to_owned(), values: Values::Booleans(flags) });
    let mut strings = |name: &str, draw: &mut dyn FnMut(&mut Rng, usize) -> String| {
        let values: Vec<Option<String>> = (0..n).map(|row| (!empty[row]).then(|| draw(&mut rng, row))).collect();
        Column::strings(name, values.iter().map(Option::as_deref))
    };
    columns.extend([
        strings("city", &mut |rng, _| format!("city {}", rng.below(80) * rng.below(3))),
        strings("note", &mut |rng, row| format!("word{} of row {row}", rng.below(30))),
        strings("at", &mut |rng, row| {
            let minutes = row as u64 * 7 + rng.below(30);
            format!("2024-03-{:02} {:02}:{:02}:00", 1 + minutes / 1440 % 28, minutes / 60 % 24, minutes % 60)
        }),
        strings("score", &mut |rng, _| ["low", "high"][rng.below(2) as usize].to_owned()),
    ]);
    columns.push(Column::strings("gone", vec![None; n]));
    Dataset::new(columns).unwrap()
}

fn schema(reference: &Dataset) -> Schema {
    let roles = [("score".to_owned(), ColumnRole::Prediction), ("flag".to_owned(), ColumnRole::Target)].into();
    let types = [("items".to_owned(), ColumnType::Numerical)].into();
    Schema::infer(reference, &SchemaOverrides { roles, types }).unwrap()
}

/// The rows in a few parts, profiled by themselves and merged in a random order of neighbours.
fn in_parts(data: &Dataset, schema: &Schema, rng: &mut Rng) -> TableProfile {
    let n = data.n_rows();
    let mut cuts: Vec<usize> = (0..rng.below(7)).map(|_| rng.below(n as u64 + 1) as usize).collect();
    cuts.extend([0, n]);
    cuts.sort_unstable();
    let mut parts: Vec<TableProfile> =
        cuts.windows(2).map(|cut| TableProfile::of(&data.slice(cut[0]..cut[1]), schema)).collect();
    while parts.len() > 1 {
        let at = rng.below(parts.len() as u64 - 1) as usize;
        let below = parts.remove(at + 1);
        parts[at] = parts[at].merge(&below).unwrap();
    }
    parts.remove(0)
}

fn report(reference: &TableProfile, current: &TableProfile, settings: &Settings) -> DriftReport {
    let side = |profile| Profiled { label: "", profile, sha256: None };
    compare_profiles(Reference(side(reference)), Current(side(current)), settings).unwrap()
}

fn json(report: &DriftReport) -> String {
    serde_json::to_string(report).unwrap()
}

#[test]
fn a_report_from_merged_parts_is_the_report_from_the_whole() {
    let mut rng = Rng::new(5);
    for (round, n) in [0, 1, 40, 900, 1500, 2000, 20_000].into_iter().enumerate() {
        let reference = table(n, 0.0, 10 * round as u64);
        let current = table(n + n / 2, 0.5, 10 * round as u64 + 5);
        let schema = schema(&reference);
        let mut settings = Settings::default();
        settings.evidently.typing = if round % 2 == 0 { Typing::V0_7 } else { Typing::V0_4 };
        let source = |data| Source { label: "", data, sha256: None };
        let by_rows = compare(Reference(source(&reference)), Current(source(&current)), &schema, &settings);
        for _ in 0..4 {
            let (reference, current) = (in_parts(&reference, &schema, &mut rng), in_parts(&current, &schema, &mut rng));
            assert!(json(&report(&reference, &current, &settings)) == json(&by_rows), "{n} rows");
        }
        let fitted = FittedReference::of_profile(Reference(Profiled {
            label: "",
            profile: &TableProfile::of(&reference, &schema),
            sha256: None,
        }));
        let window = in_parts(&current, &schema, &mut rng);
        let window = Current(Profiled { label: "", profile: &window, sha256: None });
        assert!(json(&fitted.compare_profile(window, &[], &settings, &|_| {}).unwrap()) == json(&by_rows));
        assert!(json(&fitted.compare(Current(source(&current)), &[], &settings, &|_| {})) == json(&by_rows));
    }
}

#[test]
fn what_takes_rows_is_not_tested_and_says_why() {
    let (reference, current) = (table(300, 0.0, 1), table(300, 0.5, 2));
    let schema = schema(&reference);
    let mut settings = Settings {
        judge: Judge::Nannyml,
        quality: Quality::Full,
        multivariate: Some(multivariate::Options::default()),
        ..Settings::default()
    };
    let columns = vec!["amount".to_owned(), "level".to_owned()];
    let embedding = EmbeddingSettings { columns, method: None };
    settings.evidently.embeddings.insert("both".to_owned(), embedding);
    let (reference, current) = (TableProfile::of(&reference, &schema), TableProfile::of(&current, &schema));
    let report = report(&reference, &current, &settings);
    let text = json(&report);
    // Three ways of taking columns together, an embedding, ten columns left out, and every column's chunks.
    assert_eq!(text.matches("rows_not_kept").count(), 3 + 1 + 10 + 11, "{text}");
    assert_eq!(report.quality.unwrap().level, Quality::Columns);
    assert_eq!((report.chunks, report.data.n_tested), (None, 0));
}

#[test]
fn parts_that_do_not_fit_do_not_merge() {
    let numbers = |name: &str| Dataset::new(vec![Column::numbers(name, vec![1.5, 2.5])]).unwrap();
    let names = Dataset::new(vec![Column::strings("x", [Some("a")])]).unwrap();
    let schema = |data: &Dataset| Schema::infer(data, &SchemaOverrides::default()).unwrap();
    let (x, y) = (schema(&numbers("x")), schema(&numbers("y")));
    let part = |data: &Dataset, schema: &Schema| TableProfile::of(data, schema);
    let column = || "x".to_owned();
    let whole = part(&numbers("x"), &x);
    let merge = |other: &TableProfile| whole.merge(other).map(|merged| merged.rows());
    assert_eq!(merge(&whole), Ok(4));
    assert_eq!(merge(&part(&numbers("y"), &y)), Err(ProfileMismatch::Schema { column: column() }));
    assert_eq!(merge(&part(&numbers("y"), &x)), Err(ProfileMismatch::Absent { column: column() }));
    assert_eq!(merge(&part(&names, &x)), Err(ProfileMismatch::Kinds { column: column() }));
    assert_eq!(merge(&part(&Dataset::default(), &x)), Ok(2), "a part without rows need not have columns");
    let side = |profile| Profiled { label: "", profile, sha256: None };
    let other = part(&numbers("y"), &y);
    let mixed = compare_profiles(Reference(side(&whole)), Current(side(&other)), &Settings::default());
    assert_eq!(mixed, Err(ProfileMismatch::Schema { column: column() }));
}
