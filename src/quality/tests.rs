use super::*;
use crate::data::{Dataset, csv};
use crate::judge::Settings;
use crate::report::{DriftReport, FittedReference, Source, compare};
use crate::schema::{Schema, SchemaOverrides};

fn report(reference: &Dataset, current: &Dataset, quality: Quality) -> DriftReport {
    let schema = Schema::infer(reference, &SchemaOverrides::default()).unwrap();
    let source = |data| Source { label: "x", data, sha256: None };
    let settings = Settings { quality, ..Settings::default() };
    compare(Reference(source(reference)), Current(source(current)), &schema, &settings)
}

fn read(text: &str) -> Dataset {
    csv::read(text.as_bytes()).unwrap()
}

fn triple(measure: Option<&Measure>) -> [Option<f64>; 3] {
    let measure = measure.expect("the measure is there");
    [measure.reference, measure.current, measure.change]
}

#[test]
fn levels_say_how_much_is_looked_at() {
    let data = read("a,b\n1.5,x\n1.5,x\n2.5,y\n");
    assert_eq!(report(&data, &data, Quality::Off).quality, None);
    let columns = report(&data, &data, Quality::Columns).quality.unwrap();
    assert_eq!(columns.measure(MeasureName::DuplicateRows), None);
    assert!(columns.correlations.is_empty());
    let full = report(&data, &data, Quality::Full).quality.unwrap();
    assert_eq!(triple(full.measure(MeasureName::DuplicateRows)), [Some(1.0), Some(1.0), Some(0.0)]);
    assert_eq!(full.columns, columns.columns);
    assert_eq!(Settings::default().quality, Quality::Columns);
}

#[test]
fn both_sides_stand_beside_the_change() {
    let reference = read("x,kind\n1.5,a\n2.5,a\n,b\n2.0,a\n");
    let current = read("x,kind\n1.0,c\n9.0,a\n8.0,\n,c\n,c\n");
    let quality = report(&reference, &current, Quality::Columns).quality.unwrap();
    let x = quality.column("x").unwrap();
    assert_eq!(triple(x.measure(MeasureName::Missing)), [Some(1.0), Some(2.0), Some(1.0)]);
    assert_eq!(triple(x.measure(MeasureName::Mean)), [Some(2.0), Some(6.0), Some(4.0)]);
    assert_eq!(triple(x.measure(MeasureName::OutsideRange)), [Some(0.0), Some(3.0), Some(3.0)]);
    assert_eq!(triple(x.measure(MeasureName::OutsideRangeShare))[1], Some(1.0));
    let kind = quality.column("kind").unwrap();
    assert_eq!(
        (kind.most_common_in_reference.as_deref(), kind.most_common_in_current.as_deref()),
        (Some("a"), Some("c"))
    );
    assert_eq!(triple(kind.measure(MeasureName::NewCategories))[1], Some(3.0));
    assert_eq!(triple(kind.measure(MeasureName::NewCategoriesShare))[1], Some(0.75));
    assert_eq!(kind.measure(MeasureName::Mean), None);
    assert_eq!(triple(quality.measure(MeasureName::Missing)), [Some(1.0), Some(3.0), Some(2.0)]);
    assert_eq!(triple(quality.measure(MeasureName::MissingShare))[1], Some(0.3));
}

#[test]
fn a_column_that_one_side_lacks_is_counted_on_the_other() {
    let (reference, current) = (read("a,b\n1.5,2.5\n2.5,2.5\n"), read("a\n1.5\n"));
    let quality = report(&reference, &current, Quality::Full).quality.unwrap();
    assert_eq!(triple(quality.measure(MeasureName::Columns)), [Some(2.0), Some(1.0), Some(-1.0)]);
    assert_eq!(triple(quality.measure(MeasureName::ConstantColumns)), [Some(1.0), Some(1.0), Some(0.0)]);
    let gone = quality.column("b").unwrap();
    assert_eq!(triple(gone.measure(MeasureName::Rows)), [Some(2.0), None, None]);
    assert_eq!(gone.measure(MeasureName::OutsideRange), None);
}

#[test]
fn a_correlation_that_turned_round_is_the_largest_change() {
    let table = |sign: f64| {
        let rows = (0..40).map(|i| (f64::from(i * 7 % 40) + 0.5, f64::from(i * 11 % 40) + 0.5));
        rows.fold("x,y,z\n".to_owned(), |text, (x, z)| format!("{text}{x},{},{z}\n", sign * x))
    };
    let quality = report(&read(&table(1.0)), &read(&table(-1.0)), Quality::Full).quality.unwrap();
    let pearson = &quality.correlations[0];
    assert_eq!(pearson.kind, CorrelationKind::Pearson);
    let largest = pearson.largest(1)[0];
    assert_eq!((largest.0, largest.1), ("x", "y"));
    assert!((largest.3 - largest.2 + 2.0).abs() < 1e-12);
    assert_eq!(pearson.change[0][0], Some(0.0));
    assert!(quality.correlations.iter().all(|change| change.kind != CorrelationKind::CramersV), "no categories");
}

#[test]
fn pairs_of_like_columns_are_named() {
    let data = read("a,b,c\n1.5,1.5,7.5\n2.5,2.5,3.5\n");
    let quality = report(&data, &data, Quality::Full).quality.unwrap();
    let [twins] = quality.twins.as_slice() else { panic!("{:?}", quality.twins) };
    assert_eq!((twins.first.as_str(), twins.second.as_str(), twins.current), ("a", "b", Some(1.0)));
    assert_eq!(triple(quality.measure(MeasureName::DuplicateColumns))[0], Some(1.0));
}

#[test]
fn odd_tables_have_a_defined_result() {
    for text in ["a,b\n", "a,b\n,\n", "a\n1.5\n", "a,b\ninf,x\ninf,\n", "a\n1e308\n-1e308\n1e308\n"] {
        let quality = report(&read(text), &read(text), Quality::Full).quality.unwrap();
        let json = serde_json::to_string(&quality).unwrap();
        assert_eq!(serde_json::from_str::<QualityReport>(&json).unwrap(), quality, "{text:?}");
        let all = quality.columns.iter().flat_map(|column| &column.measures).chain(&quality.dataset);
        for measure in all {
            for value in [measure.reference, measure.current, measure.change].into_iter().flatten() {
                assert!(value.is_finite(), "{text:?} {measure:?}");
            }
        }
    }
}

#[test]
fn a_fitted_reference_knows_its_empty_rows_but_no_whole_table() {
    let data = read("a,b\n1.5,x\n,\n");
    let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
    let source = || Source { label: "x", data: &data, sha256: None };
    let settings = Settings { quality: Quality::Full, ..Settings::default() };
    let fitted = FittedReference::fit(Reference(source()), &schema);
    let quality = fitted.compare(Current(source()), &[], &settings, &|_| {}).quality.unwrap();
    assert_eq!(triple(quality.measure(MeasureName::EmptyRows)), [Some(1.0), Some(1.0), Some(0.0)]);
    assert_eq!(triple(quality.measure(MeasureName::DuplicateRows)), [None, Some(0.0), None]);
    assert!(quality.correlations.is_empty());
}
