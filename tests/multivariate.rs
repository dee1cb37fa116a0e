//! What only all columns together can show, and what they must not show.

use std::collections::BTreeMap;
use tidemark::data::{Column, Dataset};
use tidemark::judge::{Settings, Verdict};
use tidemark::multivariate::{MultivariateReport, Options, compare};
use tidemark::report::{DriftReport, Source};
use tidemark::schema::{ColumnRole, ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, NotTested, Reference, Tested};

/// Random numbers that need no crate: SplitMix64, and twelve uniforms less 6 for a near-normal.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// `x` and `y` with correlation `sign * 0.8`, and `z` on its own: each column by itself is the same for both signs.
fn table(random: &mut Random, n: usize, sign: f64) -> Dataset {
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..n {
        let x = random.normal();
        columns[0].push(x);
        columns[1].push(sign * 0.8 * x + 0.6 * random.normal());
        columns[2].push(random.normal());
    }
    let named = ["x", "y", "z"].into_iter().zip(columns);
    Dataset::new(named.map(|(name, values)| Column::fractions(name, values)).collect()).unwrap()
}

fn schema(reference: &Dataset) -> Schema {
    Schema::infer(reference, &SchemaOverrides::default()).unwrap()
}

fn together(reference: &Dataset, current: &Dataset, options: &Options) -> MultivariateReport {
    compare(Reference(reference), Current(current), &schema(reference), options)
}

fn report(reference: &Dataset, current: &Dataset, settings: &Settings) -> DriftReport {
    let source = |data| Source { label: "x", data, sha256: None };
    let (reference_side, current_side) = (Reference(source(reference)), Current(source(current)));
    tidemark::report::compare(reference_side, current_side, &schema(reference), settings)
}

fn with_multivariate() -> Settings {
    Settings { multivariate: Some(Options::default()), ..Settings::default() }
}

#[test]
fn a_relation_that_flipped_is_found_by_all_three_and_by_no_single_column() {
    let mut random = Random(1);
    let (reference, current) = (table(&mut random, 2_000, 1.0), table(&mut random, 2_000, -1.0));
    let report = report(&reference, &current, &with_multivariate());
    for column in &report.columns {
        assert_eq!(column.calibrated.verdict, Verdict::Stable, "{}", column.name);
        assert!(column.evidently.outcome().is_some_and(|outcome| !outcome.drifted), "{}", column.name);
    }
    assert!(!report.data.drifted);

    let found = report.multivariate.as_ref().unwrap();
    assert_eq!(found.verdicts(), [Some(Verdict::Drifted); 3], "{found:?}");
    assert!(found.drifted && report.is_drifted());

    let classifier = found.classifier.outcome().unwrap();
    assert!(classifier.auc.low > 0.8 && classifier.p_adjusted < 1e-50, "{classifier:?}");
    let carriers: Vec<&str> = classifier.carriers.iter().map(|carrier| carrier.column.as_str()).collect();
    assert!(carriers[..2] == ["x", "y"] || carriers[..2] == ["y", "x"], "{carriers:?}");
    let shares: f64 = classifier.carriers.iter().map(|carrier| carrier.share).sum();
    assert!((shares - 1.0).abs() < 1e-12 && classifier.carriers[..2].iter().all(|carrier| carrier.share > 0.3));

    let reconstruction = found.reconstruction.outcome().unwrap();
    assert!(reconstruction.current_mean > 1.2 * reconstruction.reference_mean, "{reconstruction:?}");
    assert_eq!((reconstruction.n_alerts, reconstruction.current.len()), (10, 10));

    let correlation = found.correlation.outcome().unwrap();
    assert_eq!((correlation.n_pairs, correlation.n_changed), (3, 1));
    let pair = &correlation.pairs[0];
    assert_eq!((pair.first.as_str(), pair.second.as_str(), pair.changed), ("x", "y", true));
    assert!(pair.reference > 0.7 && pair.current < -0.7 && pair.difference.high < -1.4, "{pair:?}");

    assert!(report.sentence.starts_with("No drift in 3 columns, each taken by itself. Taken together, "));
    for words in ["AUC of 0.8", "principal components worse", "changed in 1 pair, most in x and y (0.7"] {
        assert!(report.sentence.contains(words), "{}", report.sentence);
    }
}

