use super::*;
use crate::data::{Column, Dataset};
use crate::judge::Settings;
use crate::report::{DriftReport, Source, compare};
use crate::schema::{ColumnRole, Schema, SchemaOverrides};
use crate::stattest::Tested;

fn numbers(values: impl IntoIterator<Item = f64>) -> ColumnProfile {
    ColumnProfile::of(&Column::fractions("x", values.into_iter().collect()))
}

fn strings(values: &[String]) -> ColumnProfile {
    ColumnProfile::of(&Column::strings("x", values.iter().map(|value| Some(value.as_str()))))
}

fn outcome(
    method: Method,
    column_type: ColumnType,
    reference: &ColumnProfile,
    current: &ColumnProfile,
) -> TestResult<TestOutcome> {
    let options = Options { method: Some(method), ..Options::default() };
    judge("x", column_type, Reference(reference), Current(current), &options)
}

fn note(method: Method, column_type: ColumnType, reference: &ColumnProfile, current: &ColumnProfile) -> String {
    outcome(method, column_type, reference, current).unwrap().note.unwrap_or_default()
}

/// Every whole number below `n` once, in steps of 1/1000 from `shift` on.
fn even(n: u32, shift: f64) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| f64::from(i) / 1000.0 + shift)
}

#[test]
fn text_is_tested_by_the_size_of_the_reference() {
    assert_eq!(default_method(ColumnType::Text, 1000, 0), Method::PercTextContentDrift);
    assert_eq!(default_method(ColumnType::Text, 1001, 0), Method::AbsTextContentDrift);
}

#[test]
fn a_text_is_held_against_chance_or_against_a_threshold() {
    let texts = |word: &str| -> Vec<String> { (0..80).map(|i| format!("{word}{} entry{i}", i % 7)).collect() };
    let (before, now) = (strings(&texts("apple")), strings(&texts("saw")));
    let against_chance = outcome(Method::PercTextContentDrift, ColumnType::Text, &before, &now).unwrap();
    assert!(against_chance.drifted && against_chance.threshold == 0.95);
    assert!(against_chance.note.unwrap().contains("guessing classifiers"));
    let fixed = outcome(Method::AbsTextContentDrift, ColumnType::Text, &before, &now).unwrap();
    assert!(fixed.drifted && fixed.threshold == 0.55 && fixed.score == against_chance.score);
    let same = outcome(Method::AbsTextContentDrift, ColumnType::Text, &before, &before).unwrap();
    assert!(!same.drifted, "{same:?}");
    let strict = Options {
        text_method: Some(Method::AbsTextContentDrift),
        text_threshold: Some(fixed.score.value()),
        ..Options::default()
    };
    let at_the_threshold = judge("x", ColumnType::Text, Reference(&before), Current(&now), &strict).unwrap();
    assert!(!at_the_threshold.drifted, "drift begins above: {at_the_threshold:?}");
}

#[test]
fn methods_decline_types_that_are_not_theirs() {
    let (values, names) = (numbers([1.0, 2.0, 3.0]), strings(&["a".to_owned(), "b".to_owned()]));
    for (method, column_type, profile) in [
        (Method::TotalVariation, ColumnType::Numerical, &values),
        (Method::EmpiricalMmd, ColumnType::Categorical, &names),
        (Method::AbsTextContentDrift, ColumnType::Categorical, &names),
        (Method::Ks, ColumnType::Text, &names),
    ] {
        let declined = Err(NotTested::MethodNotApplicable { method, column_type });
        assert_eq!(outcome(method, column_type, profile, profile), declined);
    }
}

#[test]
fn an_outlier_is_noted_where_it_hides_the_rest() {
    let (before, now) = (numbers(even(3000, 0.0)), numbers(even(3000, 1.0)));
    let stretched = numbers(even(3000, 0.0).chain([1000.0]));
    for method in [Method::Psi, Method::JensenShannon, Method::KlDiv, Method::Hellinger, Method::Wasserstein] {
        assert_eq!(note(method, ColumnType::Numerical, &before, &now), "", "{method:?}");
        assert!(note(method, ColumnType::Numerical, &stretched, &now).contains("far out"), "{method:?}");
    }
    assert!(outcome(Method::Psi, ColumnType::Numerical, &before, &now).unwrap().drifted);
    assert!(!outcome(Method::Psi, ColumnType::Numerical, &stretched, &now).unwrap().drifted);
}

#[test]
fn a_rare_category_is_noted_by_name() {
    let column = |n_fraud: usize| -> Vec<String> {
        (0..2000).map(|i| if i < n_fraud { "fraud" } else { "fine" }.to_owned()).collect()
    };
    let (before, now, frequent) = (strings(&column(4)), strings(&column(40)), strings(&column(900)));
    let found = outcome(Method::JensenShannon, ColumnType::Categorical, &before, &now).unwrap();
    assert!(!found.drifted && found.note.unwrap().contains("(fraud)"));
    assert_eq!(note(Method::JensenShannon, ColumnType::Categorical, &before, &frequent), "");
}

#[test]
fn known_errors_of_a_method_are_always_noted() {
    let (before, now) = (numbers(even(50, 0.0)), numbers(even(50, 1.0)));
    assert!(note(Method::MannWhitney, ColumnType::Numerical, &before, &now).contains("One-sided"));
    assert!(note(Method::Energy, ColumnType::Numerical, &before, &now).contains("unit"));
    let names = strings(&["a".to_owned(), "b".to_owned()]);
    for method in [Method::GTest, Method::FisherExact] {
        assert!(note(method, ColumnType::Categorical, &names, &names).contains("equal size"), "{method:?}");
    }
}

