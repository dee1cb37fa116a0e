//! Reports of every kind: each judge leads one, and whatever a report can say is said in one of them.

use std::collections::BTreeMap;
use tidemark::chunking::{Chunking, Incomplete, Period};
use tidemark::data::{Column, Dataset};
use tidemark::expectations::{Expectations, InferOptions};
use tidemark::judge::evidently::{EmbeddingMethod, EmbeddingSettings, Typing};
use tidemark::judge::nannyml::{self, Calculation, Estimation, OffsetFrom, Statistic, Threshold};
use tidemark::judge::{Judge, Settings, calibrated};
use tidemark::multivariate;
use tidemark::profile::table::TableProfile;
use tidemark::quality::Quality;
use tidemark::report::{DriftReport, FittedReference, Profiled, Source, compare, compare_profiles};
use tidemark::schema::{ColumnRole, ColumnSpec, ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::embedding::mean_distance::Metric;
use tidemark::stattest::{Current, Method, Reference};

const BEFORE: usize = 2000;
const NOW: usize = 1500;

/// Numbers from 0 to 1 without an order, the same in every run.
fn noise(seed: usize, i: usize) -> f64 {
    let mut x = (seed * 1_000_003 + i) as u64;
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

fn numbers(name: &str, n: usize, of: impl Fn(usize) -> f64) -> Column {
    Column::fractions(name, (0..n).map(of).collect())
}

fn texts(name: &str, n: usize, of: impl Fn(usize) -> String) -> Column {
    let values: Vec<String> = (0..n).map(of).collect();
    Column::strings(name, values.iter().map(|value| Some(value.as_str())))
}

/// A moment so many seconds after the beginning of 2024, in months of 28 days.
fn moment(seconds: usize) -> String {
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    format!("2024-{:02}-{:02}T{time}Z", 1 + day / 28, 1 + day % 28)
}

/// One side of a table in which columns go every way that the judges tell apart.
fn everyday(is_current: bool) -> Dataset {
    let (n, side) = if is_current { (NOW, 1) } else { (BEFORE, 0) };
    let seed = |column: usize| 2 * column + side;
    let cities =
        if is_current { ["Bonn", "Cologne", "Essen", "Aachen"] } else { ["Bonn", "Cologne", "Essen", "Trier"] };
    let of_twenty = |i: usize| (noise(seed(12), i) * 20.0) as usize;
    let mut columns = vec![
        numbers("steady", n, |i| noise(seed(1), i)),
        numbers("larger", n, |i| noise(seed(2), i) + 0.3 * side as f64),
        numbers("smaller", n, |i| noise(seed(3), i) - 0.02 * side as f64),
        numbers("wider", n, |i| (noise(seed(4), i) - 0.5) * (1.0 + side as f64)),
        numbers("far", n, |i| noise(seed(5), i) + 100.0 * side as f64),
        numbers("dependent", n, |i| noise(seed(6), i / 10)),
        numbers("gappy", n, |i| if noise(seed(7), i) < 0.02 + 0.2 * side as f64 { f64::NAN } else { noise(8, i) }),
        numbers("infinite", n, |i| if i % 100 == 0 { f64::INFINITY } else { noise(seed(8), i) }),
        numbers("constant", n, |_| 1.5),
        numbers("empty", n, |_| f64::NAN),
        texts("city", n, |i| cities[(noise(seed(9), i) * 4.0) as usize].to_owned()),
        texts("twin", n, |i| cities[(noise(seed(9), i) * 4.0) as usize].to_owned()),
        texts("rare", n, |i| if noise(seed(10), i) < 0.01 + 0.02 * side as f64 { "yes" } else { "no" }.to_owned()),
        texts("unheard", n, |i| if side == 1 && i % 50 == 0 { "yes" } else { "no" }.to_owned()),
        texts("sparse", n, |i| if of_twenty(i) > 0 { "most".to_owned() } else { format!("s{}", i % 7) }),
        texts("name", n, |i| format!("id-{side}-{i}")),
        texts("note", n, |i| format!("a word of {} and of {} {i}", i * 7919 % 97, cities[i % 4])),
        texts("at", n, |i| moment(60 * (20_000 * side + i * 17 + (i / 900) * 300))),
        texts("hourly", n, |i| moment(60 * if side == 0 { i * 37 } else { 74_000 + i / 8 * 1440 + i % 8 * 60 })),
        texts("day", n, |i| moment((side * 100 + i % 90) * 86_400).replace('T', " ").replace(":00Z", "")),
        texts("class", n, |i| ["0", "1"][usize::from(noise(seed(11), i) < 0.3)].to_owned()),
        numbers("score", n, |i| noise(seed(13), i) * (1.0 + 0.2 * side as f64)),
        numbers("e0", n, |i| noise(seed(14), i) + 0.4 * side as f64),
        numbers("e1", n, |i| noise(seed(15), i)),
        texts("kind", n, |i| if side == 1 { format!("k{}", i % 40) } else { format!("{}.5", i % 40) }),
    ];
    columns.push(match is_current {
        false => numbers("number", n, |i| noise(16, i)),
        true => texts("number", n, |i| format!("n{}", i % 3)),
    });
    columns.push(numbers(if is_current { "only now" } else { "only then" }, n, |i| noise(17, i)));
    // Related before, and no longer.
    columns.push(numbers(
        "related",
        n,
        |i| if is_current { noise(18, i) } else { noise(seed(1), i) + 0.1 * noise(19, i) },
    ));
    Dataset::new(columns).expect("columns of one length")
}

/// As the reference teaches it, and with a column that it lacks.
fn schema(reference: &Dataset) -> Schema {
    let roles = [("class", ColumnRole::Target), ("score", ColumnRole::Prediction)];
    let overrides = SchemaOverrides {
        roles: roles.into_iter().map(|(name, role)| (name.to_owned(), role)).collect(),
        ..SchemaOverrides::default()
    };
    let mut schema = Schema::infer(reference, &overrides).expect("columns that are there");
    let spec = |column_type| ColumnSpec {
        name: "only now".to_owned(),
        column_type,
        role: ColumnRole::Feature,
        is_declared: false,
    };
    schema.columns.push(spec(ColumnType::Numerical));
    schema
}

fn source<'a>(label: &'a str, data: &'a Dataset) -> Source<'a> {
    Source { label, data, sha256: Some(format!("{:064x}", label.len())) }
}

fn of(reference: &Dataset, current: &Dataset, schema: &Schema, settings: &Settings) -> DriftReport {
    compare(Reference(source("then", reference)), Current(source("now", current)), schema, settings)
}

/// Of both sides of one table, by the schema that the first one teaches.
fn of_columns(reference: Vec<Column>, current: Vec<Column>, settings: &Settings) -> DriftReport {
    let [reference, current] =
        [reference, current].map(|columns| Dataset::new(columns).expect("columns of one length"));
    let schema = Schema::infer(&reference, &SchemaOverrides::default()).expect("nothing is overridden");
    of(&reference, &current, &schema, settings)
}

/// Every embedding that the settings know, each method with and without its quantile.
fn embeddings() -> BTreeMap<String, EmbeddingSettings> {
    let quantile = Some(0.95);
    let methods = [
        ("default", None),
        ("model", Some(EmbeddingMethod::Model { threshold: 0.55, quantile })),
        ("distance", Some(EmbeddingMethod::Distance { metric: Metric::Euclidean, threshold: 0.2, quantile })),
        ("cosine", Some(EmbeddingMethod::Distance { metric: Metric::Cosine, threshold: 0.2, quantile: None })),
        ("blocks", Some(EmbeddingMethod::Distance { metric: Metric::Cityblock, threshold: 0.2, quantile: None })),
        ("largest", Some(EmbeddingMethod::Distance { metric: Metric::Chebyshev, threshold: 0.2, quantile: None })),
        (
            "ratio",
            Some(EmbeddingMethod::Ratio { component_method: Method::Ks, component_threshold: 0.05, threshold: 0.2 }),
        ),
        ("mmd", Some(EmbeddingMethod::Mmd { threshold: 0.015, quantile: Some(0.05) })),
    ];
    let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut embeddings: BTreeMap<String, EmbeddingSettings> = methods
        .into_iter()
        .map(|(name, method)| (name.to_owned(), EmbeddingSettings { columns: columns(&["e0", "e1"]), method }))
        .collect();
    for (name, of) in [("texts", &["city"][..]), ("nothing", &["nothing"]), ("then", &["only then"])] {
        embeddings.insert(name.to_owned(), EmbeddingSettings { columns: columns(of), method: None });
    }
    embeddings
}

fn evidently(judge: impl FnOnce(&mut tidemark::judge::evidently::Options)) -> Settings {
    let mut settings = Settings { judge: Judge::Evidently, ..Settings::default() };
    judge(&mut settings.evidently);
    settings
}

/// By one of Evidently's methods, wherever it applies.
fn by_method(method: Method) -> DriftReport {
    let settings = evidently(|options| {
        (options.method, options.threshold, options.text_method) = (Some(method), Some(0.1), Some(method));
        (options.num_method, options.cat_method) = (Some(method), Some(method));
        (options.num_threshold, options.cat_threshold, options.text_threshold) = (Some(0.1), Some(0.1), Some(0.6));
        options.per_column_method = [("larger".to_owned(), method)].into();
        options.per_column_threshold = [("larger".to_owned(), 0.2)].into();
        options.typing = Typing::V0_4;
    });
    let columns = |side: usize| {
        let n = 120 - 20 * side;
        vec![
            numbers("larger", n, |i| noise(20 + side, i) + 0.3 * side as f64),
            texts("flag", n, |i| ["a", "b"][usize::from(noise(22 + side, i) < 0.4)].to_owned()),
            texts("city", n, |i| ["a", "b", "c"][(noise(24 + side, i) * 3.0) as usize].to_owned()),
            texts("note", n, |i| format!("row {i} speaks of {} things{i}", ["red", "blue", "green"][i % 3])),
        ]
    };
    of_columns(columns(0), columns(1), &settings)
}

/// By chunks of a split, on a table with moments.
fn by_chunks(judge: Judge, change: impl FnOnce(&mut nannyml::Options)) -> DriftReport {
    let mut options = nannyml::Options::default();
    change(&mut options);
    let settings = Settings { judge, nannyml: Some(options), ..Settings::default() };
    let (reference, current) = (everyday(false), everyday(true));
    of(&reference, &current, &schema(&reference), &settings)
}

/// All that nannyml's chunks can be split by.
fn splits() -> Vec<Chunking> {
    let kept = [Incomplete::Keep, Incomplete::Append, Incomplete::Drop];
    let sizes = kept.map(|incomplete| Chunking::Size { rows: 400, incomplete });
    let numbers = [7, 0, 10_000].map(|chunks| Chunking::Number { chunks, incomplete: Incomplete::Keep });
    let periods = Period::ALL.into_iter().map(|period| Chunking::Period { period });
    // A period of a second makes a chunk of every row.
    let periods =
        periods.filter(|split| !matches!(split, Chunking::Period { period: Period::Second | Period::Minute }));
    sizes.into_iter().chain(numbers).chain(periods).collect()
}

/// Each with the name that a failure is told by.
pub fn all() -> Vec<(String, DriftReport)> {
    let (reference, current) = (everyday(false), everyday(true));
    let schema = schema(&reference);
    let everything = Settings {
        quality: Quality::Full,
        multivariate: Some(multivariate::Options { seed: Some(7), n_trees: 10, ..multivariate::Options::default() }),
        nannyml: Some(nannyml::Options { quality: true, summary: true, ..nannyml::Options::default() }),
        ..Settings::default()
    };
    let mut reports = vec![("calibrated".to_owned(), of(&reference, &current, &schema, &Settings::default()))];
    let mut add = |name: &str, report| reports.push((name.to_owned(), report));

    let mut with_all = of(&reference, &current, &schema, &everything);
    let expectations = Expectations::infer(Reference(source("then", &reference)), &schema, &InferOptions::default());
    with_all.expectations = Some(expectations.check(&current));
    add("everything", with_all);
    add("embeddings", of(&reference, &current, &schema, &evidently(|options| options.embeddings = embeddings())));
    add(
        "nothing of quality",
        of(&reference, &current, &schema, &Settings { quality: Quality::Off, ..Settings::default() }),
    );
    let careful = calibrated::Options {
        correction: calibrated::Correction::BenjaminiYekutieli,
        ordered: false,
        ..calibrated::Options::default()
    };
    add("careful", of(&reference, &current, &schema, &Settings { calibrated: careful, ..Settings::default() }));

    for method in Method::ALL {
        add(method.name(), by_method(method));
    }

    // What is left of the rows where only profiles are kept, and a model that says how much it relies on a column.
    let profiles = [&reference, &current].map(|data| TableProfile::of(data, &schema));
    let profiled = |profile| Profiled { label: "profile", profile, sha256: None };
    let mut settings = everything.clone();
    settings.evidently.embeddings = embeddings();
    let [then, now] = &profiles;
    let report = compare_profiles(Reference(profiled(then)), Current(profiled(now)), &settings);
    add("profiles", report.expect("profiles of one schema"));
    let features = schema.columns.iter().filter(|spec| spec.role == ColumnRole::Feature);
    let importances: Vec<(String, f64)> = features.map(|spec| (spec.name.clone(), 0.04)).collect();
    let fitted = FittedReference::fit(Reference(source("then", &reference)), &schema);
    let report = fitted.compare(Current(source("now", &current)), &importances, &Settings::default(), &|_| {});
    add("importances", report);

    for split in splits() {
        let report = by_chunks(Judge::Nannyml, |options| {
            (options.chunking, options.timestamp) = (split, Some("at".to_owned()));
        });
        add(&format!("{split:?}"), report);
    }
    let monthly = Chunking::Period { period: Period::Month };
    add("no timestamp", by_chunks(Judge::Calibrated, |options| options.chunking = monthly));
    for timestamp in ["nothing", "city"] {
        let report = by_chunks(Judge::Calibrated, |options| {
            (options.chunking, options.timestamp) = (monthly, Some(timestamp.to_owned()));
        });
        add(timestamp, report);
    }
    add("every nannyml setting", by_chunks(Judge::Nannyml, every_nannyml_setting));
    for period in [Period::Second, Period::Minute] {
        add(period.name(), brief(period));
    }
    add("no rows", of_columns(everyday(false).columns().to_vec(), no_rows(), &everything));
    for (name, report) in small() {
        add(name, report);
    }
    reports
}

fn no_rows() -> Vec<Column> {
    everyday(true).columns().iter().map(|column| numbers(&column.name, 0, |_| 0.0)).collect()
}

fn every_nannyml_setting(options: &mut nannyml::Options) {
    let above = |offset| Threshold::standard_deviations(Some(1.0), Some(2.0), offset).expect("from 0 on");
    let offsets = [OffsetFrom::Mean, OffsetFrom::Median, OffsetFrom::Min, OffsetFrom::Max];
    options.continuous_methods = vec![
        nannyml::Method::JensenShannon,
        nannyml::Method::KolmogorovSmirnov,
        nannyml::Method::Wasserstein,
        nannyml::Method::Hellinger,
    ];
    options.categorical_methods = vec![nannyml::Method::Chi2, nannyml::Method::LInfinity];
    options.thresholds = options.continuous_methods.iter().copied().zip(offsets.map(above)).collect();
    let constant = Threshold::constant(Some(0.1), Some(0.2)).expect("in order");
    options.statistic_thresholds = [(Statistic::ValuesAvg, constant)].into();
    options.estimation = Estimation { calculation: Calculation::Estimated, n_bins: 20 };
    (options.quality, options.summary) = (true, true);
}

/// A hundred rows within two seconds, in chunks that may be that short.
fn brief(period: Period) -> DriftReport {
    let columns =
        |start: usize| vec![texts("at", 100, |i| moment(start + i / 50)), numbers("x", 100, |i| noise(30 + start, i))];
    let options = nannyml::Options {
        chunking: Chunking::Period { period },
        timestamp: Some("at".to_owned()),
        estimation: Estimation { calculation: Calculation::Exact, n_bins: 20 },
        ..nannyml::Options::default()
    };
    let settings = Settings { judge: Judge::Nannyml, nannyml: Some(options), ..Settings::default() };
    of_columns(columns(0), columns(2), &settings)
}

/// Small tables, each for one reason not to test.
fn small() -> Vec<(&'static str, DriftReport)> {
    let taken_together = Settings { multivariate: Some(multivariate::Options::default()), ..Settings::default() };
    let few = |n: usize, names: &[&str]| -> Vec<Column> {
        names.iter().enumerate().map(|(place, name)| numbers(name, n, |i| noise(40 + place, i))).collect()
    };
    let all_explained = Settings {
        multivariate: Some(multivariate::Options { explained: 1.0, ..multivariate::Options::default() }),
        ..Settings::default()
    };
    let pearson = Settings {
        multivariate: Some(multivariate::Options {
            correlation: multivariate::CorrelationKind::Pearson,
            ..multivariate::Options::default()
        }),
        ..Settings::default()
    };
    let dated = |start: usize, n: usize, seconds: usize| vec![texts("at", n, |i| moment(start + i * seconds))];
    let arriving = |seconds| of_columns(dated(0, 6, seconds), dated(60 * seconds, 5, seconds), &Settings::default());
    let half = |odd: usize| vec![texts("born", 200, |i| moment((i * 7919 % 200 * 2 + odd) * 40_000))];
    let counted = |counts: [usize; 4]| {
        let values: Vec<usize> = (0..4).flat_map(|value| vec![value; counts[value]]).collect();
        vec![texts("few of some", values.len(), |i| format!("v{}", values[i]))]
    };
    let huge =
        |n: usize| vec![numbers("x", n, |i| if i % 2 == 0 { 1e308 } else { -1e308 } * (1.0 - 0.1 * noise(44, i)))];
    let by = |method| evidently(|options| options.method = Some(method));
    let stop_words = |n: usize| vec![texts("note", n, |i| ["the of and", "of the and"][i % 2].to_owned())];
    let words = evidently(|options| options.text_method = Some(Method::AbsTextContentDrift));
    let declared = |reference: Vec<Column>, current: Vec<Column>, column_type, settings: &Settings| {
        let [reference, current] = [reference, current].map(|columns| Dataset::new(columns).expect("one length"));
        let types = reference.columns().iter().map(|column| (column.name.clone(), column_type)).collect();
        let overrides = SchemaOverrides { types, ..SchemaOverrides::default() };
        let schema = Schema::infer(&reference, &overrides).expect("columns that are there");
        of(&reference, &current, &schema, settings)
    };
    let embedded = |n: usize| {
        let mut settings = evidently(|_| {});
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let method = Some(EmbeddingMethod::Model { threshold: 0.55, quantile: None });
        settings.evidently.embeddings.insert("few".to_owned(), EmbeddingSettings { columns, method });
        of_columns(few(n, &["a", "b"]), few(n, &["a", "b"]), &settings)
    };
    vec![
        ("too few rows", of_columns(few(20, &["a", "b"]), few(20, &["a", "b"]), &taken_together)),
        ("pearson", of_columns(few(200, &["a", "b"]), few(200, &["a", "b"]), &pearson)),
        ("small counts", of_columns(counted([200, 3, 1, 7]), counted([180, 1, 4, 2]), &Settings::default())),
        ("halves", of_columns(half(0), half(1), &Settings::default())),
        ("seconds", arriving(1)),
        ("minutes", arriving(60)),
        ("hours", arriving(3600)),
        ("too few columns", of_columns(few(200, &["a"]), few(200, &["a"]), &taken_together)),
        ("nothing left over", of_columns(few(200, &["a", "b"]), few(200, &["a", "b"]), &all_explained)),
        ("not finite", of_columns(huge(200), huge(200), &by(Method::Energy))),
        ("not finite, together", of_columns(huge(200), huge(200), &taken_together)),
        ("stop words", declared(stop_words(100), stop_words(100), ColumnType::Text, &words)),
        ("one row", embedded(1)),
        ("three rows", embedded(3)),
    ]
}