#[test]
fn the_same_process_twice_is_stable_in_all_three() {
    let mut random = Random(2);
    let (reference, current) = (table(&mut random, 4_000, 1.0), table(&mut random, 4_000, 1.0));
    let report = report(&reference, &current, &with_multivariate());
    let found = report.multivariate.as_ref().unwrap();
    assert_eq!(found.verdicts(), [Some(Verdict::Stable); 3], "{found:?}");
    assert!(!found.drifted && !report.is_drifted());
    assert!(found.classifier.outcome().unwrap().carriers.is_empty());
    assert_eq!(report.sentence, "All is well: no drift in 3 columns. Taken together, the columns did not change.");
}

#[test]
fn too_few_rows_are_not_called_stable() {
    let mut random = Random(3);
    let (reference, current) = (table(&mut random, 120, 1.0), table(&mut random, 120, 1.0));
    let found = together(&reference, &current, &Options::default());
    assert_eq!(found.verdicts(), [Some(Verdict::NotEnoughData); 3], "{found:?}");
    assert!(found.sentence.contains("too few rows to be sure"), "{}", found.sentence);

    let found = together(&reference, &current.slice(0..20), &Options::default());
    let few = |needed| Some(NotTested::TooFew { n_reference: 120, n_current: 20, needed });
    let reason = |tested: Option<&NotTested>| tested.cloned();
    assert_eq!(reason(not_tested(&found.classifier)), few(50));
    assert_eq!(reason(not_tested(&found.reconstruction)), few(100));
    assert!(found.correlation.outcome().is_some_and(|found| found.n_pairs == 3));
}

fn not_tested<T>(tested: &Tested<T>) -> Option<&NotTested> {
    match tested {
        Tested::Tested(_) => None,
        Tested::NotTested(reason) => Some(reason),
    }
}

/// Each test alone at 5%, over 400 pairs of samples of one process: 20 alarms; five standard deviations are 22.
#[test]
fn chance_alone_raises_no_more_alarms_than_stated() {
    let mut random = Random(4);
    let mut alarms: BTreeMap<&str, u32> = BTreeMap::new();
    let options = Options { n_trees: 10, ..Options::default() };
    let runs = 400;
    for _ in 0..runs {
        let mut side = |n: usize| {
            let table = table(&mut random, n, 1.0);
            let kinds: Vec<&str> = (0..n).map(|_| ["a", "b", "c"][(random.uniform() * 3.0) as usize]).collect();
            let kinds = kinds.iter().map(|kind| (random.uniform() > 0.1).then_some(*kind));
            table.with_column(Column::strings("kind", kinds)).unwrap()
        };
        let (reference, current) = (side(160), side(90));
        let found = together(&reference, &current, &options);
        let p_values = [
            ("classifier", found.classifier.outcome().unwrap().p_value),
            ("reconstruction", found.reconstruction.outcome().unwrap().p_value),
            ("correlation", found.correlation.outcome().unwrap().p_value),
        ];
        for (name, p_value) in p_values {
            *alarms.entry(name).or_default() += u32::from(p_value <= 0.05);
        }
        *alarms.entry("any").or_default() += u32::from(found.verdicts().iter().flatten().any(|v| *v <= Verdict::Minor));
    }
    println!("{alarms:?} of {runs}");
    assert!(alarms.values().all(|&alarms| alarms <= 42), "{alarms:?} of {runs}");
    // A test that never fires at all would pass too.
    assert!(alarms["classifier"] >= 5 && alarms["reconstruction"] >= 5, "{alarms:?} of {runs}");
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_come_back_from_json() {
    let mut random = Random(5);
    let (reference, current) = (table(&mut random, 900, 1.0), table(&mut random, 700, -1.0));
    let [one, other] = [(); 2].map(|()| report(&reference, &current, &with_multivariate()));
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(json, serde_json::to_string(&other).unwrap());
    assert_eq!(serde_json::from_str::<DriftReport>(&json).unwrap(), one);
    let seed = |report: &DriftReport| report.multivariate.as_ref().unwrap().seed.clone();
    let shorter = report(&reference, &current.slice(0..699), &with_multivariate());
    assert_ne!(seed(&one), seed(&shorter));
    let options = Options { seed: Some(7), ..Options::default() };
    assert_eq!(together(&reference, &current, &options).seed, "0000000000000007");
}

#[test]
fn it_is_left_out_unless_asked_for() {
    let mut random = Random(6);
    let (reference, current) = (table(&mut random, 200, 1.0), table(&mut random, 200, -1.0));
    let report = report(&reference, &current, &Settings::default());
    assert_eq!(report.multivariate, None);
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.contains("multivariate"));
}