#[test]
fn a_drawn_sample_is_noted_with_its_seed() {
    let large = numbers(even(2500, 0.0));
    let found = outcome(Method::EmpiricalMmd, ColumnType::Numerical, &large, &numbers(even(300, 2.0))).unwrap();
    assert!(found.drifted && found.seed.is_some() && found.statistic.is_some());
    assert_eq!((found.n_reference, found.n_current), (2000, 300));
    assert!(found.note.unwrap().contains("2,000 of 2,500 reference"));
}

#[test]
fn thresholds_that_nothing_can_be_held_against_are_refused_by_name() {
    let check = |options: &Options| options.check().map_err(|error| error.to_string());
    assert_eq!(check(&Options::default()), Ok(()));
    let nan = Options { text_threshold: Some(f64::NAN), ..Options::default() };
    assert_eq!(check(&nan), Err("text_threshold is NaN, and has to be a finite number of at least 0".to_owned()));
    let negative = Options { per_column_threshold: [("Amount".to_owned(), -0.1)].into(), ..Options::default() };
    assert!(check(&negative).unwrap_err().starts_with("per_column_threshold[Amount] is -0.1"));
    assert!(check(&Options { drift_share: 1.5, ..Options::default() }).unwrap_err().starts_with("drift_share is 1.5"));
    let method = EmbeddingMethod::Mmd { threshold: 0.1, quantile: Some(2.0) };
    let embedding = EmbeddingSettings { columns: Vec::new(), method: Some(method) };
    let settings = Options { embeddings: [("text".to_owned(), embedding)].into(), ..Options::default() };
    assert!(check(&settings).unwrap_err().starts_with("embeddings[text].quantile is 2"));
}

fn embedding_data(shift: f64) -> Dataset {
    let column = |name: &str, step: u32, shift: f64| {
        Column::fractions(name, (0..300).map(|i| f64::from(i * step % 300) / 300.0 + shift).collect())
    };
    Dataset::new(vec![column("e0", 7, shift), column("e1", 11, 0.0), column("e2", 13, 0.0)]).unwrap()
}

fn embedding_report(method: Option<EmbeddingMethod>, columns: &[&str], shift: f64) -> DriftReport {
    let (reference, current) = (embedding_data(0.0), embedding_data(shift));
    let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut settings = Settings::default();
    settings.evidently.embeddings.insert("both".to_owned(), EmbeddingSettings { columns, method });
    let source = |data| Source { label: "x", data, sha256: None };
    compare(Reference(source(&reference)), Current(source(&current)), &schema, &settings)
}

#[test]
fn an_embedding_is_judged_by_its_method() {
    let model = EmbeddingMethod::Model { threshold: 0.55, quantile: None };
    let distance = EmbeddingMethod::Distance { metric: Default::default(), threshold: 0.2, quantile: None };
    // One of three components drifts: a share of 1/3 is above 0.2.
    let ratio = EmbeddingMethod::Ratio { component_method: Method::Ks, component_threshold: 0.05, threshold: 0.2 };
    let mmd = EmbeddingMethod::Mmd { threshold: 0.015, quantile: None };
    for method in [model, distance, ratio, mmd] {
        for (shift, drifted) in [(0.0, false), (0.6, true)] {
            let report = embedding_report(Some(method), &["e0", "e1", "e2"], shift);
            let Tested::Tested(found) = &report.embeddings[0].evidently else { panic!("{report:?}") };
            assert_eq!((found.drifted, found.method), (drifted, method), "{found:?}");
            let json = serde_json::to_string(&report).unwrap();
            assert_eq!(serde_json::from_str::<DriftReport>(&json).unwrap(), report);
        }
    }
    let report = embedding_report(Some(ratio), &["e0", "e1", "e2"], 0.6);
    assert!((report.embeddings[0].evidently.outcome().unwrap().score - 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn an_embedding_by_default_is_held_against_chance() {
    let report = embedding_report(None, &["e0", "missing", "e1"], 0.6);
    assert_eq!(report.embeddings[0].columns, ["e0", "e1"]);
    let found = report.embeddings[0].evidently.outcome().unwrap();
    assert_eq!(found.method, EmbeddingMethod::Model { threshold: 0.55, quantile: Some(0.95) });
    assert!(found.drifted && found.threshold > 0.5 && found.seed.is_some());
    let absent = embedding_report(None, &["missing"], 0.0);
    assert_eq!(absent.embeddings[0].evidently, Tested::NotTested(NotTested::AbsentInReference));
}

#[test]
fn evidentlys_low_quantile_is_noted() {
    let report = embedding_report(Some(EmbeddingMethod::Mmd { threshold: 0.015, quantile: Some(0.05) }), &["e0"], 0.0);
    assert!(report.embeddings[0].evidently.outcome().unwrap().note.as_ref().unwrap().contains("0.05 quantile"));
}

#[test]
fn the_older_typing_changes_the_test() {
    // Eight whole numbers: categories to 0.7, numbers to 0.4.
    let data = Dataset::new(vec![Column::numbers("code", (0..400).map(|i| f64::from(i % 8)).collect())]).unwrap();
    let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
    assert_eq!(schema.columns[0].role, ColumnRole::Feature);
    let method = |typing: Typing| {
        let mut settings = Settings::default();
        settings.evidently.typing = typing;
        let source = || Source { label: "x", data: &data, sha256: None };
        let report = compare(Reference(source()), Current(source()), &schema, &settings);
        report.columns[0].evidently.outcome().unwrap().method
    };
    assert_eq!((method(Typing::V0_7), method(Typing::V0_4)), (Method::ChiSquare, Method::Ks));
    assert_eq!(serde_json::to_string(&Typing::V0_4).unwrap(), "\"0.4\"");
}
