//! `performance` and `detectors`, run as a person would.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use crate::command_line::{stdout, tidemark};
use crate::support::Folder;

/// A deterministic sequence that looks drawn: the fractions of multiples of an irrational number.
fn fraction(i: u32, step: f64) -> f64 {
    (f64::from(i) * step).fract()
}

/// Two classes whose labels follow the score; `turned` of ten labels say the opposite, and those of the last rows have not come.
fn classes(n: u32, turned: u32, unlabelled: u32) -> String {
    let mut text = "id,when,region,score,y\n".to_owned();
    for i in 0..n {
        let score = fraction(i + 1, 0.618_033_988_749_894_9);
        let is_true = (fraction(i + 1, 0.754_877_666_246_692_8) < score) != (i % 10 < turned);
        let label = if i >= n - unlabelled { String::new() } else { u8::from(is_true).to_string() };
        let region = if i % 3 == 0 { "north" } else { "south" };
        writeln!(text, "r{i},2024-01-{:02}T{:02}:00:00,{region},{score:.6},{label}", 1 + i % 28, i % 24).unwrap();
    }
    text
}

/// A number whose errors grow with x, which reaches up to `most`.
fn numbers(n: u32, most: f64) -> String {
    let mut text = "id,x,kind,said,y\n".to_owned();
    for i in 0..n {
        let x = fraction(i + 1, 0.618_033_988_749_894_9) * most;
        let error = (fraction(i + 1, 0.754_877_666_246_692_8) - 0.5) * 8.0 * x;
        writeln!(text, "{i},{x:.6},{},{:.6},{:.6}", ["a", "b"][(i % 2) as usize], 20.0 + x, 20.0 + x + error).unwrap();
    }
    text
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&tidemark(folder, args))).expect("JSON")
}