#[test]
fn more_rows_than_the_limit_are_sampled_and_the_report_says_so() {
    let mut random = Random(7);
    let (reference, current) = (table(&mut random, 3_000, 1.0), table(&mut random, 2_000, -1.0));
    let found = together(&reference, &current, &Options { max_rows: 500, ..Options::default() });
    let classifier = found.classifier.outcome().unwrap();
    assert_eq!((classifier.n_reference, classifier.n_current), (500, 500));
    let correlation = found.correlation.outcome().unwrap();
    assert_eq!((correlation.n_reference, correlation.n_current), (500, 500));
    let reconstruction = found.reconstruction.outcome().unwrap();
    assert_eq!(reconstruction.reference.last().unwrap().end, 3_000);
    assert_eq!(found.verdicts(), [Some(Verdict::Drifted); 3]);
}

#[test]
fn missing_values_and_categories_are_told_apart_too() {
    let mut random = Random(8);
    let mut side = |share_of_missing: f64, swap: bool| {
        let table = table(&mut random, 1_500, 1.0);
        let x: Vec<bool> = match &table.columns()[0].values {
            tidemark::data::Values::Numbers(x) => x.as_slice().iter().map(|x| *x > 0.0).collect(),
            _ => unreachable!("x is a column of numbers"),
        };
        // The kind goes with the sign of x, or against it.
        let kinds: Vec<Option<&str>> = x
            .iter()
            .map(|&positive| {
                (random.uniform() >= share_of_missing).then_some(if positive != swap { "up" } else { "down" })
            })
            .collect();
        table.with_column(Column::strings("kind", kinds)).unwrap()
    };
    let reference = side(0.0, false);
    let [swapped, holed] = [side(0.0, true), side(0.3, false)];
    for current in [swapped, holed] {
        let found = together(&reference, &current, &Options::default());
        let classifier = found.classifier.outcome().unwrap();
        assert_eq!(classifier.verdict, Verdict::Drifted, "{classifier:?}");
        assert!(classifier.carriers[..2].iter().any(|carrier| carrier.column == "kind"), "{classifier:?}");
    }
}

#[test]
fn every_column_that_cannot_be_used_is_named_with_its_reason() {
    let n = 200;
    let numbers = |name: &str, of: fn(u32) -> f64| Column::fractions(name, (0..n).map(of).collect());
    let strings = |name: &str| Column::strings(name, (0..n).map(|i| Some(if i % 3 == 0 { "a" } else { "b" })));
    let texts: Vec<String> = (0..n).map(|i| format!("text {i}")).collect();
    let text = || Column::strings("text", texts.iter().map(|text| Some(text.as_str())));
    let of = |other: Column, extra: &str| {
        let columns = vec![
            numbers("fine", |i| f64::from(i * 7 % 50)),
            numbers("also fine", |i| f64::from(i * i % 50)),
            numbers("constant", |_| 3.0),
            numbers("nothing", |_| f64::NAN),
            text(),
            other,
            strings(extra),
            strings("ignored"),
        ];
        Dataset::new(columns).unwrap()
    };
    let (reference, current) = (of(strings("turned"), "gone"), of(numbers("turned", f64::from), "new"));
    let overrides =
        SchemaOverrides { roles: [("ignored".to_owned(), ColumnRole::Ignored)].into(), ..SchemaOverrides::default() };
    let schema = Schema::infer(&reference, &overrides).unwrap();
    let found = compare(Reference(&reference), Current(&current), &schema, &Options::default());
    assert_eq!(found.n_columns, 2);
    let left_out: Vec<(&str, &NotTested)> =
        found.left_out.iter().map(|left_out| (left_out.column.as_str(), &left_out.reason)).collect();
    let mismatch = NotTested::TypeMismatch { reference: ColumnType::Categorical, current: ColumnType::Numerical };
    let expected = [
        ("constant", &NotTested::Constant),
        ("nothing", &NotTested::Empty { n_reference: 0, n_current: 0 }),
        ("text", &NotTested::TypeNotCovered { column_type: ColumnType::Text }),
        ("turned", &mismatch),
        ("gone", &NotTested::AbsentInCurrent),
    ];
    assert_eq!(left_out, expected);
}

