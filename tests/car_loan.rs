//! NannyML's car-loan data, whose labels come later in another table: the same chunks alert as in NannyML, and how often the estimates'
//! bands held is stated.

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use tidemark::data::{Dataset, csv};
use tidemark::performance::estimated::Metric;
use tidemark::performance::labels::join;
use tidemark::performance::windows::{Columns, Found, performance};
use tidemark::render::performance::text_of;
use tidemark::stattest::{Current, Reference};

/// The directory of golden files, with the data beside it; `None` where it is not there.
fn golden() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/golden");
    let directory = std::env::var_os("TIDEMARK_GOLDEN").map_or(beside, PathBuf::from);
    let is_there = directory.join("nannyml.json").is_file()
        && directory.join("../data/nannyml/synthetic_car_loan_reference.csv.gz").is_file();
    is_there.then_some(directory)
}

#[test]
fn the_chunks_of_the_car_loan_data_alert_as_in_nannyml_and_the_coverage_is_stated() {
    let Some(golden) = golden() else {
        writeln!(std::io::stderr(), "skipped: the car-loan data and NannyML's golden file are not there")
            .expect("standard error can be written");
        return;
    };
    let read = |name: &str| -> Dataset {
        let path = golden.join(format!("../data/nannyml/synthetic_car_loan_{name}.csv.gz"));
        csv::read(&std::fs::read(path).expect("the file is there")).expect("the file reads")
    };
    let (analysis, joined) =
        join(read("analysis"), "id", &read("analysis_target"), "repaid").expect("ids are unique and the columns there");
    assert_eq!((joined.n_labelled, joined.n_unknown, joined.n_corrected), (50_000, 0, 0));
    let columns = Columns {
        target: "repaid".to_owned(),
        prediction: Some("y_pred".to_owned()),
        score: Some("y_pred_proba".to_owned()),
        positive: Some("1".to_owned()),
        threshold: 0.5,
    };
    let report = performance(Reference(&read("reference")), Current(&analysis), &columns, Some(5000)).unwrap();
    println!("{}", text_of(&report, &["roc_auc", "f1", "accuracy"]));
    let Found::Binary(found) = report.found else { panic!("two classes") };

    let file = std::fs::read(golden.join("nannyml.json")).expect("the file is there");
    let file: Value = serde_json::from_slice(&file).expect("the file is JSON");
    let case =
        |id: &str| file["cases"].as_array().expect("cases").iter().find(|case| case["id"] == id).expect("the case");
    let mut n_alerts = 0;
    for (place, metric) in Metric::ALL.into_iter().enumerate().take(7) {
        let name = metric.name();
        let told =
            |kind: &str| case(&format!("synthetic_car_loan.{kind}.{name}"))["result"][format!("{name}.alert")].clone();
        let estimated: Vec<bool> = found.windows.iter().map(|window| window.estimated[place].alert).collect();
        let realised: Vec<bool> =
            found.windows.iter().map(|window| window.realised.as_ref().expect("labels")[place].alert).collect();
        assert_eq!(told("cbpe"), serde_json::json!(estimated), "estimated {name}");
        assert_eq!(told("realized"), serde_json::json!(realised), "realised {name}");
        n_alerts += estimated.iter().filter(|alert| **alert).count();
    }
    assert!(n_alerts > 0, "the later chunks are worse");

    // All labels came: every metric's band has a record of ten windows.
    for bands in &found.bands {
        let life = bands.lifetime;
        println!("{}: the band held in {} of {} chunks", bands.metric.name(), life.n_held, life.n_windows);
        assert_eq!(life.n_windows, 10);
    }
    let roc_auc = found.bands.iter().find(|bands| bands.metric == Metric::RocAuc).expect("all metrics");
    assert_eq!((roc_auc.lifetime.n_held, roc_auc.lifetime.widening.factor), (10, 1.0));
}