#[test]
fn a_model_of_two_classes_is_estimated_realised_and_its_loss_split() {
    let folder = Folder::new();
    std::fs::write(folder.path("reference.csv"), classes(8000, 0, 0)).unwrap();
    std::fs::write(folder.path("current.csv"), classes(4000, 3, 0)).unwrap();
    let common = ["performance", "reference.csv", "current.csv", "--target", "y", "--score", "score"];
    let text = stdout(&tidemark(&folder, &[&common[..], &["--chunk-size", "1000"]].concat()));
    for said in [
        "Positive class \"1\"",
        "Where the change comes from",
        "roc_auc: thresholds",
        "The band held in 0 of 4 windows whose labels came",
        "times as wide, for now",
        "reference 7001 to 8000",
        "current 3001 to 4000",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    // The labels were turned, and the scores were not: the estimate is blind to it, what came is not, and the split says so.
    let found =
        json(&folder, &[&common[..], &["--chunk-number", "4", "--format", "json", "--slices"]].concat())["found"]
            .clone();
    let windows = found["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 8);
    let alerts = |window: &Value, kind: &str| {
        window[kind].as_array().unwrap().iter().filter(|metric| metric["alert"] == true).count()
    };
    assert!(windows[4..].iter().all(|window| alerts(window, "estimated") == 0 && alerts(window, "realised") > 0));
    let split = found["splits"].as_array().unwrap().iter().find(|split| split["metric"] == "accuracy").unwrap();
    assert!(split["relation"].as_f64().unwrap() < -split["chance"].as_f64().unwrap(), "{split}");
    assert!(split["inputs"].as_f64().unwrap().abs() < split["chance"].as_f64().unwrap(), "{split}");
    // And a job may be told to fail on it.
    let failed = tidemark(&folder, &[&common[..], &["--fail-on-alert"]].concat());
    assert_eq!(failed.status.code(), Some(3));
    assert_eq!(tidemark(&folder, &common).status.code(), Some(0));
}

#[test]
fn labels_come_late_from_another_file_and_rows_are_put_in_order() {
    let folder = Folder::new();
    std::fs::write(folder.path("reference.csv"), classes(3000, 0, 0)).unwrap();
    std::fs::write(folder.path("current.csv"), classes(1000, 0, 1000)).unwrap();
    std::fs::write(folder.path("labels.csv"), "id,y\nr5,1\nr7,0\nr5,0\nr9999,1\n").unwrap();
    let common = ["performance", "reference.csv", "current.csv", "--target", "y", "--score", "score", "--id", "id"];
    let none = stdout(&tidemark(&folder, &common));
    assert!(none.contains("none in the current table") && none.contains("no labels yet"), "{none}");
    let output = tidemark(&folder, &[&common[..], &["--labels", "labels.csv", "--timestamp", "when"]].concat());
    let text = stdout(&output);
    assert!(text.contains("Labelled rows: 3,000 in the reference, 2 in the current table"), "{text}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("Labels found for 2 rows; 1 belong to no row, 1 came again."), "{told}");
    // What cannot be read is named.
    let wrong = tidemark(&folder, &[&common[..], &["--timestamp", "region"]].concat());
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("column \"region\" has no moment in row 1"));
}

#[test]
fn a_loss_is_estimated_from_the_features_before_the_truth_comes() {
    let folder = Folder::new();
    std::fs::write(folder.path("reference.csv"), numbers(6000, 1.0)).unwrap();
    std::fs::write(folder.path("current.csv"), numbers(3000, 0.5)).unwrap();
    let common = ["performance", "reference.csv", "current.csv", "--target", "y", "--prediction", "said", "--id", "id"];
    let found = json(&folder, &[&common[..], &["--format", "json", "--chunk-size", "1000"]].concat())["found"].clone();
    assert_eq!(found["features"], serde_json::json!(["x", "kind"]));
    let windows = found["windows"].as_array().unwrap();
    // Errors half as large, said before and after the truth came.
    for (window, is_current) in windows.iter().zip((0..9).map(|window| window >= 6)) {
        assert_eq!(
            (&window["estimated"][0]["alert"], &window["losses"][0]["alert"]),
            (&Value::from(is_current), &Value::from(is_current))
        );
    }
    let text = stdout(&tidemark(&folder, &[&common[..], &["--slices", "--metrics", "mae,rmse"]].concat()));
    for said in
        ["mae: thresholds", "rmse: thresholds", "Loss by slices", "x: ", "kind: \"a\"", "predicted most too low"]
    {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains("mape: thresholds"));
}

#[test]
fn several_classes_are_named_with_their_scores() {
    let folder = Folder::new();
    let mut text = "p_a,p_b,p_c,said,y\n".to_owned();
    for i in 1..4000 {
        let weights = [0.618_033_988_7, 0.754_877_666_2, 0.569_840_290_9].map(|step| fraction(i, step) + 0.05);
        let sum: f64 = weights.iter().sum();
        let draw = fraction(i * 7 % 4001, 0.324_717_957_2) * sum;
        let truth = if draw < weights[0] {
            "a"
        } else if draw < weights[0] + weights[1] {
            "b"
        } else {
            "c"
        };
        let most = (0..3).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap();
        let [a, b, c] = weights.map(|weight| weight / sum);
        writeln!(text, "{a:.6},{b:.6},{c:.6},{},{truth}", ["a", "b", "c"][most]).unwrap();
    }
    std::fs::write(folder.path("rows.csv"), text).unwrap();
    let args = [
        "performance",
        "rows.csv",
        "rows.csv",
        "--target",
        "y",
        "--prediction",
        "said",
        "--class-score",
        "a=p_a",
        "--class-score",
        "b=p_b",
        "--class-score",
        "c=p_c",
    ];
    let text = stdout(&tidemark(&folder, &args));
    assert!(text.contains("Classes \"a\", \"b\", \"c\"") && text.contains("roc_auc: thresholds"), "{text}");
    let refused = tidemark(&folder, &args[..11]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("\"c\", of which no column of scores is named"), "{told}");
}

#[test]
fn alarms_are_named_by_row_and_a_change_put_in_is_found() {
    let folder = Folder::new();
    let mut text = "x,wrong,name\n".to_owned();
    for i in 0..4000 {
        let is_wrong = fraction(i + 1, 0.618_033_988_7) < if i < 2000 { 0.1 } else { 0.5 };
        let x = fraction(i + 1, 0.754_877_666_2) + if i < 2000 { 0.0 } else { 1.0 };
        writeln!(text, "{x:.6},{},n{i}", u8::from(is_wrong)).unwrap();
    }
    std::fs::write(folder.path("rows.csv"), text).unwrap();
    let found = json(&folder, &["detectors", "rows.csv", "--column", "wrong", "--format", "json"]);
    let alarms = found["alarms"].as_array().unwrap();
    assert_eq!((alarms.len(), &found["n_rows"]), (9, &Value::from(4000)));
    for alarms in alarms.iter().filter(|alarms| alarms["detector"] != "KSWIN") {
        let at = alarms["drift_at"].as_array().unwrap();
        // EDDM, the slowest, waits for thirty errors.
        let is_near = |at: &Value| (2000..2600).contains(&at.as_u64().unwrap());
        assert!(at.iter().any(is_near), "{alarms}");
    }
    // Numbers leave the detectors of errors out; the rest is held against the first rows.
    let args =
        ["detectors", "rows.csv", "--column", "x", "--detector", "adwin,Page-Hinkley,ddm", "--reference-rows", "1500"];
    let text = stdout(&tidemark(&folder, &args));
    for said in
        ["ADWIN", "PageHinkley", "DDM", "takes errors (0 and 1)", "sliding KS, 1000 values", "anytime distribution"]
    {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(!text.contains("KSWIN"));
    let args =
        ["detectors", "rows.csv", "--column", "wrong", "--inject", "errors=0.4", "--runs", "10", "--before", "500"];
    let text = stdout(&tidemark(&folder, &args));
    assert!(text.contains("40 of 100 zeros become one") || text.contains("40.00 of 100 zeros become one"), "{text}");
    assert!(text.contains("anytime rate") && text.contains("delay"), "{text}");
    for (args, code) in [
        (vec!["detectors", "rows.csv", "--column", "name"], 1),
        (vec!["detectors", "rows.csv", "--column", "other"], 1),
        (vec!["detectors", "rows.csv", "--column", "x", "--detector", "adwim"], 2),
        (vec!["detectors", "rows.csv"], 2),
        (vec!["detectors", "rows.csv", "--column", "x", "--reference-rows", "4000"], 1),
    ] {
        assert_eq!(tidemark(&folder, &args).status.code(), Some(code), "{args:?}");
    }
}

/// Elec2, whose prices rise or fall: a forest of the first 10,000 half-hours, held against the next 5,000 and then played on.
#[test]
fn a_forest_of_the_first_half_hours_of_elec2_gets_worse_by_its_inputs_and_by_their_relation() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/elec2.csv.gz");
    let Ok(bytes) = std::fs::read(path) else {
        writeln!(std::io::stderr(), "skipped: ../shared/data/elec2.csv.gz is not there")
            .expect("standard error can be written");
        return;
    };
    let folder = Folder::new();
    let data = tidemark::data::csv::read(&bytes).expect("the file reads");
    let n = data.n_rows();
    for (name, rows) in [("first.csv", 0..10_000), ("reference.csv", 10_000..15_000), ("current.csv", 15_000..n)] {
        let mut text = Vec::new();
        tidemark::data::csv::write(&data.slice(rows), &mut text).unwrap();
        std::fs::write(folder.path(name), text).unwrap();
    }
    stdout(&tidemark(
        &folder,
        &["train", "first.csv", "--target", "class", "--out", "elec2.tidemark", "--trees", "50"],
    ));
    for side in ["reference", "current"] {
        let (rows, scored) = (format!("{side}.csv"), format!("{side}-scored.csv"));
        stdout(&tidemark(&folder, &["predict", "elec2.tidemark", &rows, "--out", &scored]));
    }
    let args = [
        "performance",
        "reference-scored.csv",
        "current-scored.csv",
        "--target",
        "class",
        "--prediction",
        "prediction",
        "--score",
        "probability",
        "--chunk-size",
        "1000",
        "--format",
        "json",
    ];
    let found = json(&folder, &args)["found"].clone();
    let windows = found["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 5 + 31);
    let accuracy = |window: &Value| {
        let of = window["realised"].as_array().unwrap().iter().find(|found| found["metric"] == "accuracy").unwrap();
        (of["value"].as_f64().unwrap(), of["alert"] == true)
    };
    let (values, alerts): (Vec<f64>, Vec<bool>) = windows.iter().map(accuracy).unzip();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    println!("realised accuracy by 1,000 rows: {values:.3?}");
    println!("outside its thresholds: {} of 31 windows", alerts[5..].iter().filter(|alert| **alert).count());
    assert!(mean(&values[5..]) < mean(&values[..5]), "{values:?}");
    let splits = found["splits"].as_array().unwrap();
    let split = splits.iter().find(|split| split["metric"] == "accuracy").unwrap();
    let part = |name: &str| split[name].as_f64().unwrap();
    println!("accuracy: {split}");
    assert!((part("total") - part("inputs") - part("relation")).abs() < 1e-12);
    assert!(part("total") < 0.0 && part("relation") < -part("chance"), "{split}");
    let bands = found["bands"].as_array().unwrap().iter().find(|bands| bands["metric"] == "accuracy").unwrap();
    println!("bands: {}", bands["lifetime"]);
    assert_eq!(bands["lifetime"]["n_windows"], 31);
    // The relation changed, so that bands did not hold as they should, and are widened by what they missed.
    assert!(bands["lifetime"]["widening"]["factor"].as_f64().unwrap() > 1.0);

    let args =
        ["detectors", "current-scored.csv", "--target", "class", "--prediction", "prediction", "--format", "json"];
    for alarms in json(&folder, &args)["alarms"].as_array().unwrap() {
        let at = alarms["drift_at"].as_array().unwrap();
        println!("{}: {} alarms, the first at {:?}", alarms["detector"], at.len(), at.first());
        assert!(alarms["not_run"].is_null());
        if ["ADWIN", "DDM", "HDDM_A"].iter().any(|name| alarms["detector"] == *name) {
            assert!(!at.is_empty(), "{alarms}");
        }
    }
}