#[test]
fn empty_tables_one_column_and_doubled_columns_have_an_answer() {
    let empty = Dataset::new(Vec::new()).unwrap();
    let found = together(&empty, &empty, &Options::default());
    assert_eq!(found.verdicts(), [None; 3]);
    assert_eq!(found.sentence, "The columns could not be tested together.");

    let mut random = Random(9);
    let (reference, current) = (table(&mut random, 400, 1.0), table(&mut random, 400, 1.0));
    let one = |data: &Dataset| Dataset::new(vec![data.columns()[0].clone()]).unwrap();
    let found = together(&one(&reference), &one(&current), &Options::default());
    assert!(found.classifier.outcome().is_some());
    let too_few = NotTested::TooFewColumns { found: 1, needed: 2 };
    assert_eq!([not_tested(&found.reconstruction), not_tested(&found.correlation)], [Some(&too_few); 2]);

    // A column and its copy leave nothing but rounding over, and rounding is no drift; a copy that breaks is.
    let doubled = |data: &Dataset, scale: f64| {
        let column = |name: &str, scale: f64| match &data.columns()[0].values {
            tidemark::data::Values::Numbers(x) => {
                Column::fractions(name, x.as_slice().iter().map(|x| x * scale).collect())
            }
            _ => unreachable!("x is a column of numbers"),
        };
        Dataset::new(vec![column("x", 1.0), column("copy", scale)]).unwrap()
    };
    let found = together(&doubled(&reference, 3.0), &doubled(&current, 3.0), &Options::default());
    let reconstruction = found.reconstruction.outcome().unwrap();
    assert_eq!((reconstruction.p_value, reconstruction.verdict), (1.0, Verdict::NotEnoughData));
    let found = together(&doubled(&reference, 3.0), &doubled(&current, -3.0), &Options::default());
    assert_eq!(found.verdicts(), [Some(Verdict::Drifted); 3]);

    // Two columns without any relation need both components.
    let unrelated = |data: &Dataset| Dataset::new(vec![data.columns()[0].clone(), data.columns()[2].clone()]).unwrap();
    let found =
        together(&unrelated(&reference), &unrelated(&current), &Options { explained: 0.9, ..Options::default() });
    assert_eq!(not_tested(&found.reconstruction), Some(&NotTested::NothingLeftOver));
}

#[test]
fn huge_and_infinite_values_are_no_end() {
    let mut random = Random(10);
    let extreme = |random: &mut Random| {
        let values = |random: &mut Random| {
            let extremes = [f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324];
            (0..300).map(|i| if i % 10 < 6 { extremes[i % 6] } else { random.normal() }).collect()
        };
        let columns = ["a", "b"].map(|name| Column::fractions(name, values(random)));
        Dataset::new(columns.to_vec()).unwrap()
    };
    let (reference, current) = (extreme(&mut random), extreme(&mut random));
    let found = together(&reference, &current, &Options::default());
    assert!(found.classifier.outcome().is_some());
    assert_eq!(not_tested(&found.reconstruction), Some(&NotTested::NotFinite));
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<MultivariateReport>(&json).unwrap(), found);
}

/// Ten thousand columns: the forests take fewer rows, the other two the first columns, and the report says so.
#[test]
fn ten_thousand_columns_are_no_end() {
    let mut random = Random(11);
    let mut side = |shift: f64| {
        let column = |i: usize, random: &mut Random| {
            let shift = if i < 3_000 { shift } else { 0.0 };
            Column::fractions(format!("c{i}"), (0..120).map(|_| random.uniform() + shift).collect())
        };
        Dataset::new((0..10_050).map(|i| column(i, &mut random)).collect()).unwrap()
    };
    let (reference, current) = (side(0.0), side(0.4));
    let found = together(&reference, &current, &Options { n_trees: 20, ..Options::default() });
    assert_eq!(found.n_columns, 10_050);
    let classifier = found.classifier.outcome().unwrap();
    assert_eq!((classifier.n_columns, classifier.verdict), (10_000, Verdict::Drifted));
    assert_eq!(found.reconstruction.outcome().unwrap().n_columns, 100);
    let correlation = found.correlation.outcome().unwrap();
    assert_eq!((correlation.n_columns, correlation.n_columns_left_out, correlation.n_pairs), (100, 9_950, 4_950));
}

#[test]
fn both_renderings_tell_the_whole() {
    let mut random = Random(12);
    let (reference, current) = (table(&mut random, 800, 1.0), table(&mut random, 800, -1.0));
    let report = report(&reference, &current, &with_multivariate());
    let text = tidemark::render::text::report(&report);
    for words in
        ["all columns together (3 columns)", "domain classifier  drifted  AUC 0.", "x and y: 0.7", "NannyML's band"]
    {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let html = tidemark::render::html::report(&report);
    for words in ["<h2>All columns together</h2>", "Domain classifier", "x and y: 0.7", "Reconstruction error"] {
        assert!(html.contains(words), "{words} is not in the HTML");
    }
}
