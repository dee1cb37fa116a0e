//! Windows of the log become reports.

use tidemark::judge::{Settings, Verdict};
use tidemark::report::{Source, compare};
use tidemark::schema::ColumnRole;
use tidemark::stattest::{Current, NotTested, Reference, Tested};
use tidemark_app::backend::Backend;
use tidemark_app::error::AppError;

use crate::support::{Instance, MIN_WINDOW, WINDOW, current};

#[tokio::test]
async fn too_few_rows_make_no_report() {
    let instance = Instance::new();
    instance.predict_rows(0..10).await;
    assert_eq!(instance.tick(10), []);
    assert_eq!(instance.service.check_now(None), Err(AppError::TooFewRows { found: 10, needed: MIN_WINDOW }));
}

#[tokio::test]
async fn a_window_is_compared_once_and_again_when_rows_came() {
    let instance = Instance::new();
    instance.predict_rows(0..120).await;
    let first = instance.tick(10).pop().expect("enough rows");
    assert_eq!((first.window.first, first.window.end, first.id.as_str()), (1, 121, "1"));
    assert_eq!(instance.tick(10), [], "nothing new");
    instance.predict_rows(120..121).await;
    assert_eq!(instance.tick(10).pop().expect("a new row").id, "2");
    let overview = instance.service.overview(None).unwrap();
    assert_eq!(overview.history.iter().map(|head| head.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(overview.traffic.total, 121);
}

#[tokio::test]
async fn the_stored_report_is_the_librarys_on_the_same_rows() {
    let instance = Instance::new();
    instance.predict_rows(2000..2500).await;
    let head = instance.service.check_now(None).unwrap();
    assert_eq!(head.window.rows(), WINDOW);
    let stored = instance.service.snapshot(&head.id).unwrap().report;

    let mut schema = instance.version().model.schema.clone();
    schema.columns.retain(|column| column.role == ColumnRole::Feature);
    let rows = current().slice(2100..2500);
    let direct = compare(
        Reference(Source { label: "reference", data: &instance.version().model.reference, sha256: None }),
        Current(Source { label: "rows", data: &rows, sha256: None }),
        &schema,
        &Settings::default(),
    );
    for column in &direct.columns {
        let stored = stored.column(&column.name).expect("every feature is compared");
        assert_eq!(stored.evidently, column.evidently, "{}", column.name);
        assert_eq!((&stored.reference, &stored.current), (&column.reference, &column.current), "{}", column.name);
        assert_eq!(stored.distribution, column.distribution, "{}", column.name);
        // The adjusted p-value depends on how many columns there are, the p-value does not.
        let p = |tested: &Tested<tidemark::judge::EffectTest>| tested.outcome().map(|test| test.p_value);
        assert_eq!(p(&stored.calibrated.values), p(&column.calibrated.values), "{}", column.name);
    }
}

#[tokio::test]
async fn predictions_are_judged_apart_and_the_unknown_label_is_said_to_be_absent() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    let head = instance.service.check_now(None).unwrap();
    let report = instance.service.snapshot(&head.id).unwrap().report;
    let predictions: Vec<&str> = report.group(true).map(|column| column.name.as_str()).collect();
    assert_eq!(predictions, ["prediction", "probability"]);
    assert!(report.predictions.is_some());
    let label = report.column("Class").expect("the target is in the schema");
    assert_eq!(label.evidently, Tested::NotTested(NotTested::AbsentInCurrent));
    assert_eq!(label.calibrated.verdict, Verdict::NotTested);
}

#[tokio::test]
async fn the_drifting_end_of_the_example_is_found() {
    let instance = Instance::new();
    instance.predict_rows(2500..2950).await;
    let head = instance.service.check_now(None).unwrap();
    assert!(head.data_drifted, "{}", head.sentence);
    let report = instance.service.snapshot(&head.id).unwrap().report;
    assert_eq!(report.column("Amount").unwrap().calibrated.verdict, Verdict::Drifted);
}

#[test]
fn a_report_that_does_not_exist_is_not_found() {
    let instance = Instance::new();
    for id in ["1", "0", "-1", "x", "99999999999999999999", "1 or 1=1"] {
        let expected = AppError::NotFound { what: "report".to_owned(), id: id.to_owned() };
        assert_eq!(instance.service.snapshot(id), Err(expected));
    }
}
